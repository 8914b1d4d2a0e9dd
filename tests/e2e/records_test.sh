#!/usr/bin/env bash
# Records of a user's own: what can be added, how it is answered, and that it outlives the daemon.
source "$(dirname "$0")/lib.sh"
start_daemon

nsr network create --subnet 10.77.0.0/24 net1 >/dev/null
nsr network create --subnet 10.78.0.0/24 net2 >/dev/null
nsr attach --name web --network net1 >/dev/null
nsr attach --name client --network net1 >/dev/null
nsr attach --name stranger --network net2 >/dev/null

# every type, with and without the network behind the name
nsr record add net1 app A 192.0.2.1 --ttl 77
nsr record add net1 App A 192.0.2.2 --ttl 77
nsr record add net1 app AAAA fd00::1
nsr record add net1 text TXT "two words" x
nsr record add net1 mail MX 10 web
nsr record add net1 _x._tcp.app SRV 0 5 80 web
nsr record add net1 9.2.0.192.in-addr.arpa PTR app
assert_resolves client app 192.0.2.1 192.0.2.2
assert_resolves client app.net1 192.0.2.1 192.0.2.2
assert_eq "$(short client app AAAA)" fd00::1
assert_eq "$(short client text TXT)" '"two words" "x"'
assert_eq "$(short client mail MX)" "10 web."
assert_eq "$(short client _x._tcp.app SRV)" "0 5 80 web."
assert_eq "$(short client -x 192.0.2.9)" "app."
assert_unknown stranger app

# a CNAME record leads to a container, and outside
nsr record add net1 www CNAME web --ttl 30
assert_match "$(dig_in client +noall +answer www)" '^www\.\s+30\s+IN\s+CNAME\s+web\.'
assert_eq "$(inside client getent hosts www | awk '{ print $1 }')" "$(address_of web)"
nsr record add net1 out CNAME www.example.test
assert_eq "$(short client out)" "$(printf '203.0.113.80\nwww.example.test.')"
assert_eq "$(dig_in client +tcp +short out | tail -n 1)" 203.0.113.80
nsr record add net1 nowhere CNAME nosuch.example.test
assert_eq "$(rcode client nowhere)" NXDOMAIN
assert_eq "$(short client nowhere)" nosuch.example.test.

assert_match "$(nsr resolve out --from client --explain)" "^'www\.example\.test' is not ours: (to be )?asked"
assert_match "$(nsr resolve out --from client --explain --format json)" '"Data":"203\.0\.113\.80"'

# wildcards stop where a name exists, or names below it
nsr record add net1 '*.dev' A 192.0.2.50
nsr record add net1 a.b.dev A 192.0.2.51
assert_eq "$(short client x.dev)" 192.0.2.50
assert_owned client b.dev
assert_unknown client x.b.dev

# a list, and what it looks like to a program
assert_match "$(nsr record ls net1)" '^app +77 +A +192\.0\.2\.1$'
assert_eq "$(nsr record ls net1 --format json | grep -c '"Name":"app"')" 3
assert_eq "$(nsr record ls net2)" "NAME   TTL   TYPE   DATA"

# without a container the command line asks every network
assert_match "$(nsr resolve mail --type MX)" '^net1 +mail +5 +MX +10 web\.$'
assert_match "$(nsr resolve app.net1)" '^net1 +app\.net1 +77 +A +192\.0\.2\.1$'
assert_fails "'NOSUCH' is not a record type" nsr resolve app --type NOSUCH

# the same record with another TTL is the same record
nsr record add net1 app AAAA fd00:0::1 --ttl 9
assert_match "$(dig_in client +noall +answer app AAAA)" 'app\.\s+9\s+IN'
assert_eq "$(nsr record ls net1 --format json | grep -c AAAA)" 1

# refusals change nothing
before=$(nsr record ls net1)
assert_fails "invalid data for a record of type A: 'fd00::1'" nsr record add net1 app A fd00::1
assert_eq "$LAST_STATUS" 2
assert_fails "records of type 'LOC' are not supported" nsr record add net1 app LOC x
assert_fails "'app' has a CNAME record and others: a CNAME stands alone" nsr record add net1 app CNAME web
assert_eq "$LAST_STATUS" 4
assert_fails "network net1 has no record nosuch A" nsr record rm net1 nosuch A
assert_eq "$LAST_STATUS" 3
assert_fails "network nosuch not found" nsr record add nosuch a A 192.0.2.1
assert_fails "network bridge has no names" nsr record add bridge a A 192.0.2.1
assert_eq "$(nsr record ls net1)" "$before" "records after refusals"

assert_fails "'z' cannot be a CNAME record for itself" nsr record add net1 z CNAME Z
assert_fails "'z' cannot be a CNAME record for itself" nsr record add net1 z CNAME z.net1.
assert_fails "--ttl must be 0 to 2147483647" nsr record add net1 z A 192.0.2.1 --ttl -1

# a master file, all or nothing
cat >zone <<'END'
$ORIGIN shop.example.
$TTL 1h
@       IN SOA ns hostmaster ( 1 7200 600
                               3600000 60 ) ; not delegated to us
        IN NS  ns
www     60 IN A 192.0.2.10
           IN TXT "a; b"
cdn     CNAME www
END
assert_eq "$(nsr record import net1 zone)" "3 records added, 2 left out (SOA, NS)"
assert_eq "$(short client www.shop.example)" 192.0.2.10
assert_eq "$(short client www.shop.example TXT)" '"a; b"'
echo 'new A 192.0.2.11
bad A nothing' >>zone
assert_fails "line 10: invalid data for a record of type A: 'nothing'" nsr record import net1 zone
assert_unknown client new.shop.example
assert_fails "line 1: '\$INCLUDE' is not supported" nsr record import net1 - <<<'$INCLUDE /etc/passwd'

# a large one, and one that is too large
seq -f 'host%06.0f.large 60 IN A 192.0.2.1 ; one of many, with a remark that makes the file longer' 14000 >large
[ "$(stat -c %s large)" -gt 1048576 ] || fail "the file is no larger than other requests may be"
nsr network create large >/dev/null
assert_eq "$(nsr record import large large)" "14000 records added"
assert_eq "$(nsr record ls large --format json | wc -l)" 14000
seq -f 'more%.0f.large A 192.0.2.2' 51537 >more
assert_fails "network large would have 65537 records; it may have 65536" nsr record import large more
assert_eq "$(nsr record ls large --format json | wc -l)" 14000 "all or none"
nsr network rm large >/dev/null
truncate -s $((16 << 20)) too-large
echo >>too-large
assert_fails "'too-large' is larger than 16777216 bytes" nsr record import net1 too-large
assert_eq "$LAST_STATUS" 2
assert_fails "standard input is larger than 16777216 bytes" nsr record import net1 - <too-large
assert_eq "$LAST_STATUS" 2

# gone when removed: one, then the rest of the name and type
nsr record rm net1 app A 192.0.2.1
assert_resolves client app 192.0.2.2
nsr record rm net1 APP A
assert_eq "$(short client app)" ""
assert_eq "$(short client app AAAA)" fd00::1

# they outlive the daemon, killed or not
before=$(nsr record ls net1)
kill_daemon
start_daemon
assert_eq "$(nsr record ls net1)" "$before" "records after a restart"
assert_eq "$(short client www.shop.example)" 192.0.2.10
