#!/usr/bin/env bash
# What goes wrong leaves things as they were, and says one sentence.
source "$(dirname "$0")/lib.sh"
start_daemon
ns-register network create n1 >/dev/null

# A command runs once: its container is neither started again nor restarted.
ns-register run --name once --rm=false -- true
message=$(ns-register start once 2>&1) && fail "a command was started twice"
assert_match "$message" "the command of container 'once' can run only once"
assert_match "$(ns-register ps -a)" 'Exited \(0\).*once|once.*Exited'
ns-register rm once >/dev/null
ns-register run -d --name lives -- sleep 1000 >/dev/null
message=$(ns-register restart lives 2>&1) && fail "a command was restarted"
assert_match "$message" 'can run only once'
ns-register exec lives -- true || fail "the refused restart has touched the container"
ns-register rm -f lives >/dev/null

# What is written into files is one word.
message=$(ns-register attach --dns-option $'x\nnameserver 192.0.2.1' 2>&1) && fail "a DNS option of two lines"
assert_match "$message" 'invalid DNS option'
message=$(ns-register attach -e '=x' 2>&1) && fail "a variable without a name"
assert_match "$message" 'invalid environment variable: =x'

# Networks that do not go together.
for pair in 'container:once n1' 'n1 none' 'host n1'; do
    set -- $pair
    ns-register attach --name mixed --network "$1" --network "$2" >/dev/null 2>&1 && fail "accepted: $pair"
done
message=$(ns-register network create -o com.docker.network.bridge.gateway_mode_ipv4=isolated n2 2>&1) &&
    fail "isolated without --internal"
assert_match "$message" "gateway mode 'isolated' can only be used for an internal network"
ns-register network create --internal -o com.docker.network.bridge.gateway_mode_ipv4=isolated n3 >/dev/null
bridge=br-$(ns-register network ls -f name=n3 -q | cut -c1-12)
assert_eq "$(ip -4 addr show "$bridge" | grep -c inet || true)" 0 "addresses of an isolated bridge"
message=$(ns-register network create --ipv6 -o com.docker.network.driver.mtu=1000 n4 2>&1) && fail "a small MTU for IPv6"
assert_match "$message" 'IPv6 needs at least 1280'
message=$(ns-register attach --mac-address 01:00:5e:00:00:01 2>&1) && fail "a MAC of many"
assert_match "$message" 'invalid MAC address'

# The priority decides the default route.
ns-register network create --subnet 10.91.0.0/24 g1 >/dev/null
ns-register network create --subnet 10.92.0.0/24 g2 >/dev/null
ns-register attach --name two --network g1 >/dev/null
ns-register network connect --gw-priority 5 g2 two
assert_eq "$(ip netns exec two ip -j route show default | field "it[0]['gateway']")" 10.92.0.1 "default route"

# A link of somebody else's stands in the way of one network, not of the daemon.
kill_daemon
ip link del "$bridge"
ip link add "$bridge" type veth peer name foreign0
start_daemon
assert_eq "$(short two two.g1)" 10.91.0.2 "a name after the start"

# A directory that is gone is no reason to abort; a word that is no command is named.
mkdir gone
cd gone
rmdir ../gone
assert_fails "network namespace 'rel' is not an absolute path" ns-register create --netns rel
assert_fails "'bundle' leads nowhere: No such file or directory" ns-register oci patch bundle
cd ..
assert_fails "'bogus' is not a command of ns-register: see 'ns-register --help'" ns-register bogus
