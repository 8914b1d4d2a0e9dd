#!/usr/bin/env bash
# A slow, greedy or malformed client harms no other: what another container is answered meanwhile, and how soon.
source "$(dirname "$0")/lib.sh"
HARM=$REPOSITORY/tests/e2e/harm.py
start_daemon

nsr network create net1 >/dev/null
nsr attach --name web --network net1 >/dev/null
nsr attach --name good --network net1 >/dev/null
nsr attach --name bad --network net1 >/dev/null

metric() { # metric NAME: of all workers
    curl -s --unix-socket $SOCKET http://localhost/metrics | awk -v name="$1" 'index($1, name) == 1 { sum += $2 } END { print sum + 0 }'
}
is_refusing() { [ "$(metric nsr_dns_tcp_refused_total)" -gt 0 ] && [ "$(metric nsr_dns_tcp_connections)" -le 128 ]; }
measure() { # measure WHAT: what `good` is answered at this moment
    read -r p50 p99 max lost < <(ip netns exec good python3 "$HARM" ask 2 web)
    printf '%-42s p50 %6s ms  p99 %6s ms  max %6s ms  lost %s\n' "$1" "$p50" "$p99" "$max" "$lost"
    assert_eq "$lost" 0 "lost beside $1"
    [ "${p99%.*}" -lt 250 ] || fail "p99 beside $1: $p99 ms"
}
beside() { # beside WHAT HARM-ARGUMENTS..: `good` asks while `bad` does that
    ip netns exec bad python3 "$HARM" "${@:2}" >/run/tmp/bad 2>/run/tmp/bad.err &
    local bad=$!
    [ "$2" != trickle ] || wait_until "a refusal of connections" is_refusing
    measure "$1"
    kill -0 $bad || fail "$1 has ended: $(cat /run/tmp/bad.err)"
    kill -KILL $bad
    wait $bad 2>/dev/null || true
}

measure "nobody"
beside "1000 TCP connections, a byte a second" trickle 1000
assert_eq "$(dig_in good +tcp +short web)" "$(address_of web)" "over TCP"
beside "100 TCP connections that read nothing" unread 100
beside "a flood of names of ours" flood local
beside "a flood of garbage" flood garbage
kill $SCRATCH_DNS_PID # silence outside: each question waits
wait $SCRATCH_DNS_PID 2>/dev/null || true
beside "a flood of names that nobody answers" flood outside
[ "$(metric nsr_dns_forward_overload_total)" -gt 0 ] || fail "refused questions are not counted"
stop_daemon
