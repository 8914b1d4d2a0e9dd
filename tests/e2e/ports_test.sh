#!/usr/bin/env bash
# Published ports with real traffic: from everywhere, with and without the proxy, without the rules, over a restart.
source "$(dirname "$0")/lib.sh"
TELL="python3 $REPOSITORY/tests/e2e/tell.py"

serve() { # serve CONTAINER PORT [ADDRESS]: a server in the container that tells its name and the client's address
    ip netns exec "$1" $TELL "$1" "${3:-0.0.0.0}" "$2" &
    wait_until "the server in $1" ip netns exec "$1" $TELL ask "${4:-127.0.0.1}" "$2" tcp
}
ask() { # ask NAMESPACE ADDRESS PORT [tcp|udp [SOURCE-PORT]]: what is said there; "host" is the host
    local from=$1
    shift
    if [ "$from" = host ]; then $TELL ask "$1" "$2" "${3:-tcp}" "${4:-0}"; else
        ip netns exec "$from" $TELL ask "$1" "$2" "${3:-tcp}" "${4:-0}"
    fi
}
assert_told() { # assert_told PATTERN NAMESPACE ADDRESS PORT [tcp|udp]
    local said
    said=$(ask "${@:2}" || true)
    [[ "$said" == $1 ]] || fail "asked ${*:2}: expected '$1', came '$said'"
}
assert_silent() { # assert_silent NAMESPACE ADDRESS PORT [tcp|udp]: no server answers
    local said
    trap - ERR
    if said=$(TELL_PATIENCE=0.7 ask "$@"); then fail "asked $*: came '$said'"; fi
    trap on_error ERR
}

ip -6 addr add 2001:db8::1/64 dev up0 nodad
ip netns exec outside ip -6 addr add 2001:db8::9/64 dev up1 nodad
printf 'userland_proxy = true\nproxy_range_limit = 3\n' >/run/with.toml
printf 'userland_proxy = false\n' >/run/without.toml
start_daemon --config /run/with.toml

nsr network create --subnet 10.77.0.0/24 net1 >/dev/null
nsr network create --subnet 10.78.0.0/24 net2 >/dev/null
nsr network create --ipv6 --subnet 10.79.0.0/24 --subnet fd00:79::/64 net6 >/dev/null
nsr network create --subnet 10.80.0.0/24 anet >/dev/null
nsr attach --name web --network net1 -p 8080:80 -p 8080:80/udp -p 127.0.0.1:8081:80 >/dev/null
nsr attach --name neighbour --network net1 >/dev/null
nsr attach --name stranger --network net2 >/dev/null
serve web 80

# every way in; who is let in by the rules keeps its address
for protocol in tcp udp; do
    assert_told "web 198.51.100.53" outside 198.51.100.1 8080 $protocol
    assert_told "web *" host 198.51.100.1 8080 $protocol
    assert_told "web *" host 127.0.0.1 8080 $protocol
    assert_told "web 10.77.0.1" host ::1 8080 $protocol
    assert_told "web 10.77.0.1" outside 2001:db8::1 8080 $protocol
    assert_told "web 10.77.0.1" web 198.51.100.1 8080 $protocol
    assert_told "web 10.77.0.1" neighbour 198.51.100.1 8080 $protocol
    assert_told "web *" stranger 198.51.100.1 8080 $protocol
    assert_silent stranger 10.77.0.2 80 $protocol
done
ip netns exec outside ip route add 10.77.0.0/24 via 198.51.100.1
assert_silent outside 10.77.0.2 80

# a port at the loopback address is for the host alone
assert_told "web *" host 127.0.0.1 8081
assert_silent outside 198.51.100.1 8081
ip netns exec outside ip addr del 127.0.0.1/8 dev lo
ip netns exec outside sysctl -qw net.ipv4.conf.all.route_localnet=1
ip netns exec outside ip route add 127.0.0.1 via 198.51.100.1 src $SCRATCH_UPSTREAM
assert_silent outside 127.0.0.1 8081

