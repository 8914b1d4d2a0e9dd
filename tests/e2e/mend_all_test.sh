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
assert_match "$(nsr network repair 2>&1 || true)" "^Error: network 'amac': -o parent interface was not found on the host: mvp0$"
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

# what a container or somebody else takes away: said by verify, mended by repair
start_daemon
nsr network create --subnet 10.72.0.0/24 --ipv6 --subnet fd72::/64 -o com.docker.network.bridge.name=brl lost >/dev/null
nsr attach --name e1 --network lost >/dev/null
nsr attach --name e2 --network lost >/dev/null
assert_eq "$(nsr network verify)" ""
loses() { # loses PATTERN COMMAND..
    local pattern=$1
    shift
    "$@"
    assert_match "$(nsr network verify lost 2>/dev/null || true)" "$pattern"
    nsr network repair >/dev/null
    assert_eq "$(nsr network verify)" "" "after repair of: $*"
    inside e1 ping -c 1 -W 2 10.72.0.1 >/dev/null
    inside e1 ping -c 1 -W 2 fd72::1 >/dev/null
    inside e1 getent hosts e2 >/dev/null
}
loses "container 'e1': the table 'ns-register-dns' is missing" inside e1 nft flush ruleset
loses "container 'e1': link 'lo' is down" inside e1 ip link set lo down
loses "the setting net/ipv6/conf/all/forwarding is 0" sysctl -qw net.ipv6.conf.all.forwarding=0
loses "the route to 10.72.0.0/24 on 'brl' is missing" ip route del 10.72.0.0/24 dev brl
loses "the route to fd72::/64 on 'brl' is missing" ip -6 route del fd72::/64 dev brl
loses "container 'e1': the route to 10.72.0.0/24 on 'eth0' is missing" inside e1 ip route del 10.72.0.0/24 dev eth0
loses "container 'e1': the route to 10.72.0.0/24 on 'eth0' is missing" inside e1 ip route flush table main
loses "container 'e1': the route to fd72::/64 on 'eth0' is missing" inside e1 ip -6 route flush table main
nsr rm -f e1 e2 >/dev/null
stop_daemon
