#!/usr/bin/env bash
# The main job: what a container on a network can ask for, and what it gets.
source "$(dirname "$0")/lib.sh"
start_daemon

nsr network create --subnet 10.77.0.0/24 net1 >/dev/null
nsr network create --subnet 10.78.0.0/24 net2 >/dev/null
nsr attach --name web --network net1 --hostname frontend >/dev/null
nsr attach --name db1 --network net1 --network-alias database --network-alias sql >/dev/null
nsr attach --name db2 --network net1 --network-alias database >/dev/null
nsr attach --name client --network net1 >/dev/null
nsr attach --name stranger --network net2 >/dev/null

# addresses: lowest first, the same in the kernel and in inspect
assert_eq "$(address_of web)" 10.77.0.2
assert_eq "$(address_of client)" 10.77.0.5
assert_eq "$(nsr inspect web | field 'it[0]["NetworkSettings"]["Networks"]["net1"]["IPAddress"]')" 10.77.0.2

# names, aliases, hostname, short id, with and without the network, in any case
assert_resolves client web 10.77.0.2
assert_resolves client WeB 10.77.0.2
assert_resolves client web.net1 10.77.0.2
assert_resolves client frontend 10.77.0.2
assert_resolves client sql.net1 10.77.0.3
assert_resolves client database 10.77.0.3 10.77.0.4
assert_resolves client "$(nsr inspect web | field 'it[0]["Id"][:12]')" 10.77.0.2
assert_resolves client client 10.77.0.5
assert_eq "$(inside client getent hosts web | awk '{ print $1 }')" 10.77.0.2
assert_eq "$(dig_in client +tcp +short web)" 10.77.0.2

# the question comes back byte for byte
assert_match "$(dig_in client +noall +question WeB.NeT1)" '^;WeB\.NeT1\.'

# back from the address
assert_eq "$(short client -x 10.77.0.2)" web.net1.
assert_eq "$(rcode client -x 10.77.0.99)" NXDOMAIN

# both addresses of a shared alias come first now and then
firsts=$(for _ in {1..40}; do dig_in client +short database | head -n 1; done | sort -u | wc -l)
assert_eq "$firsts" 2 "addresses that came first"

# a known name has no other types, and they are not asked for outside
assert_owned client web AAAA
assert_owned client web MX
assert_owned client web.net1 TXT

# names of other networks are unknown
assert_unknown client stranger
assert_unknown stranger web
assert_unknown client web.net2

# aliases come and go while containers run
nsr alias add net1 web www
assert_resolves client www 10.77.0.2
nsr alias rm net1 web www
assert_unknown client www

# a container may serve DNS itself, on every address of its own, UDP and TCP
inside client python3 -c '
import socket
for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
    socket.socket(socket.AF_INET, kind).bind(("0.0.0.0", 53))'

# the command line resolves, too: with a container as that one would, without from every network
assert_match "$(nsr resolve web --from client)" '10\.77\.0\.2'
assert_match "$(nsr resolve web)" 'net1'
