#!/usr/bin/env bash
# What containers can ask, row by row of the catalogue of Docker's behaviour (docs/dns-behaviour.md has the numbers), as far as
# the other scripts do not show it.
source "$(dirname "$0")/lib.sh"
start_daemon

nsr network create --subnet 10.77.0.0/24 net1 >/dev/null
nsr network create --subnet 10.78.0.0/24 net2 >/dev/null
nsr attach --name web --network net1 --network-alias www >/dev/null
nsr attach --name client --network net1 >/dev/null
WEB=$(address_of web)

# D-02, D-03: no server on the default network; one as soon as there is a network with names
nsr attach --name bare --network bridge >/dev/null
assert_eq "$(inside bare ss -Hlun | wc -l)" 0 "UDP sockets on the default network"
assert_match "$(inside bare dig +tries=1 +time=1 @127.0.0.11 web || true)" 'connection refused'
nsr network connect net1 bare
assert_resolves bare web "$WEB"
assert_match "$(nsr exec bare cat /etc/resolv.conf)" 'nameserver 127\.0\.0\.11'

# D-04: on no network at all the answer is SERVFAIL, at once
nsr attach --name lonely --network net1 >/dev/null
nsr network disconnect net1 lonely
assert_eq "$(rcode lonely web)" SERVFAIL
assert_unknown client lonely

# D-05: who joins a container has its server, and no name of his own
nsr attach --name joined --network container:web >/dev/null
assert_resolves joined client "$(address_of client)"
assert_unknown client joined

# D-11, D-14: a generated name is a name; the beginning of an id is none, but for the short id
id=$(nsr attach --network net1)
generated=$(nsr inspect "$id" | field 'it[0]["Name"][1:]')
address=$(nsr inspect "$id" | field 'it[0]["NetworkSettings"]["Networks"]["net1"]["IPAddress"]')
assert_resolves client "$generated" "$address"
assert_resolves client "${id:0:12}" "$address"
assert_unknown client "${id:0:9}"

# D-12: what an alias may be
nsr alias add net1 web A_b.C-d
assert_resolves client a_B.c-d "$WEB"
assert_fails "invalid alias 'a b': only letters, digits, '-', '_' and dots are allowed" nsr alias add net1 web 'a b'
assert_fails "invalid alias 'x.': it has an empty label" nsr alias add net1 web x.

# D-15, D-16: a host name as it is given; not its first label, and not with the domain
nsr attach --name host1 --network net1 --hostname hh.example.test >/dev/null
assert_resolves client hh.example.test "$(address_of host1)"
assert_unknown client hh
nsr attach --name host2 --network net1 --hostname h2 --domainname d.test >/dev/null
assert_resolves client h2 "$(address_of host2)"
assert_unknown client h2.d.test

# D-17, D-19, D-20: with the network behind it, in any case, and the question comes back as it was
for name in WEB.NET1 Web.net1 www.NeT1; do assert_resolves client $name "$WEB"; done
assert_match "$(dig_in client +noall +question +answer wWw.NeT1 | sed 's/^;//' | sort -u | head -n 2)" '^wWw\.NeT1\.'

# D-21: a network, its gateway and this host are no names
for name in net1 gateway host.docker.internal; do assert_unknown client "$name"; done

# D-23: the same name twice is one record
nsr attach --name once --network net1 --network-alias once --network-alias ONCE >/dev/null
assert_eq "$(answers client once)" 1

# D-24, D-26, D-90: registered is owned, running or not; what is gone is unknown
nsr create --name later --network net1 --network-alias soon >/dev/null
assert_owned client later
assert_owned client soon
nsr start later >/dev/null
assert_resolves client soon "$(address_of later)"
gone=$(address_of later)
nsr stop later >/dev/null
assert_owned client later
assert_eq "$(rcode client -x "$gone")" NXDOMAIN
nsr rm later >/dev/null
assert_unknown client later

# D-27: another name at once, with PTR; aliases stay
nsr rename host1 renamed >/dev/null
assert_resolves client renamed "$(address_of renamed)"
assert_unknown client host1
assert_eq "$(short client -x "$(address_of renamed)")" renamed.net1.
assert_resolves client hh.example.test "$(address_of renamed)"

