#!/usr/bin/env bash
# What a container has on each of its networks: `--network name=NET,...`, interfaces of namespaces that are not ours, and
# settings of interfaces.
source "$(dirname "$0")/lib.sh"
start_daemon
nsr network create --subnet 10.70.0.0/24 net1 >/dev/null
nsr network create --subnet 10.71.0.0/24 net2 >/dev/null
IFNAME=com.docker.network.endpoint.ifname
SYSCTLS=com.docker.network.endpoint.sysctls

# each network has its own
nsr attach --name one --network name=net1,ip=10.70.0.9,alias=db \
    --network name=net2,ip=10.71.0.8,gw-priority=5,alias=cache,mac-address=02:42:0a:47:00:77,driver-opt=$IFNAME=up5 >/dev/null
assert_eq "$(address_of one)" 10.70.0.9
assert_eq "$(address_of one up5)" 10.71.0.8
assert_eq "$(ip netns exec one cat /sys/class/net/up5/address)" 02:42:0a:47:00:77
assert_match "$(ip netns exec one ip route show default)" 'via 10.71.0.1 dev up5'
nsr attach --name two --network net1 --network net2 >/dev/null
assert_resolves two db 10.70.0.9
assert_resolves two cache 10.71.0.8
assert_fails 'network "net1" is specified multiple times' nsr create --network net1 --network net1
assert_fails 'invalid argument "name=net1,colour=red" for "--network" flag: invalid field key colour' \
    nsr create --network name=net1,colour=red
assert_fails 'conflicting options: cannot specify both --ip and per-network IPv4 address' \
    nsr create --network name=net1,ip=10.70.0.5 --ip 10.70.0.6

# settings of an interface, whatever its name comes to be
setting() { ip netns exec "$1" cat "/proc/sys/net/ipv4/conf/$2/log_martians"; }
nsr attach --name three --network net1 \
    --network name=net2,driver-opt=$IFNAME=up6,driver-opt=$SYSCTLS=net.ipv4.conf.IFNAME.log_martians=1 >/dev/null
assert_eq "$(setting three up6) $(setting three eth0)" "1 0" "log_martians of up6 and eth0"
nsr network disconnect net1 three
nsr network connect --driver-opt $SYSCTLS=net.ipv4.conf.IFNAME.log_martians=1 net1 three
assert_eq "$(setting three eth0)" 1 "log_martians of eth0"
assert_match "$(nsr create --network "name=net1,driver-opt=$SYSCTLS=net.ipv4.conf.eth0.log_martians=1" 2>&1 || true)" \
    "unrecognised network interface sysctl 'net.ipv4.conf.eth0.log_martians=1'; represent"
nsr create --name four --network "name=net1,driver-opt=$SYSCTLS=net.ipv4.conf.IFNAME.nothing=1" >/dev/null
assert_match "$(nsr start four 2>&1 || true)" '/proc/sys/net/ipv4/conf/eth0/nothing is not a sysctl file'
nsr rm four >/dev/null

# a namespace that has an eth0 already: the next free name, or a refusal that leaves nothing
ip netns add other
ip netns add peer
ip link add eth0 netns other type veth peer name far netns peer
names() { ip -n other -json link show | field '" ".join(sorted(link["ifname"] for link in it if not link["ifname"].startswith("gone")))'; }
nsr attach --name five --netns /run/netns/other --network net1 >/dev/null
assert_eq "$(names)" "eth0 eth1 lo"
nsr detach five >/dev/null
assert_eq "$(names)" "eth0 lo"
nsr create --name six --netns /run/netns/other --network name=net1,driver-opt=$IFNAME=eth0 >/dev/null
assert_fails "interface 'eth0' exists already in the container's namespace" nsr start six
assert_eq "$(names)" "eth0 lo"
assert_eq "$(ip -n other -4 -brief address show eth0)" ""
stop_daemon
