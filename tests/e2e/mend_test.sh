#!/usr/bin/env bash
# What users and other programs do to our links and tables beside us: nothing of it stands in the way of what comes next.
source "$(dirname "$0")/lib.sh"

default_routes() { ip netns exec "$1" ip -json route show default | field 'sorted((r.get("gateway"), r["dev"]) for r in it)'; }
has_link() { ip -json link show | field "'$1' in [link['ifname'] for link in it]"; }
is_differing() { grep -q event=firewall_differs "$SCRATCH_LOG"; }

start_daemon
nsr attach --name web >/dev/null
cable=$(ip -json link show master nsr0 | field 'it[0]["ifname"]')

# a macvlan network neither stands on a link of another network of ours nor takes it along
for parent in nsr0 "$cable"; do
    assert_fails "link '$parent' belongs to a network of ours and cannot be a parent" \
        nsr network create -d macvlan -o "parent=$parent" m0
    assert_eq "$(has_link "$parent")" True "$parent"
done
inside web ping -c 1 -W 2 172.17.0.1 >/dev/null
nsr rm -f web >/dev/null

# an element that another program deletes right before we do
nsr attach --name web -p 80:80 >/dev/null
nft delete element inet ns-register publish4 '{ tcp . 80 }'
nsr network disconnect bridge web
nsr network create next >/dev/null
nsr network rm next >/dev/null
assert_eq "$(nsr network verify)" ""
nsr rm -f web >/dev/null
stop_daemon

# the same where only a person repairs
mkdir -p /run/tmp/report
printf '[nft]\nrepair = "report"\n' >/run/tmp/report/config.toml
start_daemon --config /run/tmp/report/config.toml
nsr attach --name web -p 80:80 >/dev/null
nft flush map inet ns-register publish4
wait_until "event firewall_differs" is_differing
# what is missing may stand in the way of one change, until it is repaired
nsr rm -f web >/dev/null 2>&1 || true
nsr network repair >/dev/null
nsr ps -a | grep -q web && nsr rm -f web >/dev/null
nsr network create next >/dev/null
nsr network rm next >/dev/null
assert_eq "$(nsr network verify)" ""
stop_daemon

start_daemon

# a connect that fails leaves the container its default route
nsr network create --subnet 10.81.0.0/24 a >/dev/null
nsr network create --subnet 10.82.0.0/24 -o com.docker.network.bridge.host_binding_ipv4=203.0.113.1 b >/dev/null
nsr attach --name web --network a -p 8080:80 >/dev/null
if nsr network connect --gw-priority 100 b web 2>/dev/null; then fail "203.0.113.1 is no address of this host"; fi
assert_eq "$(default_routes web)" "[('10.81.0.1', 'eth0')]" "after a failed connect"

# what a container has of its own outlives a restart of the daemon
inside web sh -c 'ip link add tun9 type bridge && ip link set tun9 up && ip route add default dev tun9 metric 50 &&
    ip addr add 10.99.0.1/24 dev eth0'
before=$(inside web sh -c 'ip route; ip -4 addr show dev eth0')
stop_daemon
start_daemon
assert_eq "$(inside web sh -c 'ip route; ip -4 addr show dev eth0')" "$before" "routes and addresses after a restart"
assert_eq "$(nsr network verify)" ""

# a namespace of somebody else's keeps its own default route, whatever becomes of ours
ip netns add theirs
ip netns exec theirs sh -c 'ip link set lo up && ip link add wan0 type bridge && ip link set wan0 up &&
    ip addr add 192.0.2.2/24 dev wan0 && ip route add default via 192.0.2.1'
theirs=$(ip netns exec theirs sh -c 'ip route; ip -brief link | grep -Ev "^(lo|gone)"')
if nsr attach --name guest --netns /run/netns/theirs --network b -p 8081:80 2>/dev/null; then fail "no such address"; fi
assert_eq "$(ip netns exec theirs sh -c 'ip route; ip -brief link | grep -Ev "^(lo|gone)"')" "$theirs" "after a failed attach"
nsr rm -f guest >/dev/null 2>&1 || true
nsr attach --name guest --netns /run/netns/theirs --network a >/dev/null
assert_eq "$(ip netns exec theirs ip -json route show default | field '[r["gateway"] for r in it]')" "['192.0.2.1']"
nsr rm -f guest >/dev/null
assert_eq "$(ip netns exec theirs sh -c 'ip route; ip -brief link | grep -Ev "^(lo|gone)"')" "$theirs" "after detach"