# D-28: aliases are those of the connection
nsr network disconnect net1 host2
assert_unknown client h2
nsr network connect --alias fresh net1 host2
assert_resolves client fresh "$(address_of host2)"
assert_resolves client h2 "$(address_of host2)"

# D-30, D-31, D-33, D-35: header, TTL, compression, TCP
said=$(dig_in client +noedns +cdflag web)
assert_match "$said" 'flags: qr rd ra cd;'
assert_match "$said" '^web\.\s+5\s+IN\s+A\s'
assert_match "$said" 'MSG SIZE  rcvd: 37$' # 12 header, 9 question, 16 record with a pointer
assert_resolves client web "$WEB"
assert_eq "$(dig_in client +tcp +short web)" "$WEB"

# D-39, D-40, D-111: no type of a name of ours is asked outside
for type in MX TXT SOA NS CNAME HTTPS NAPTR DS SRV IXFR=1; do assert_owned client web -t $type; done
assert_eq "$(short client web ANY)" "$WEB"

# D-44, D-45: addresses of ours that nobody has; those of others are asked outside
assert_eq "$(rcode client -x 10.77.0.200)" NXDOMAIN
before=$(asked_outside)
for address in 10.78.0.2 127.0.0.11 192.0.2.1; do dig_in client -x $address >/dev/null; done
[ "$(asked_outside)" -ge $((before + 3)) ] || fail "reverse names of others were not asked outside"
assert_eq "$(short client -t PTR 2.0.77.10.IN-ADDR.ARPA)" web.net1.
assert_owned client web -t PTR

# D-46: the first network that has the name answers
nsr network connect net2 client
nsr attach --name other --network net2 --network-alias www >/dev/null
assert_resolves client www "$WEB"
assert_resolves client www.net2 "$(address_of other)"

# D-60, D-61: unknown single labels are asked outside, unless ndots says otherwise
assert_unknown client nosuch
nsr attach --name dotty --network net1 --dns-option ndots:2 >/dev/null
before=$(asked_outside)
assert_eq "$(rcode dotty nosuch)" NXDOMAIN
assert_eq "$(rcode dotty nosuch AAAA)" NXDOMAIN
assert_eq "$(asked_outside)" "$before" "queries outside"
assert_unknown dotty nosuch.example.test

# D-100 to D-106: what is no query, byte by byte
inside client python3 - <<'END'
import socket, struct
def ask(data, patience=2):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(patience)
        s.sendto(data, ("127.0.0.11", 53))
        try:
            return s.recv(4096)
        except TimeoutError:
            return None
def header(flags=0x0100, counts=(1, 0, 0, 0)):
    return struct.pack(">6H", 0x4711, flags, *counts)
QUESTION = b"\3web\0\0\1\0\1"
FORMERR = struct.pack(">6H", 0x4711, 0x8101, 0, 0, 0, 0)
def check(what, got, expected):
    assert got == expected, f"{what}: {got!r}"
check("eleven bytes", ask(header()[:11], 0.3), None)                                    # D-100
check("a header alone", ask(header()), FORMERR)                                         # D-101
check("a response", ask(header(0x8100) + QUESTION, 0.3), None)                          # D-102
check("no question", ask(header(counts=(0, 0, 0, 0)) + QUESTION), FORMERR)              # D-103
check("two questions", ask(header(counts=(2, 0, 0, 0)) + QUESTION * 2), FORMERR)
check("two answers", ask(header(counts=(1, 2, 0, 0)) + QUESTION), FORMERR)
check("three additional records", ask(header(counts=(1, 0, 0, 3)) + QUESTION), FORMERR)
for opcode in (1, 2, 4, 5, 6, 15):                                                      # D-104, D-105
    check(f"opcode {opcode}", ask(header(0x0100 | opcode << 11) + QUESTION),
          struct.pack(">6H", 0x4711, 0x8104 | opcode << 11, 0, 0, 0, 0))
for name in (b"\x7fweb\0", b"\xc0\x0c", b"\xc0\xff", b"\3we"):                          # D-106
    check(repr(name), ask(header() + name + b"\0\1\0\1"), FORMERR)
reply = ask(header() + QUESTION + b"more")                                              # D-107
assert reply[3] & 15 == 0 and reply[7] == 1, reply
END
