#!/usr/bin/env bash
# `oci patch` with a real OCI runtime: what runc starts from the bundle lives in the container's network, has its host name,
# files, variables and links, and reaches another container by name.
source "$(dirname "$0")/lib.sh"
command -v runc >/dev/null || { echo "skipped: there is no runc"; exit 77; }
start_daemon
nsr network create --subnet 10.77.0.0/24 net1 >/dev/null
bundle() { # bundle NAME: a root with busybox, and runc's own configuration for it
    mkdir -p "$1"/rootfs/{bin,etc,proc,dev,sys}
    cp "$(command -v busybox)" "$1"/rootfs/bin/
    for applet in sh cat env hostname nslookup wget; do ln -s busybox "$1"/rootfs/bin/$applet; done
    (cd "$1" && runc spec)
    python3 - "$1"/config.json <<'PYTHON'
import json, sys
path = sys.argv[1]
config = json.load(open(path))
config["process"]["terminal"] = False
config["process"]["args"] = ["sh", "-c", "hostname; env; cat /etc/hosts; nslookup server; wget -qO- http://server:8080/word"]
# Not every machine that builds has them.
config["linux"].pop("resources", None)
config["mounts"] = [mount for mount in config["mounts"] if mount["type"] != "cgroup"]
config["linux"]["namespaces"] = [each for each in config["linux"]["namespaces"] if each["type"] != "cgroup"]
json.dump(config, open(path, "w"))
PYTHON
}
start() { # start BUNDLE: what its process says
    runc --root /run/tmp/runc run --bundle "$1" "nsr-$$-$1"
}

# A server that ns-register runs, and a client that runc does.
echo 'hello from outside' >word
nsr run -d --name server --network net1 -- python3 -m http.server 8080 >/dev/null
until inside server curl -sf http://localhost:8080/word >/dev/null; do :; done
nsr attach --name client --network net1 --hostname box -e COLOR='light blue' >/dev/null
bundle client
nsr oci patch client
said=$(start client)
assert_match "$said" '^box$'
assert_match "$said" '^COLOR=light blue$'
assert_match "$said" "^$(address_of client)	box$"
assert_match "$said" "^Address: $(nsr inspect server | field 'it[0]["NetworkSettings"]["Networks"]["net1"]["IPAddress"]')"
assert_match "$said" '^hello from outside$'

# The default network: no names, but a link, with its line and its variables.
nsr run -d --name plain --expose 8080 -e TOKEN=secret -- python3 -m http.server 8080 >/dev/null
until inside plain curl -sf http://localhost:8080/word >/dev/null; do :; done
nsr attach --name linked --link plain:server >/dev/null
bundle linked
nsr oci patch linked
said=$(start linked) || true # nslookup finds no server's name there
plain=$(nsr inspect plain | field 'it[0]["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]')
assert_match "$said" "^$plain	server .*plain$"
assert_match "$said" "^SERVER_PORT_8080_TCP=tcp://$plain:8080$"
assert_match "$said" '^SERVER_ENV_TOKEN=secret$'
assert_match "$said" '^hello from outside$'
assert_eq "$(runc --root /run/tmp/runc list -q)" '' 'containers of runc that are left'