# a bridge that somebody deletes: the next attach makes it again, with the cables that it had and what the kernel forgot
bridge=$(nsr network inspect a | field '"br-" + it[0]["Id"][:12]')
assert_eq "$(cat "/proc/sys/net/ipv4/conf/$bridge/route_localnet")" 1
ip link delete "$bridge"
nsr attach --name second --network a >/dev/null
inside second ping -c 1 -W 2 "$(address_of web)" >/dev/null
assert_eq "$(cat "/proc/sys/net/ipv4/conf/$bridge/route_localnet")" 1 route_localnet
assert_eq "$(nsr network verify)" ""

# settings of the kernel are part of what verify and repair look at
echo 0 >"/proc/sys/net/ipv4/conf/$bridge/route_localnet"
echo 0 >/proc/sys/net/ipv4/ip_forward
found=$(nsr network verify a 2>/dev/null || true)
assert_match "$found" '^a: the setting net/ipv4/ip_forward is 0'
assert_match "$found" "^a: the setting net/ipv4/conf/$bridge/route_localnet is 0"
nsr network repair a >/dev/null
assert_eq "$(nsr network verify)" ""
assert_eq "$(cat /proc/sys/net/ipv4/ip_forward)" 1

# macvlan: a name that is taken, a subnet of its own gateway, and the MAC of a passthru link
nsr network create -d macvlan -o parent=up0 --subnet 10.91.0.0/24 --gateway 10.91.0.1 \
    --subnet 10.92.0.0/24 --gateway 10.92.0.1 m1 >/dev/null
nsr network create -d macvlan -o parent=up0 --subnet 10.93.0.0/24 m2 >/dev/null
nsr attach --name upper --network m1 --ip 10.92.0.7 >/dev/null
assert_eq "$(default_routes upper)" "[('10.92.0.1', 'eth0')]"
assert_eq "$(nsr inspect upper | field 'it[0]["NetworkSettings"]["Networks"]["m1"]["Gateway"]')" 10.92.0.1
index=$(inside upper cat /sys/class/net/eth0/ifindex 2>/dev/null || inside upper ip -json link show eth0 | field 'it[0]["ifindex"]')
assert_fails "interface 'eth0' exists already in the container's namespace" \
    nsr network connect --driver-opt com.docker.network.endpoint.ifname=eth0 m2 upper
assert_eq "$(inside upper ip -json link show eth0 | field 'it[0]["ifindex"]')" "$index" "eth0 after a refusal"
nsr rm -f upper >/dev/null
nsr network rm m1 m2 >/dev/null
nsr network create -d macvlan -o parent=up0 -o macvlan_mode=passthru --subnet 10.94.0.0/24 m3 >/dev/null
nsr attach --name upper --network m3 >/dev/null
assert_eq "$(nsr network verify)" ""
assert_eq "$(nsr inspect upper | field 'it[0]["NetworkSettings"]["Networks"]["m3"]["MacAddress"]')" \
    "$(inside upper ip -json link show eth0 | field 'it[0]["address"]')" "MAC of a passthru link"
nsr rm -f upper >/dev/null
# a parent that is gone
ip link add gone0 type veth peer name gone1
nsr network create -d macvlan -o parent=gone0 --subnet 10.95.0.0/24 m4 >/dev/null
ip link delete gone0
assert_match "$(nsr network verify 2>&1 || true)" "m4: parent link 'gone0' is missing"
assert_match "$(nsr doctor 2>&1 || true)" '1 difference \('
nsr network rm m4 >/dev/null
assert_eq "$(nsr network verify)" ""
stop_daemon

# a bridge of somebody else's that has the name of ours
ip link delete nsr0
ip link add nsr0 type bridge
start_daemon
assert_fails "attach to network 'bridge': link 'nsr0' exists on this host and is not ours" nsr attach --name bb
assert_eq "$(ip -json link show master nsr0)" "[]" "ports of the foreign bridge"
nft -j list set inet ns-register networks | field "'nsr0' in str(it)" | grep -qx False
# it goes, and ours is back
ip link delete nsr0
nsr network repair >/dev/null
nsr attach --name cc --network bridge >/dev/null
inside cc ping -c 1 -W 2 172.17.0.1 >/dev/null
assert_eq "$(nsr network verify)" ""
stop_daemon
