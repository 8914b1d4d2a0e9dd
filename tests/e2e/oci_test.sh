#!/usr/bin/env bash
# `oci patch`: the config.json of a bundle leads its process into a container, as an OCI runtime reads it.
source "$(dirname "$0")/lib.sh"
start_daemon
nsr network create --subnet 10.77.0.0/24 net1 >/dev/null
nsr attach --name web --network net1 --hostname www -e COLOR=red >/dev/null
mkdir web other
cat >web/config.json <<'JSON'
{"ociVersion": "1.0.2", "process": {"args": ["sh"], "env": ["PATH=/bin", "COLOR=blue"], "cwd": "/"}, "root": {"path": "rootfs"},
 "linux": {"namespaces": [{"type": "network"}, {"type": "mount"}, {"type": "uts"}]}}
JSON
chmod 600 web/config.json
chown 1234:4321 web/config.json
cp web/config.json other/

nsr oci patch web
network=$(field '[each["path"] for each in it["linux"]["namespaces"] if each["type"] == "network"][0]' <web/config.json)
assert_match "$(nsenter --net="$network" ip -brief -4 address)" '10.77.0.2'
hosts=$(field '[each["source"] for each in it["mounts"] if each["destination"] == "/etc/hosts"][0]' <web/config.json)
assert_match "$(cat "$hosts")" '10.77.0.2	www'
assert_eq "$(field 'it["process"]["env"], it["hostname"]' <web/config.json)" \
    "(['PATH=/bin', 'COLOR=red', 'HOSTNAME=www'], 'www')"
assert_eq "$(stat -c '%a %u:%g' web/config.json)" '600 1234:4321' 'mode and owner of the file'

before=$(cat web/config.json)
nsr oci patch web/
assert_eq "$(cat web/config.json)" "$before" 'a bundle that is patched twice'
nsr oci patch --container web other
assert_eq "$(cat other/config.json)" "$before" 'a bundle of another name'

assert_fails 'No such container: nosuch' nsr oci patch --container nosuch other
assert_fails "'/run/tmp/none/config.json' does not exist" nsr oci patch none
echo '{}' >other/config.json
assert_fails "'/run/tmp/other/config.json': not the configuration of an OCI bundle: it has no ociVersion" \
    nsr oci patch --container web other
nsr stop web >/dev/null
assert_fails 'container web is not running' nsr oci patch web
