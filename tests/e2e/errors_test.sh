#!/usr/bin/env bash
# What wrong input gets: one sentence, in Docker's words where Docker has some, and nothing left behind.
source "$(dirname "$0")/lib.sh"
start_daemon
nsr network create --subnet 10.77.0.0/24 net1 >/dev/null
nsr attach --name web --network net1 >/dev/null
before=$(kernel_state)
networks=$(nsr network ls)
containers=$(nsr ps -aq)

refused() { # refused MESSAGE NSR-ARGUMENTS..
    assert_fails "$1" ns-register "${@:2}"
    assert_eq "$(nsr network ls)" "$networks" "networks after '${*:2}'"
    assert_eq "$(nsr ps -aq)" "$containers" "containers after '${*:2}'"
}
refused_somehow() { # refused_somehow PATTERN NSR-ARGUMENTS..: where the wording is ours
    local said status=0
    said=$(ns-register "${@:2}" 2>&1 >/dev/null) || status=$?
    [ $status -ne 0 ] || fail "should have been refused: ${*:2}"
    assert_match "$said" "^Error: .*$1"
    assert_eq "$(grep -c '^Error: ' <<<"$said")" 1 "refusals of '${*:2}'"
    assert_eq "$(nsr network ls)" "$networks" "networks after '${*:2}'"
}

# networks
refused "network with name net1 already exists" network create net1
refused_somehow "already exists" network create NET1
refused "operation is not permitted on predefined host network" network create host
refused "bridge is a pre-defined network and cannot be removed" network rm bridge
refused "network nosuch not found" network rm nosuch
refused_somehow "network nosuch not found" network inspect nosuch
refused "every ip-range or gateway must have a corresponding subnet" network create --gateway 10.95.0.1 x1
refused "no matching subnet for range 10.99.0.0/28" network create --subnet 10.95.0.0/24 --ip-range 10.99.0.0/28 x1
refused "failed to allocate gateway (10.95.0.0): Address already in use" network create --subnet 10.95.0.0/24 --gateway 10.95.0.0 x1
refused_somehow "Pool overlaps with other one on this address space" network create --subnet 10.77.0.0/25 x1
refused_somehow "" network create --subnet 10.95.0.1/24 x1
refused_somehow "" network create --subnet bogus x1
refused "IPv4 subnet '10.95.0.0/24' given, but IPv4 is disabled" network create --ipv4=false --ipv6 --subnet 10.95.0.0/24 x1
refused 'invalid argument "10.95.0.5" for "--aux-address" flag: expected NAME=ADDRESS' \
    network create --subnet 10.95.0.0/24 --aux-address 10.95.0.5 x1
refused "invalid network name or ID: value is empty" network rm ""
refused "invalid container name or ID: value is empty" network connect net1 ""
refused_somehow "" network create --subnet 10.95.0.0/32 x1
refused_somehow "" network create "x y"
refused_somehow "" network create .x
refused_somehow "" network create -d nosuchdriver x1
refused_somehow "net1.*has active endpoints|active endpoints" network rm net1

# What cannot be the parent of a macvlan network says so before a container needs it.
ip link add par0 type veth peer name par1
refused "MTU 9000 is more than the 1500 of parent interface 'par0'" \
    network create -d macvlan -o parent=par0 -o com.docker.network.driver.mtu=9000 --subnet 10.95.0.0/24 x1
ip link del par0

# A subnet of a family that is off is said to be left out, where Docker takes it.
nsr network create --subnet fd00:95::/64 --subnet fd00:96::/64 x1 2>/run/tmp/said >/dev/null
assert_eq "$(grep -c '^WARNING: subnet fd00:9[56]::/64 is ignored: IPv6 is not enabled (--ipv6)$' /run/tmp/said)" 2 "warnings"
assert_eq "$(wc -l </run/tmp/said)" 2 "lines of warnings"
nsr network rm x1 >/dev/null

# containers
refused_somehow "web.*already in use" attach --name web --network net1
refused_somehow "WEB|web" attach --name WEB --network net1
refused_somehow "Invalid container name|invalid container name" attach --name "a b" --network net1
refused_somehow "" attach --name "$(printf 'a%.0s' {1..64})" --network net1
refused "network nosuchnet not found" attach --name xx --network nosuchnet
refused "Address already in use" attach --name xx --network net1 --ip 10.77.0.1
refused "Address already in use" attach --name xx --network net1 --ip 10.77.0.2
refused "Address already in use" attach --name xx --network net1 --ip 10.77.0.255
refused "invalid IPv4 address: bogus" attach --name xx --network net1 --ip bogus
refused_somehow "no configured subnet contains IP address 10.9.9.9|Invalid address 10.9.9.9" attach --name xx --network net1 --ip 10.9.9.9
refused_somehow "/run/netns/nosuch" attach --name xx --network net1 --netns /run/netns/nosuch
refused_somehow "/etc/hostname|network namespace" attach --name xx --network net1 --netns /etc/hostname
refused_somehow "999999" attach --name xx --network net1 --pid 999999
refused "No such container: nosuch" start nosuch
refused "No such container: nosuch" rm nosuch
refused_somehow "No such container: nosuch" inspect nosuch
refused "No such container: nosuch" network connect net1 nosuch
refused "network nosuch not found" network connect nosuch web
refused_somehow "already exists" network connect net1 web
refused_somehow "" exec nosuch -- true
refused_somehow "" resolve web --from nosuch

# upstreams and bodies
refused_somehow "bogus" attach --name xx --network net1 --dns bogus
post() { curl -sS --unix-socket "$SOCKET" -H 'Content-Type: application/json' -w '\n%{http_code}' "$@"; }
assert_match "$(post -X POST --data-binary 'no json' http://d/networks/create)" '^400$'
assert_match "$(post -X POST --data-binary '{"Name": 7}' http://d/networks/create)" '^400$'
head -c 1100000 /dev/zero | tr '\0' ' ' >/run/tmp/big
answer=$(post -X POST --data-binary @/run/tmp/big http://d/networks/create || true)
assert_match "$answer" '^(400|413)$'
assert_match "$(post http://d/nosuch)" '"message": ?"page not found"'
assert_match "$(post http://d/v9.99/networks)" 'client version 9.99 is too new'
nsr ping >/dev/null

# nothing at all has changed in the kernel
wait_until "the removal of the last links" bash -c '! ip -oneline link show group 7238515 | grep -q .'
assert_state "$before" "after all refusals"
assert_resolves web web 10.77.0.2

# A start that fails leaves the reason and a status, as Docker shows them, until one succeeds.
nsr attach --name holder -p 8080:80 >/dev/null
nsr create --name waiting -p 8080:80 >/dev/null
why=$(nsr start waiting 2>&1 >/dev/null) && fail "two containers have one port"
state_of() { nsr inspect "$1" | field '"{Status} {ExitCode} Error: {Error}".format(**it[0]["State"])'; }
assert_eq "$(state_of waiting)" "created 128 $why"
nsr rm -f holder >/dev/null
nsr start waiting >/dev/null
assert_eq "$(state_of waiting)" 'running 0 Error: '
nsr stop waiting >/dev/null
nsr attach --name holder -p 8080:80 >/dev/null
nsr start waiting 2>/dev/null && fail "two containers have one port"
assert_match "$(state_of waiting)" '^exited 128 Error: .*port is already allocated'
kill_daemon
start_daemon
assert_match "$(state_of waiting)" '^exited 128 Error: .*port is already allocated'
nsr rm -f holder waiting >/dev/null
