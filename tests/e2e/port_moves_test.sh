#!/usr/bin/env bash
# Published ports while networks come and go: whole or not at all, also when the daemon is killed in between.
source "$(dirname "$0")/lib.sh"
TELL="python3 $REPOSITORY/tests/e2e/tell.py"

told() { # told NAMESPACE ADDRESS PORT: what is said there, or nothing
    local said
    if said=$(TELL_PATIENCE=0.7 ip netns exec "$1" $TELL ask "$2" "$3" tcp); then echo "$said"; fi
}
tells() { [ "$(told "$1" "$2" "$3")" = "$4" ]; }
in_container() { ip netns exec "$1" $TELL "$1" 0.0.0.0 "$2" & }
killed_in() { # killed_in COUNT COMMAND..: SIGKILL when the daemon sends its COUNT-th message to the kernel from now on
    strace -f -qq -p "$DAEMON_PID" -e trace=sendmsg,sendto -e inject="sendmsg,sendto:signal=SIGKILL:when=$1" \
        2>/run/tmp/strace &
    local tracer=$!
    wait_until "the tracer" grep -qE '^TracerPid:\s+[1-9]' "/proc/$DAEMON_PID/status"
    "${@:2}" >/dev/null 2>&1 || true
    kill -KILL "$DAEMON_PID" 2>/dev/null || true # a late count may not have been reached
    wait "$DAEMON_PID" 2>/dev/null || true
    wait $tracer 2>/dev/null || true
}

start_daemon
nsr network create --subnet 10.77.0.0/24 net1 >/dev/null
nsr network create --subnet 10.78.0.0/24 net2 >/dev/null
$TELL host 127.0.0.1 80 &
wait_until "the host's own service" $TELL ask 127.0.0.1 80 tcp

# from one address of the host to another: our own sockets are not in the way, and a refusal leaves all as it was
nsr network create -o com.docker.network.bridge.host_binding_ipv4=127.0.0.1 local >/dev/null
nsr attach --name narrow --network local -p 8060:80 -p 0.0.0.0:8061:80 >/dev/null
nsr network connect net1 narrow
nsr network disconnect local narrow
assert_eq "$(nsr port narrow | grep -v '\[::\]')" "80/tcp -> 0.0.0.0:8060
80/tcp -> 0.0.0.0:8061"
in_container narrow 80
wait_until "narrow" tells outside 198.51.100.1 8060 "narrow 198.51.100.53"
nsr network connect --gw-priority 9 local narrow
assert_match "$(nsr port narrow)" '^80/tcp -> 127\.0\.0\.1:8060'
assert_eq "$(told outside 198.51.100.1 8060)" ""
ip addr add 198.51.100.2/24 dev up0
$TELL hold 198.51.100.2 8060 >/run/tmp/held &
holder=$!
wait_until "the holder" grep -q held /run/tmp/held
before=$(nsr port narrow)
said=$(nsr network connect --gw-priority 10 net2 narrow 2>&1 || true)
assert_match "$said" "0\.0\.0\.0:8060/tcp: address already in use \(held by .*, pid $holder\)"
assert_eq "$(nsr port narrow)" "$before" "ports after the refusal"
assert_eq "$(ip netns exec narrow ip -o link | grep -c gone || true)" 0 "links on their way out after the refusal"
assert_eq "$(ip netns exec narrow ip -o link | grep -c eth)" 2 "links after the refusal"
assert_match "$($TELL ask 127.0.0.1 8060 tcp)" '^narrow '
kill $holder
nsr detach narrow

# a network that is gone can still be left
nsr network create passing >/dev/null
nsr create --name waiting --network net1 >/dev/null
nsr network connect passing waiting
nsr network rm passing >/dev/null
assert_fails "network passing not found" nsr start waiting
nsr network disconnect passing waiting
nsr start waiting >/dev/null
assert_fails "network passing not found" nsr network disconnect passing waiting
nsr detach waiting

if command -v strace >/dev/null; then
    # killed while the last network is left: its ports are gone, and nobody is led to the host's own service
    for count in 1 2 3 5 8; do
        nsr attach --name web --network net1 -p 8080:80 >/dev/null
        killed_in $count ns-register network disconnect net1 web
        start_daemon
        if [ "$(nsr inspect web | field 'list(it[0]["NetworkSettings"]["Networks"])')" = "['net1']" ]; then
            assert_match "$(nsr port web)" '^80/tcp -> 0\.0\.0\.0:8080'
        else
            assert_eq "$(nsr port web)" "" "ports after SIGKILL at message $count"
            assert_eq "$(ss -Hltn '( sport = :8080 )')" "" "sockets after SIGKILL at message $count"
        fi
        assert_eq "$(told outside 198.51.100.1 8080)" "" "told after SIGKILL at message $count"
        nsr detach web
    done
    # killed while a network is joined or left: the ports lead to the one that the registry has
    for count in 1 4 8; do
        for change in connect disconnect; do
            nsr attach --name web --network net1 -p 8080:80 >/dev/null
            [ $change = connect ] || nsr network connect --gw-priority 9 net2 web
            in_container web 80
            killed_in $count ns-register network $change net2 web
            start_daemon
            wait_until "web after SIGKILL at message $count of $change" tells outside 198.51.100.1 8080 "web 198.51.100.53"
            nsr detach web
        done
    done
fi
stop_daemon
echo "port moves: passed"
