#!/usr/bin/env bash
# Servers and cache of a network, by its options: who is asked, what is kept, and what resolve says of it.
source "$(dirname "$0")/lib.sh"

server_outside() { # server_outside ADDRESS NAME ANSWER: another DNS server outside, which logs what it is asked
    ip netns exec outside ip address add "$1/24" dev up1
    ip netns exec outside dnsmasq --conf-file=/dev/null --pid-file= --user=root --no-resolv --no-hosts --bind-interfaces \
        --listen-address="$1" --host-record="$2,$3,600" --local-ttl=600 --keep-in-foreground --log-queries \
        --log-facility="/run/dnsmasq-$1.log" &
    wait_until "the server $1" dig +tries=1 +time=1 "@$1" "$2"
}
asked_of() { grep -c " query\[A\] $2 " "/run/dnsmasq-$1.log" || true; }

server_outside 198.51.100.77 only.example.test 203.0.113.77
server_outside 198.51.100.78 git.corp.example 203.0.113.78
start_daemon

# a network's own servers, and a domain's; our own address is left out and said
nsr network create --opt ns-register.dns.upstream=127.0.0.11,198.51.100.77 \
    --opt ns-register.dns.forward.corp.example=198.51.100.78 net1 >/dev/null
nsr attach --name app --network net1 >/dev/null
assert_resolves app only.example.test 203.0.113.77
assert_resolves app git.corp.example 203.0.113.78
assert_eq "$(rcode app www.example.test)" SERVFAIL "a name that the network's server does not know"
assert_match "$(cat $SCRATCH_LOG)" 'event=own_address_left_out .*server=127.0.0.11'

# a container's own comes first
nsr attach --name own --network net1 --dns 198.51.100.53 >/dev/null
assert_resolves own www.example.test 203.0.113.80

# an answer is kept: each worker asks once at most, however often it is asked
before=$(asked_of 198.51.100.77 only.example.test)
for _ in 1 2 3 4 5 6 7 8 9 10; do assert_resolves app only.example.test 203.0.113.77; done
after=$(asked_of 198.51.100.77 only.example.test)
[ $((after - before)) -le 2 ] || fail "asked $((after - before)) times for what was kept"
nsr resolve only.example.test --from app >/dev/null
assert_match "$(nsr resolve only.example.test --from app --explain)" 'from the cache, [0-9]+ s old'
assert_match "$(nsr resolve git.corp.example --from app --explain)" "to be asked for 'corp.example' of 198.51.100.78#53"

# without a cache everything is asked
nsr network create --opt ns-register.dns.cache=off --opt ns-register.dns.upstream=198.51.100.77 net2 >/dev/null
nsr attach --name bare --network net2 >/dev/null
before=$(asked_of 198.51.100.77 only.example.test)
for _ in 1 2 3; do assert_resolves bare only.example.test 203.0.113.77; done
assert_eq $(($(asked_of 198.51.100.77 only.example.test) - before)) 3 "queries without a cache"
assert_match "$(nsr resolve only.example.test --from bare --explain)" 'answered by 198.51.100.77#53 in [0-9]+ ms'

# wrong values are refused with one sentence
for option in dns.cache=much dns.cache=-1 dns.upstream=nowhere dns.upstream= dns.forward.corp.example=x dns.forward.a..b=192.0.2.1 \
    dns.forward.=192.0.2.1 dns=sometimes; do
    said=$(nsr network create --opt "ns-register.$option" wrong 2>&1) && fail "taken: $option"
    assert_eq "$(wc -l <<<"$said")" 1 "lines about $option: $said"
done
assert_eq "$(nsr network ls --quiet --filter name=wrong)" ""
stop_daemon
