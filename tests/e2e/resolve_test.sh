#!/usr/bin/env bash
# resolve without --from: what each network says, by the function that answers its containers, and what was looked at.
source "$(dirname "$0")/lib.sh"
start_daemon
before=$(asked_outside)

assert_fails "no A record for 'web' (NXDOMAIN)" nsr resolve web
nsr network create --subnet 10.5.0.0/24 net1 >/dev/null
nsr network create --subnet 10.6.0.0/24 net2 >/dev/null
nsr network create --opt ns-register.dns=off silent >/dev/null
nsr network create --opt ns-register.dns=forward-only outward >/dev/null
nsr attach --name web --network net1 --publish 8080:80 --network-alias '*.app' --network-alias pool >/dev/null
nsr attach --name other --network net2 --network-alias pool >/dev/null
nsr attach --name mute --network silent --network-alias pool >/dev/null
nsr create --name later --network net1 >/dev/null
nsr record add net2 cdn CNAME www.example.test
nsr record add net2 shop CNAME other
nsr record add net2 '*.rec' TXT 'a text' --ttl 77

found() { # found LINES FLAG..: these lines of the table, without its head
    assert_eq "$(nsr resolve "${@:2}" | tail -n +2 | tr -s ' ' | sort)" "$(sort <<<"$1")" "${*:2}"
}
found 'net1 web 5 A 10.5.0.2' web
found 'net1 WEB.net1. 5 A 10.5.0.2' WEB.net1.
found $'net1 pool 5 A 10.5.0.2\nnet2 pool 5 A 10.6.0.2' pool
found 'net1 x.y.app 5 A 10.5.0.2' x.y.app
found $'net2 shop 5 CNAME other.\nnet2 other. 5 A 10.6.0.2' shop
found 'net2 cdn 5 CNAME www.example.test.' cdn
found 'net2 a.rec.net2 77 TXT "a text"' a.rec.net2 --type TXT
found 'net1 _80._tcp.web 5 SRV 0 0 80 web.net1.' _80._tcp.web --type SRV
found 'net2 2.0.6.10.in-addr.arpa 5 PTR other.net2.' 2.0.6.10.in-addr.arpa --type PTR
found 'net1 web 5 A 10.5.0.2' web --type ANY

# what is known, but not so, and what nobody knows; nobody outside is asked
assert_fails "no A record for 'later' (NOERROR)" nsr resolve later
assert_fails "no AAAA record for 'web' (NOERROR)" nsr resolve web --type AAAA
assert_fails "no A record for 'www.example.test' (NXDOMAIN)" nsr resolve www.example.test
assert_fails "no PTR record for '9.0.5.10.in-addr.arpa' (NXDOMAIN)" nsr resolve 9.0.5.10.in-addr.arpa --type PTR
assert_fails "'a..b' is not a domain name" nsr resolve a..b
assert_eq "$(asked_outside)" "$before" "questions outside"

# what was looked at
assert_eq "$(nsr resolve pool --explain | sed '/^NETWORK/,$d' | sort)" \
    "net1: 'pool' is known on net1: alias of 'web.net1', ttl 5 s (the network's)
net2: 'pool' is known on net2: alias of 'other.net2', ttl 5 s (the network's)
outward: outward only forwards: its names are not looked up
silent: its containers have no DNS server of ours (ns-register.dns=off)"
assert_match "$(nsr resolve cdn --explain)" "^net2: 'www.example.test' is asked of servers outside"
assert_eq "$(nsr resolve web --explain --format json | field 'len(it["Trace"]), it["Records"][0]["Network"]')" "(4, 'net1')"
stop_daemon
