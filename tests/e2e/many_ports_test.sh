#!/usr/bin/env bash
# All ports that there are, published by one container: more than a request may hold elsewhere.
source "$(dirname "$0")/lib.sh"
TELL="python3 $REPOSITORY/tests/e2e/tell.py"
start_daemon
ns-register network create --subnet 10.77.0.0/24 net1 >/dev/null
before=$(kernel_state)

assert_led() { # assert_led PORT..: a server in the container is found from outside under the same number
    local port server
    for port; do
        ip netns exec all $TELL all 0.0.0.0 "$port" &
        server=$!
        wait_until "the server at $port" ip netns exec all $TELL ask 127.0.0.1 "$port" tcp
        for protocol in tcp udp; do
            assert_eq "$(ip netns exec outside $TELL ask 198.51.100.1 "$port" $protocol)" "all 198.51.100.53" "$port"
        done
        kill $server
    done
}

ns-register attach --name all --network net1 -p 1-65535:1-65535 -p 1-65535:1-65535/udp >/dev/null
assert_match "$(nft list map inet ns-register publish4_ranges)" 'tcp \. 1-65535 : 10\.77\.0\.2'
assert_match "$(nft list map inet ns-register publish4_ranges)" 'udp \. 1-65535 : 10\.77\.0\.2'
assert_led 1 12345 65535
assert_eq "$(ns-register port all | wc -l)" 262140 "published ports"
assert_eq "$(ns-register port all 65535/udp | head -1)" "0.0.0.0:65535"
message=$(ns-register attach --name other --network net1 -p 9999:80 2>&1) && fail "a port was given out twice"
assert_match "$message" 'Bind for 0\.0\.0\.0:9999 failed: port is already allocated'

kill_daemon
start_daemon
assert_eq "$(ns-register network verify)" "" "differences after the start"
assert_led 4711
ns-register rm -f all >/dev/null
wait_until "the removal of the last links" bash -c '! ip -oneline link show group 7238515 | grep -q .'
assert_state "$before" "after the removal"

# One port is taken: nothing is published, and nothing stays.
ns-register attach --name other --network net1 -p 9999:80 >/dev/null
before=$(kernel_state)
message=$(ns-register attach --name all --network net1 -p 1-65535:1-65535 2>&1) && fail "a port was given out twice"
assert_match "$message" 'Bind for 0\.0\.0\.0:9999 failed: port is already allocated'
wait_until "the removal of the last links" bash -c '! ip -oneline link show group 7238515 | grep -q .'
assert_state "$before" "after the refusal"
assert_eq "$(ns-register ps -aq | wc -l)" 1 "containers"

# A routed network lets them in, each once.
ns-register network create --subnet 10.78.0.0/24 -o com.docker.network.bridge.gateway_mode_ipv4=routed net2 >/dev/null
ns-register attach --name routed --network net2 -p 1-65535:1-65535 >/dev/null
assert_eq "$(nft list set inet ns-register open4 | grep -c '10\.78\.0\.2 \. tcp')" 65535 "ports that are let in"
ns-register rm -f routed >/dev/null
