#!/usr/bin/env bash
# Names that are not ours go to the servers outside, and no failure there leaves a question unanswered.
source "$(dirname "$0")/lib.sh"
start_daemon

nsr network create net1 >/dev/null
nsr attach --name client --network net1 >/dev/null

assert_resolves client www.example.test 203.0.113.80
assert_resolves client alias.example.test 203.0.113.80 www.example.test.
assert_eq "$(short client text.example.test TXT)" '"hello"'
assert_eq "$(rcode client missing.example.test)" NXDOMAIN
assert_eq "$(dig_in client +tcp +short www.example.test)" 203.0.113.80

# it is the container that asks: the server outside sees the host's address, by NAT
assert_match "$(grep 'www.example.test from' /run/dnsmasq.log | tail -n 1)" 'from 198\.51\.100\.1$'

# a container's own server comes before the daemon's
nsr attach --name own --network net1 --dns 198.51.100.77 >/dev/null
ip netns exec outside ip address add 198.51.100.77/24 dev up1
ip netns exec outside dnsmasq --conf-file=/dev/null --pid-file= --user=root --no-resolv --no-hosts --bind-interfaces \
    --listen-address=198.51.100.77 --host-record=only.example.test,203.0.113.77 --keep-in-foreground &
own_dns=$!
wait_until "the second server" dig +tries=1 +time=1 @198.51.100.77 only.example.test
assert_resolves own only.example.test 203.0.113.77
kill $own_dns

# nobody answers: SERVFAIL, soon, while local names go on at once
kill $SCRATCH_DNS_PID
wait $SCRATCH_DNS_PID 2>/dev/null || true
assert_eq "$(inside client dig +tries=1 +time=15 +noall +comments gone.example.test | sed -n 's/.*status: \([A-Z]*\),.*/\1/p')" SERVFAIL
inside client dig +tries=1 +time=15 slow.example.test >/dev/null &
assert_resolves client client "$(address_of client)"
wait $!
