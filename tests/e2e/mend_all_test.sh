#!/usr/bin/env bash
# What `network repair` and a start mend beside something that cannot be mended, and losses inside a container's namespace.
source "$(dirname "$0")/lib.sh"

default_routes() { ip netns exec "$1" ip -json route show default | field 'sorted((r.get("gateway"), r["dev"]) for r in it)'; }
has_eth0() { ip netns exec "$1" ip -json link show | field "'eth0' in [link['ifname'] for link in it]"; }
break_all() {
    nsr exec j1 -- ip link delete eth0
    nsr exec mm -- ip route delete default
}
is_mended() { # is_mended WHEN
    assert_eq "$(default_routes mm)" "[('10.71.0.1', 'eth1')]" "default route $1"
    assert_eq "$(has_eth0 j1)" True "the other container's interface $1"
}

start_daemon
ip link add mvp0 type veth peer name mvp1
nsr network create -d macvlan -o parent=mvp0 --subnet 10.70.0.0/24 amac >/dev/null
nsr network create --subnet 10.71.0.0/24 zz >/dev/null
nsr attach --name mm --network amac >/dev/null
nsr network connect --gw-priority 10 zz mm
nsr attach --name j1 --network zz >/dev/null
is_mended "at first"

# the parent link of one network is gone for good: the other network and the firewall are mended all the same
ip link delete mvp0
break_all
nft delete element inet ns-register networks '{ "nsr0" }' 2>/dev/null || true
assert_match "$(nsr network repair 2>&1 || true)" "^Error: network 'amac': .*mvp0"
is_mended "after repair"
assert_eq "$(nsr network verify zz)" ""
break_all
nsr network repair zz >/dev/null
is_mended "after repair of one network"
break_all
stop_daemon
start_daemon
is_mended "after a restart"
nsr rm -f mm j1 >/dev/null
nsr network rm amac zz >/dev/null
stop_daemon
