#!/usr/bin/env bash
# A lookup that waits for a silent server outside holds nobody up; and it is told if the container or the daemon goes.
source "$(dirname "$0")/lib.sh"

ip netns exec outside ip address add 198.51.100.99/24 dev up1
ip netns exec outside python3 -c 'import signal, socket
silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind(("198.51.100.99", 53))
open("/run/tmp/bound", "w").close()
while True:
    silent.recv(512)
    open("/run/tmp/asked", "a").write("x")' &
wait_until "the silent server" test -e /run/tmp/bound
start_daemon

nsr network create net1 >/dev/null
nsr attach --name app --network net1 --dns 198.51.100.99 >/dev/null
nsr attach --name away --network net1 --dns 198.51.100.99 >/dev/null

look_up() { # look_up CONTAINER NAME: in the background, until the server has been asked; its words go to a file
    : >/run/tmp/asked
    ns-register resolve "$2" --from "$1" >"/run/tmp/$2" 2>&1 &
    LOOKUP=$!
    wait_until "the question for $2" test -s /run/tmp/asked
}
still_waits() { kill -0 "$1" 2>/dev/null && [ ! -s "/run/tmp/$2" ] || fail "the lookup of $2 has ended: $(cat "/run/tmp/$2")"; }
told() { # told PID NAME MESSAGE
    local status=0
    wait "$1" || status=$?
    [ "$status" -ne 0 ] || fail "the lookup of $2 has succeeded"
    assert_eq "$(cat "/run/tmp/$2")" "Error: $3"
}

# others attach, ask and detach meanwhile; a second lookup does not wait for the first
look_up app first.example
first=$LOOKUP
nsr attach --name web --network net1 >/dev/null
assert_match "$(nsr resolve web --from app)" 'web\. +5 +A'
nsr rm -f web >/dev/null
still_waits "$first" first.example

# a client that goes away takes nothing with it
look_up app second.example
kill -KILL "$LOOKUP"
wait "$LOOKUP" 2>/dev/null || true
nsr ping >/dev/null

# the container stops meanwhile
look_up away third.example
nsr stop away >/dev/null
told "$LOOKUP" third.example "container away is not running"

# nobody answers: that is said when the time is up
status=0
wait "$first" || status=$?
assert_match "$(cat /run/tmp/first.example)" '^Error: no A record for .first\.example. \(SERVFAIL\)$'
[ "$status" -ne 0 ] || fail "a lookup without an answer has succeeded"

# the daemon ends meanwhile: without waiting for the answer
look_up app fourth.example
before=$EPOCHREALTIME
stop_daemon
told "$LOOKUP" fourth.example "the daemon is stopping"
awk -v before="$before" -v now="$EPOCHREALTIME" 'BEGIN { exit now - before < 3 ? 0 : 1 }' || fail "the end took too long"
