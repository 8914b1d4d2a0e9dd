#!/usr/bin/env bash
# resolve --explain says how a container's answer comes about, in the odd cases, too; and what is wrong with a question.
source "$(dirname "$0")/lib.sh"
start_daemon

nsr network create --subnet 10.5.0.0/24 net1 >/dev/null
nsr network create --internal inner >/dev/null
nsr network create --opt ns-register.dns=off silent >/dev/null
nsr network create --opt ns-register.dns=forward-only outward >/dev/null
nsr attach --name web --network net1 --publish 8080:80 >/dev/null
nsr attach --name client --network net1 >/dev/null
nsr attach --name wild --network net1 --network-alias '*.app' >/dev/null
nsr attach --name sole --network net1 --network-alias-exclusive only >/dev/null
nsr attach --name inside --network inner >/dev/null
nsr attach --name mute --network silent >/dev/null
nsr attach --name plain --network bridge >/dev/null
nsr attach --name out --network outward >/dev/null
nsr record add net1 cdn CNAME www.example.test
nsr record add net1 '*.rec' A 192.0.2.9 --ttl 77
nsr record add net1 mail MX 10 web

explained() { # explained PATTERN NAME [FLAG..]: as client is answered
    assert_match "$(nsr resolve "$2" --from client --explain "${@:3}" 2>&1 || true)" "$1"
}

explained "^'web' is known on net1: name of 'web.net1', ttl 5 s \(the network's\)" web
explained "^'x.y.app' is one of '\*\.app'" x.y.app
explained "read as 'q.rec' there: A record of '\*\.rec', ttl 77 s \(the record's\)" q.rec.net1
explained "^CNAME record: 'cdn' leads to 'www.example.test'" cdn
explained "^'www.example.test' is not ours: to be asked of $SCRATCH_UPSTREAM#53" cdn
explained "^answered (by $SCRATCH_UPSTREAM#53 in [0-9]+ ms|from the cache, [0-9]+ s old)" cdn
explained "^'only' is known on net1: alias of 'sole.net1'" only
explained "^port 80 of 'web.net1', ttl 5 s" _80._tcp.web --type SRV
explained "^'web' has services on net1" _tcp.web
explained "'web' is known on net1, but has no such port" _443._tcp.web --type SRV
explained "^'mail' is known on net1: MX record of 'mail'" mail --type MX
explained "'web' is known on net1 without such records" web --type TYPE65280
explained "^address of 'web.net1'" 2.0.5.10.in-addr.arpa --type PTR
explained "^inside 10.5.0.0/24, which is ours: not forwarded" 250.0.5.10.in-addr.arpa --type PTR
explained "no A record for 'nosuch.example.test' \(NXDOMAIN\)" nosuch.example.test

# what the other networks say
assert_match "$(nsr resolve inside.inner --from inside --explain)" "read as 'inside' there"
assert_match "$(nsr resolve out --from out --explain 2>&1 || true)" '^outward only forwards: its names are not looked up'
nsr network create --internal --opt ns-register.dns.upstream=127.0.0.53 shut >/dev/null # a server of the host itself
nsr attach --name prisoner --network shut >/dev/null
said=$(nsr resolve foo.b --from prisoner --explain 2>&1 || true)
assert_match "$said" "^'foo.b' is not ours: its networks are internal: 127.0.0.53#53 \(from the host\) is not asked$"
[[ $said != *"no upstream"* ]] || fail "of those whom nobody asked it is said: $said"
assert_match "$(nsr doctor 2>&1 || true)" "1 server is named for outside names"
for alone in mute plain; do
    assert_fails "container $alone is on no network with a DNS server: it asks the servers of its resolv.conf" \
        nsr resolve web --from $alone
done

# one that has joined another's network is answered as the other is
nsr attach --name guest --network container:client >/dev/null
assert_resolves guest web 10.5.0.2
assert_match "$(nsr resolve web --from guest --explain)" "^'web' is known on net1"

# questions that are none
assert_fails "'BOGUS' is not a record type" nsr resolve web --from client --type BOGUS
assert_fails "'' is not a record type" nsr resolve web --from client --type ''
assert_eq "$LAST_STATUS" 2
assert_fails "'' is not a record type" nsr resolve web --type ''
assert_fails "'a..b' is not a domain name" nsr resolve a..b --from client
assert_fails "'' is not a domain name" nsr resolve '' --from client
assert_fails "No such container: nobody" nsr resolve web --from nobody
assert_fails "NAME is required" nsr resolve --from client

# one that does not run asks nothing
nsr stop mute >/dev/null
said=$(nsr resolve web --from mute 2>&1) && fail "a container that does not run asks: $said"
stop_daemon
