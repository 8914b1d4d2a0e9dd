#!/usr/bin/env bash
# Names of links that mean something to the kernel or to the rules, families by option, rows of ports in any order, and a
# kernel without IPv6.
source "$(dirname "$0")/lib.sh"
TELL="python3 $REPOSITORY/tests/e2e/tell.py"
printf 'proxy_range_limit = 3\n' >/run/options.toml
start_daemon --config /run/options.toml

# a name is what it says: nothing is made of one that the kernel or a rule would read otherwise
links=$(ip -o link show | wc -l)
option=com.docker.network.bridge.name
for name in 'br%d' 'br*' 'br"x' 'br\x' 'br:x' 'br/x'; do
    assert_fails "failed to parse $option value: $name (an interface name has 1 to 15 characters without blank, '/', ':', '%', '*', '\"' and '\\')" \
        nsr network create -o "$option=$name" bad
done
nsr network create plain >/dev/null
links_with=$(ip -o link show | wc -l)
assert_eq "$links_with" $((links + 1)) "links"
nsr attach --name named --network none >/dev/null
nsr network disconnect none named
message=$(nsr network connect --driver-opt 'com.docker.network.endpoint.ifname=e%d' plain named 2>&1) && fail "e%d"
assert_match "$message" "characters without blank, '/', ':', '%'"
message=$(nsr network create -o 'com.docker.network.container_iface_prefix=e%d' bad 2>&1) && fail "prefix e%d"
nsr detach named
assert_match "$message" "a prefix has 1 to 12 characters without blank, '/', ':', '%'"
assert_eq "$(ip -o link show | wc -l)" "$links_with" "links after the refusals"

# the families are those of the options, unless the request says otherwise
create() { curl -sS --unix-socket $SOCKET -H 'Content-Type: application/json' http://d/networks/create -d "$1" >/dev/null; }
families() { nsr network inspect "$1" | field '(it[0]["EnableIPv4"], it[0]["EnableIPv6"])'; }
create '{"Name": "six", "Options": {"com.docker.network.enable_ipv6": "true"}}'
assert_eq "$(families six)" "(True, True)"
create '{"Name": "only6", "Options": {"com.docker.network.enable_ipv6": "1", "com.docker.network.enable_ipv4": "false"}}'
assert_eq "$(families only6)" "(False, True)"
create '{"Name": "said", "EnableIPv6": false, "Options": {"com.docker.network.enable_ipv6": "true"}}'
assert_eq "$(families said)" "(True, False)"

# a row is a row in whatever order its ports come, and the same after a restart
nsr attach --name row --network plain -p 9998-10001:9998-10001 -p 9998-10001:9998-10001/udp -p 8080:80 >/dev/null
not_held() { nsr inspect row | field 'it[0]["NetworkSettings"]["PortsNotHeld"]'; }
rows="['0.0.0.0:9998-10001/tcp', '[::]:9998-10001/tcp', '0.0.0.0:9998-10001/udp', '[::]:9998-10001/udp']"
listening() { ss -Hltun '( sport >= :9998 and sport <= :10001 )'; }
assert_eq "$(not_held)" "$rows"
assert_eq "$(grep -c ports_not_held $SCRATCH_LOG)" 4 "rows in the log"
assert_eq "$(listening)" ""
assert_eq "$($TELL hold 0.0.0.0 8080 || true)" "Address already in use"
kill_daemon
start_daemon --config /run/options.toml
assert_eq "$(not_held)" "$rows"
assert_eq "$(listening)" ""
assert_eq "$($TELL hold 0.0.0.0 8080 || true)" "Address already in use"
nsr detach row
stop_daemon

# a kernel without IPv6 has no port there
python3 "$REPOSITORY/tests/e2e/without_ipv6.py" ns-registerd --state-dir $SCRATCH_STATE --upstream $SCRATCH_UPSTREAM \
    2>>$SCRATCH_LOG &
DAEMON_PID=$!
wait_until "ns-registerd" ns-register ping
nsr attach --name web --network plain -p 8080:80 -p 80 >/dev/null
assert_eq "$(nsr port web 80 | grep -c '^0\.0\.0\.0:')" 2
assert_eq "$(nsr port web 80 | grep -c '\[::\]' || true)" 0
ip netns exec web $TELL web 0.0.0.0 80 &
wait_until "the server" ip netns exec web $TELL ask 127.0.0.1 80 tcp
assert_eq "$(ip netns exec outside $TELL ask 198.51.100.1 8080 tcp)" "web 198.51.100.53"
nsr detach web
stop_daemon
echo "network_options: passed"
