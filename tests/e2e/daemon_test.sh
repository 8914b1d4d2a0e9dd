#!/usr/bin/env bash
# The daemon as a program: flags, files, a second instance, how it ends.
source "$(dirname "$0")/lib.sh"

refuses() { # refuses PATTERN FLAG..: one sentence on standard error, exit status not 0, soon
    local said status=0
    [[ " $* " == *" --state-dir "* ]] || set -- "$@" --state-dir $SCRATCH_STATE
    said=$(timeout 10 ns-registerd "${@:2}" 2>&1) || status=$?
    REFUSED_STATUS=$status
    [ $status -ne 0 ] && [ $status -ne 124 ] || fail "should not have started: ${*:2} (status $status)"
    assert_match "$said" "$1"
    assert_eq "$(wc -l <<<"$said")" 1 "lines of '$said'"
}

assert_match "$(ns-registerd --version)" '^ns-registerd [0-9]+\.[0-9]+\.[0-9]+'
assert_match "$(ns-registerd --help)" '--state-dir'
refuses "bogus" --upstream bogus
refuses "bogus" --upstream 10.0.0.1:bogus
refuses "loud" --log-level loud
refuses "/nosuch.toml" --config /nosuch.toml
printf '[[forward]]\ndomain = "%s"\nupstream = "192.0.2.1"\n' a.example A.example. >/run/tmp/twice.toml
refuses "'forward' has the domain 'A.example.' twice" --config /run/tmp/twice.toml
assert_eq "$REFUSED_STATUS" 2
printf '[[forward]]\ndomain = "a.example"\nupstream = []\n' >/run/tmp/nobody.toml
refuses "'forward' needs a domain and an upstream" --config /run/tmp/nobody.toml
assert_eq "$REFUSED_STATUS" 2
refuses "bogus|flag|argument" --bogus
touch /run/tmp/file
refuses "/run/tmp/file" --state-dir /run/tmp/file/state

said=$(setpriv --reuid 65534 --clear-groups "$(command -v ns-registerd)" --state-dir /run/tmp/s 2>&1) && fail "started without root"
assert_match "$said" 'root'

start_daemon
assert_eq "$(stat -c %a "$SOCKET")" 660
assert_eq "$(stat -c %U "$SOCKET")" root

# one daemon for a state directory, and one for a network namespace
refuses "state directory '$SCRATCH_STATE'" --run-dir /run/second
refuses "network namespace" --run-dir /run/second/run --state-dir /run/second/state
[ ! -e /run/second ] || fail "made by a daemon that was refused: $(find /run/second)"
unshare --net timeout 10 ns-registerd --state-dir $SCRATCH_STATE --run-dir /run/third 2>/run/tmp/said && fail "two on one state"
assert_match "$(cat /run/tmp/said)" "$SCRATCH_STATE"
nsr ping >/dev/null

# SIGTERM: ends with 0; containers, links and names stay, and the next start takes them over
nsr network create net1 >/dev/null
nsr attach --name web --network net1 >/dev/null
nsr attach --name client --network net1 >/dev/null
address=$(address_of web)
running=$(kernel_state)
stop_daemon
[ ! -S "$SOCKET" ] || ! nsr ping >/dev/null 2>&1 || fail "something answers after the end"
assert_state "$running" "after SIGTERM"
ip netns exec client ping -c 1 -W 2 "$address" >/dev/null
status=0
said=$(nsr ps 2>&1) || status=$?
assert_eq "$status" 5 "exit status without a daemon"
assert_match "$said" '^Error: '
start_daemon
assert_state "$running" "after the next start"
assert_resolves client web "$address"

# settings from a file; a flag wins over it
stop_daemon
cat >/run/tmp/config.toml <<EOF
upstream = ["198.51.100.99"]
EOF
ns-registerd --help | grep -q -- --config
start_daemon --config /run/tmp/config.toml
assert_resolves client www.example.test 203.0.113.80
stop_daemon
