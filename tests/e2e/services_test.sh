#!/usr/bin/env bash
# SRV records from the ports of containers, and networks whose names are not answered.
source "$(dirname "$0")/lib.sh"
start_daemon

nsr network create --subnet 10.77.0.0/24 net1 >/dev/null
nsr attach --name web --network net1 --network-alias www --expose 80 --expose 53/udp -p 18443:443 >/dev/null
nsr attach --name web2 --network net1 --network-alias www --expose 80 >/dev/null
nsr attach --name client --network net1 >/dev/null

# exposed and published ports, by number and by the name in /etc/services; all containers of a shared name
assert_eq "$(short client _80._tcp.web SRV)" "0 0 80 web.net1."
assert_eq "$(short client _http._tcp.web.net1 SRV)" "0 0 80 web.net1."
assert_eq "$(short client _domain._udp.web SRV)" "0 0 53 web.net1."
assert_eq "$(short client _https._tcp.web SRV)" "0 0 443 web.net1."
assert_eq "$(short client _http._tcp.www SRV)" "$(printf '0 0 80 web.net1.\n0 0 80 web2.net1.')"
assert_match "$(dig_in client +noall +additional _http._tcp.web SRV)" "^web\.net1\.\s+5\s+IN\s+A\s+$(address_of web)"
before=$(asked_outside)
assert_eq "$(rcode client _smtp._tcp.web SRV)" NXDOMAIN
assert_eq "$(rcode client _http._udp.web SRV)" NXDOMAIN
assert_eq "$(asked_outside)" "$before" "nothing below our names is asked outside"
assert_unknown client _http._tcp.nosuch

# a record of a user's own goes first
nsr record add net1 _http._tcp.web SRV 1 2 8080 web2
assert_eq "$(short client _http._tcp.web SRV)" "1 2 8080 web2."

# forward-only: a server that forwards, and no names
nsr network create --subnet 10.78.0.0/24 -o ns-register.dns=forward-only out >/dev/null
nsr attach --name o1 --network out >/dev/null
assert_resolves o1 www.example.test 203.0.113.80
assert_unknown o1 o1
assert_match "$(nsr exec o1 cat /etc/resolv.conf)" 'nameserver 127\.0\.0\.11'

# off: no server; the servers outside stand in resolv.conf. Another network brings one
nsr network create --subnet 10.79.0.0/24 -o ns-register.dns=off none1 >/dev/null
nsr attach --name p1 --network none1 >/dev/null
assert_match "$(nsr exec p1 cat /etc/resolv.conf)" "nameserver $SCRATCH_UPSTREAM"
assert_eq "$(inside p1 ss -Hlun | wc -l)" 0 "UDP sockets that listen"
assert_eq "$(inside p1 dig +short +tries=1 +time=2 www.example.test)" 203.0.113.80
nsr network connect net1 p1
assert_resolves p1 web "$(address_of web)"
assert_unknown p1 p1.none1

# a long query is read whole (D-108), a zone transfer is a question like others (D-111)
assert_eq "$(dig_in client +short "+ednsopt=65001:$(printf 'ab%.0s' {1..3000})" web)" "$(address_of web)"
assert_eq "$(rcode client +tcp -t IXFR=1 web)" NOERROR