# what is shown
assert_eq "$(nsr port web)" "80/tcp -> 0.0.0.0:8080
80/tcp -> 127.0.0.1:8081
80/tcp -> [::]:8080
80/udp -> 0.0.0.0:8080
80/udp -> [::]:8080"
assert_eq "$(nsr port web 80/udp)" "0.0.0.0:8080
[::]:8080"
assert_fails "No public port '81/tcp' published for web" nsr port web 81
assert_match "$(nsr ps)" '0\.0\.0\.0:8080->80/tcp'

# IPv6 of the container's own: the client keeps its address
nsr attach --name six --network net6 -p 8100:80 >/dev/null
serve six 80 :: ::1
assert_told "six 2001:db8::9" outside 2001:db8::1 8100
assert_told "six *198.51.100.53" outside 198.51.100.1 8100
assert_told "six *" host ::1 8100

# a port is held, and who holds it already keeps it
assert_eq "$($TELL hold 0.0.0.0 8080 || true)" "Address already in use"
$TELL hold 0.0.0.0 9000 >/run/held &
holder=$!
wait_until "the holder" grep -q held /run/held
said=$(nsr attach --name late --network net1 -p 9000:80 2>&1 || echo refused)
assert_match "${said//$'\n'/ }" 'driver failed programming external connectivity on endpoint late \([0-9a-f]+\): failed to bind host port 0\.0\.0\.0:9000/tcp: address already in use \(held by python3?, pid '"$holder"'\) refused$'
assert_match "$(grep port_in_use $SCRATCH_LOG)" "pid=$holder"
said=$(nsr attach --name late --network net1 -p 127.0.0.1:8080:80 2>&1 || echo refused)
assert_match "${said//$'\n'/ }" 'Bind for 127\.0\.0\.1:8080 failed: port is already allocated refused$'
nsr attach --name ranged --network net1 -p 9000-9001:80 >/dev/null
assert_match "$(nsr port ranged)" '80/tcp -> 0\.0\.0\.0:9001'
kill $holder
nsr detach ranged

# a long row is led by the rules, and not held
nsr attach --name rows --network net1 -p 8200-8209:8200-8209 -p 8300-8301:8400-8401 >/dev/null
serve rows 8205
serve rows 8401
assert_told "rows 198.51.100.53" outside 198.51.100.1 8205
assert_told "rows 198.51.100.53" outside 198.51.100.1 8301
assert_match "$(nft list map inet ns-register publish4_ranges)" 'tcp \. 8200-8209 : 10\.77\.0\.[0-9]+'
assert_match "$(grep ports_not_held $SCRATCH_LOG)" 'first=0\.0\.0\.0:8200/tcp count=10 limit=3'
assert_eq "$(nsr inspect rows | field 'it[0]["NetworkSettings"]["PortsNotHeld"]')" \
    "['0.0.0.0:8200-8209/tcp', '[::]:8200-8209/tcp']"
nsr detach rows

# SIGKILL: the rules go on, and the next start has the same ports and holds them
nsr attach --name any --network net1 -p 80 -p 81 >/dev/null
before=$(nsr port any)
kill_daemon
assert_told "web 198.51.100.53" outside 198.51.100.1 8080
start_daemon --config /run/with.toml
assert_eq "$(nsr port any)" "$before"
assert_eq "$($TELL hold 0.0.0.0 8080 || true)" "Address already in use"
assert_told "web 10.77.0.1" host ::1 8080
assert_told "web 198.51.100.53" outside 198.51.100.1 8080 udp

