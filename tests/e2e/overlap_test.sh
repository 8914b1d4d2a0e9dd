#!/usr/bin/env bash
# A subnet that overlaps what the host has or reaches by others is a warning (docker-behaviour N-05).
source "$(dirname "$0")/lib.sh"

warns() { # warns SUBNET PATTERN
    nsr network create --subnet "$1" n >/dev/null 2>/run/tmp/said
    assert_match "$(cat /run/tmp/said)" "subnet $1 overlaps with $2 of the host"
    assert_eq "$(grep -c overlaps /run/tmp/said)" 1 "warnings"
    nsr network rm n >/dev/null
}

start_daemon
ip route add 10.55.0.0/16 via 198.51.100.53
ip addr add 10.66.0.5/32 dev lo
ip link add card0 type veth peer name card1
ip link set card0 up
ip addr add 10.67.0.1/24 dev card0
warns 10.55.1.0/24 10.55.0.0/16
for kind in blackhole unreachable prohibit; do
    ip route add $kind 10.98.0.0/16
    warns 10.98.1.0/24 10.98.0.0/16
    ip route del $kind 10.98.0.0/16
done
warns 10.66.0.0/24 10.66.0.5/32
warns 10.67.0.0/24 10.67.0.0/24
nsr network create --subnet 10.68.0.0/24 n >/dev/null 2>/run/tmp/said
assert_eq "$(cat /run/tmp/said)" "" "warnings about a free subnet"
nsr network rm n >/dev/null
nsr network create --subnet 10.68.0.0/24 n >/dev/null 2>/run/tmp/said
assert_eq "$(cat /run/tmp/said)" "" "warnings about a subnet that was a network's before"

# an automatic subnet stays out of what the host lets nobody reach, unless nothing else is left
subnet_of_new() { # subnet_of_new NETWORK: what is said stands in /run/tmp/said
    nsr network create "$1" >/dev/null 2>/run/tmp/said
    nsr network inspect "$1" | field 'it[0]["IPAM"]["Config"][0]["Subnet"]'
}
nsr network rm n >/dev/null
ip route add unreachable 172.16.0.0/12
assert_match "$(subnet_of_new auto)" '^192\.168\.'
assert_eq "$(cat /run/tmp/said)" "" "warnings about an automatic subnet"
ip route add blackhole 192.168.0.0/16
assert_match "$(subnet_of_new full)" '^172\.'
assert_match "$(cat /run/tmp/said)" "overlaps with 172.16.0.0/12 of the host"
stop_daemon
