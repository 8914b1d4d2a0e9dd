#!/usr/bin/env bash
# The probes of ISC's EDNS compliance tester (draft-ietf-dnsop-no-response-issue §8), and what cookies do: for a name of ours
# and for one that is forwarded. Asked by dig, so that none of our own code reads the replies.
source "$(dirname "$0")/lib.sh"
start_daemon

nsr network create --subnet 10.77.0.0/24 net1 >/dev/null
nsr attach --name web --network net1 >/dev/null
nsr attach --name client --network net1 >/dev/null

probe() { # probe NAME DIG-ARGUMENTS..: what came back, as dig writes it
    inside client dig +norec +tries=1 +time=3 "@127.0.0.11" "$@" 2>&1
}
expect() { # expect STATUS PATTERNS.. -- DIG-ARGUMENTS..: a pattern that begins with '!' must not match
    local status=$1 said pattern patterns=()
    shift
    while [ "$1" != -- ]; do
        patterns+=("$1")
        shift
    done
    shift
    said=$(probe "$@")
    grep -q "status: $status," <<<"$said" || fail "'dig $*': expected $status, came: $said"
    for pattern in "${patterns[@]}"; do
        if [ "${pattern#!}" != "$pattern" ]; then
            ! grep -Eq -- "${pattern#!}" <<<"$said" || fail "'dig $*' must not match '${pattern#!}': $said"
        else
            grep -Eq -- "$pattern" <<<"$said" || fail "'dig $*' must match '$pattern': $said"
        fi
    done
}
OPT0='EDNS: version: 0, flags:( do)?; udp: 1232'

for name in web www.example.test; do
    # plain DNS; plain EDNS
    expect NOERROR '!OPT PSEUDOSECTION' 'ANSWER: 1' -- +noedns +noad "$name"
    expect NOERROR "$OPT0" 'ANSWER: 1' -- +edns=0 +nocookie +noad "$name"
    # another version: BADVERS, ours in the OPT, nothing answered; with whatever else
    expect BADVERS "$OPT0" 'ANSWER: 0' -- +edns=100 +noednsneg +nocookie +noad "$name"
    expect BADVERS "$OPT0" 'ANSWER: 0' '!OPT=100' -- +edns=100 +noednsneg +ednsopt=100 +nocookie +noad "$name"
    expect BADVERS "$OPT0" 'ANSWER: 0' '!MBZ' -- +edns=100 +noednsneg +ednsflags=0x80 +nocookie +noad "$name"
    # options and flags that nobody knows: ignored, not echoed
    expect NOERROR "$OPT0" 'ANSWER: 1' '!OPT=100' -- +edns=0 +ednsopt=100 +nocookie +noad "$name"
    expect NOERROR "$OPT0" 'ANSWER: 1' '!MBZ' -- +edns=0 +ednsflags=0x80 +nocookie +noad "$name"
    expect NOERROR "$OPT0" '!OPT=100' '!MBZ' -- +edns=0 +ednsopt=100 +ednsflags=0x80 +nocookie +noad "$name"
    # DO is copied; with a small size; over TCP
    expect NOERROR 'flags: do; udp: 1232' -- +edns=0 +dnssec +nocookie +noad "$name"
    expect NOERROR "$OPT0" -- +edns=0 +bufsize=512 +nocookie +noad "$name"
    expect NOERROR "$OPT0" -- +edns=0 +dnssec +bufsize=512 +ignore +nocookie +noad "$name"
    expect NOERROR "$OPT0" 'ANSWER: 1' -- +edns=0 +tcp +nocookie +noad "$name"
    # known options among which some mean nothing to us
    expect NOERROR "$OPT0" '!NSID' '!CLIENT-SUBNET' -- +edns=0 +nsid +subnet=0.0.0.0/0 +expire +padding=64 +nocookie "$name"
    expect NOERROR 'COOKIE: 0102030405060708[0-9a-f]{32}' -- +edns=0 +cookie=0102030405060708 "$name"
    # header bits: Z is not copied, RD and CD are
    expect NOERROR '!MBZ' -- +noedns +zflag "$name"
    expect NOERROR 'flags: qr (aa )?rd ra cd;' -- +rec +cdflag +noad +nocookie "$name"
    # a type that nobody knows is no reason for another rcode
    expect NOERROR 'ANSWER: 0' -- +noedns +noad -t TYPE1000 "$name"
done

# a cookie that came back is known; a forged one is answered all the same, with another
cookie=$(probe +cookie=0102030405060708 web | sed -n 's/.*COOKIE: \([0-9a-f]*\).*/\1/p')
assert_eq "${#cookie}" 48 "digits of the cookie"
assert_match "$(probe "+cookie=$cookie" web)" "COOKIE: $cookie \(good\)"
assert_match "$(probe "+cookie=$cookie" www.example.test)" "COOKIE: $cookie \(good\)"
expect NOERROR 'ANSWER: 1' '!COOKIE: .*00000000000000ff' -- +cookie=0102030405060708010000000000000000000000000000ff web
expect FORMERR -- +ednsopt=10:0102 +nocookie web
expect BADCOOKIE -- +header-only +nobadcookie +cookie=0102030405060708010000000000000000000000000000ff web
expect NOERROR "COOKIE: $cookie \(good\)" -- +header-only "+cookie=$cookie" web

# other opcodes, other classes
for opcode in 1 2 4 5 6 15; do expect NOTIMP '!OPT PSEUDOSECTION' -- +opcode=$opcode +noad web; done
expect REFUSED "$OPT0" -- +nocookie +noad -c CH -t TXT version.bind
expect REFUSED -- +nocookie -c HS web

# why there is no answer
nsr network create --internal --subnet 10.79.0.0/24 inner >/dev/null
nsr attach --name hidden --network inner >/dev/null
said=$(dig_in hidden www.example.test)
assert_match "$said" 'status: SERVFAIL'
assert_match "$said" 'EDE: 22 \(No Reachable Authority\)'
assert_match "$(dig_in hidden www.example.test)" 'EDE: (13 \(Cached Error\)|22 )'
nsr attach --name lost --network net1 --dns 10.77.0.250 >/dev/null
assert_match "$(dig_in lost +time=7 www.example.test)" 'EDE: 22 \(No Reachable Authority\)'