# the default route moves, and the ports with it
nsr attach --name mover --network net1 -p 8400:80 -p 8400:80/udp >/dev/null
serve mover 80
assert_told "mover 198.51.100.53" outside 198.51.100.1 8400 udp 4444
nsr network connect anet mover
assert_eq "$(nft list map inet ns-register publish4 | grep -c '8400 : 10.80.0.2')" 2
assert_told "mover 198.51.100.53" outside 198.51.100.1 8400
assert_told "mover 198.51.100.53" outside 198.51.100.1 8400 udp 4444
nsr network disconnect anet mover
assert_told "mover 198.51.100.53" outside 198.51.100.1 8400
nsr network disconnect net1 mover
assert_eq "$(nsr port mover)" ""
assert_silent host 198.51.100.1 8400
nsr network connect net1 mover
assert_told "mover 198.51.100.53" outside 198.51.100.1 8400

# a UDP client that goes on from the same port reaches who has the port now
nsr attach --name first --network net1 -p 8500:80/udp >/dev/null
serve first 80
assert_told "first 198.51.100.53" outside 198.51.100.1 8500 udp 5555
nsr detach first
nsr attach --name second --network net1 -p 8500:80/udp >/dev/null
serve second 80
assert_told "second 198.51.100.53" outside 198.51.100.1 8500 udp 5555

# without the rules the proxy carries
nft flush chain inet ns-register publish
assert_told "web *" outside 198.51.100.1 8080
assert_told "second *" outside 198.51.100.1 8500 udp
assert_told "web *" neighbour 198.51.100.1 8080

# a routed network lets in what comes to the container's own address, and takes nothing of the host
nsr network create --subnet 10.88.0.0/24 -o com.docker.network.bridge.gateway_mode_ipv4=routed routed >/dev/null
ip netns exec outside ip route add 10.88.0.0/24 via 198.51.100.1
for container in open alike; do # both want 8080, which `web` has
    nsr attach --name $container --network routed -p 8080:80 >/dev/null
    serve $container 80
    serve $container 81
    assert_told "$container 198.51.100.53" outside "$(address_of $container)" 80
    assert_silent outside "$(address_of $container)" 81
done
assert_eq "$(nsr port open)" "80/tcp -> 0.0.0.0:"
assert_eq "$(nsr inspect open | field 'it[0]["NetworkSettings"]["Ports"]')" "{'80/tcp': [{'HostIp': '0.0.0.0', 'HostPort': ''}]}"
assert_told "web 198.51.100.53" outside 198.51.100.1 8080
kill_daemon
start_daemon
assert_told "alike 198.51.100.53" outside "$(address_of alike)" 80
nsr detach alike
nsr detach open

# after everything there is nothing
for container in web neighbour stranger six any mover second; do nsr detach $container; done
assert_silent host 198.51.100.1 8080
assert_eq "$(nft list map inet ns-register publish4 | grep -c 8080 || true)" 0
assert_eq "$(ss -Hltun '( sport = :8080 or sport = :8500 )')" ""

# without the proxy the rules carry, and the port is held all the same
stop_daemon
start_daemon --config /run/without.toml
nsr attach --name web --network net1 -p 8080:80 -p 8080:80/udp >/dev/null
serve web 80
for protocol in tcp udp; do
    assert_told "web 198.51.100.53" outside 198.51.100.1 8080 $protocol
    assert_told "web *" host 127.0.0.1 8080 $protocol
    assert_told "web *" web 198.51.100.1 8080 $protocol
    assert_silent host ::1 8080 $protocol
done
assert_eq "$(nsr port web 80)" "0.0.0.0:8080"
assert_eq "$($TELL hold 0.0.0.0 8080 || true)" "Address already in use"
nsr attach --name six --network net6 -p 8100:80 >/dev/null
serve six 80 :: ::1
assert_told "six 2001:db8::9" outside 2001:db8::1 8100
assert_eq "$(ask host ::1 8100 || true)" "Connection refused" # no rule leads from there
assert_eq "$($TELL hold :: 8100 || true)" "Address already in use"
assert_eq "$($TELL hold ::1 8100 || true)" "Address already in use"
stop_daemon
echo "ports: passed"
