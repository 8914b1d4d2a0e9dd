#!/usr/bin/env bash
# `run`: a container and a command in one; exit statuses, signals, files, variables, user, and the end, however it comes.
source "$(dirname "$0")/lib.sh"
start_daemon
mkfifo /run/tmp/never
nsr network create --subnet 10.77.0.0/24 net1 >/dev/null

status_of() { # status_of COMMAND..: its exit status, its output in OUT and ERR
    local status=0
    "$@" >/run/tmp/out 2>/run/tmp/err || status=$?
    OUT=$(cat /run/tmp/out) ERR=$(cat /run/tmp/err)
    STATUS=$status
}
assert_gone() { # assert_gone NAME: not registered any more; waits for what the kernel has to tell the daemon
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        nsr inspect "$1" >/dev/null 2>&1 || return 0
        python3 -c 'import time; time.sleep(0.01)'
    done
    fail "container '$1' is still there"
}

# The exit status is the command's; 125, 126, 127 as docker run.
status_of nsr run -- sh -c 'exit 42'
assert_eq $STATUS 42
status_of nsr run -- sh -c 'kill -TERM $$'
assert_eq $STATUS 143 'status of a command that a signal ended'
status_of nsr run -- /nonexistent/command
assert_eq $STATUS 127
assert_match "$ERR" "'/nonexistent/command': No such file or directory"
status_of nsr run -- /etc/passwd
assert_eq $STATUS 126
status_of nsr run --network nosuch -- true
assert_eq $STATUS 125
assert_eq "$ERR" 'Error: network nosuch not found'
status_of nsr run --name x
assert_eq $STATUS 125
status_of nsr run --ip bogus -- true
assert_eq $STATUS 125
assert_eq "$(nsr ps -aq)" '' 'containers that are left'

# What the command sees.
status_of nsr run --name web --network net1 --hostname shop --add-host db:192.0.2.7 -e COLOR='light blue' -- sh -c '
    hostname; echo "$HOSTNAME,$COLOR"; cat /etc/hosts; grep -v "^#" /etc/resolv.conf; ip -brief -4 address show eth0'
assert_eq $STATUS 0
assert_match "$OUT" '^shop$'
assert_match "$OUT" '^shop,light blue$'
assert_match "$OUT" '^192.0.2.7	db$'
assert_match "$OUT" '^10.77.0.[0-9]+	shop$'
assert_match "$OUT" '^nameserver 127.0.0.11$'
assert_match "$OUT" '^eth0.* 10.77.0.'
assert_eq "$(hostname)" "$(cat /proc/sys/kernel/hostname)"
grep -q 'shop' /etc/hosts && fail "the machine's own hosts file was changed"
assert_eq "$(printf 'a\nb\n' | nsr run -i -- wc -l)" 2 'standard input'
assert_eq "$(nsr run --user 1000:1000 --workdir /usr -- sh -c 'id -u; id -g; pwd' | tr '\n' ' ')" '1000 1000 /usr '
assert_eq "$(nsr run --user nobody -- id -un)" nobody
# Nothing of ours is open in the command: above all not the socket of the daemon.
nsr run -- ls -l /proc/self/fd | grep 'socket:' && fail "a command of run has a socket"
nsr attach --name fds >/dev/null
inside fds ls -l /proc/self/fd | grep 'socket:' && fail "a command of exec has a socket"
nsr rm -f fds >/dev/null
assert_eq "$(nsr run --network host -- readlink /proc/self/ns/net)" "$(readlink /proc/self/ns/net)"
assert_eq "$(nsr run --network none -- ip -brief link | wc -l)" 1

# A detached one; exec has the same view; another joins its network.
id=$(nsr run -d --name server --network net1 --hostname www -e COLOR=red -- python3 -m http.server 8080)
assert_eq "$(nsr inspect server | field 'it[0]["Id"]')" "$id"
assert_match "$(nsr run --network net1 -- sh -c '
    for i in $(seq 100); do curl -sf http://server:8080/ && exit 0; python3 -c "import time; time.sleep(0.05)"; done')" 'Directory listing'
assert_eq "$(inside server sh -c 'hostname; echo $COLOR' | tr '\n' ' ')" 'www red '
assert_eq "$(inside server cat /etc/hosts)" "$(cat "$(nsr inspect server | field 'it[0]["HostsPath"]')")"
assert_match "$(nsr run --network container:server -- curl -sf http://localhost:8080/)" 'Directory listing'
pid=$(nsr inspect server | field 'it[0]["State"]["Pid"]')
assert_match "$(tr '\0' ' ' </proc/"$pid"/cmdline)" 'http.server'
nsr stop server >/dev/null
assert_gone server
[ ! -e /proc/"$pid" ] || [ "$(awk '{ print $3 }' /proc/"$pid"/stat)" = Z ] || fail "the command outlived its container"

# stop asks, waits, and kills what does not heed it; the exit status is the command's own, whoever looks after it.
waiting() { # waiting NAME TRAP FLAGS..: a detached shell with this trap that is ready
    nsr run -d --rm=false --name "$1" --network net1 "${@:3}" -- sh -c "trap $2; >/run/tmp/$1; while :; do sleep 0.05; done" \
        >/dev/null
    until [ -e /run/tmp/"$1" ]; do :; done
}
exit_of() { nsr inspect "$1" | field 'it[0]["State"]["ExitCode"], it[0]["State"]["Status"]'; }
waiting heeds '"exit 9" TERM'
waiting polite '"exit 8" INT' --stop-signal INT
waiting deaf '"" TERM' --stop-timeout 1
waiting waits '"" TERM'
assert_eq "$(nsr inspect deaf | field 'it[0]["Config"]["StopTimeout"]')" 1
nsr run -d --name onlooker --network net1 -- sleep 1000 >/dev/null
assert_eq "$(nsr stop heeds)" heeds
assert_eq "$(exit_of heeds)" "(9, 'exited')"
nsr stop polite >/dev/null
assert_eq "$(exit_of polite)" "(8, 'exited')"
assert_fails 'Invalid signal: NOSUCH' nsr kill -s NOSUCH waits
nsr kill -s USR1 waits >/dev/null
nsr stop -t 0 waits >/dev/null
assert_match "$(exit_of waits)" '13[78]' # SIGUSR1, or SIGKILL if that was faster
assert_eq "$(nsr stop deaf)" deaf
assert_eq "$(exit_of deaf)" "(137, 'exited')"
assert_eq "$(nsr kill onlooker)" onlooker
assert_eq "$(nsr ps -aq --filter name=onlooker)" ''
nsr rm heeds polite deaf waits >/dev/null

# Nobody looks after the command any more: the kernel still tells how it ended.
nsr run -d --rm=false --name orphan -- sh -c 'read -r x </run/tmp/never; exit 5' >/dev/null
pid=$(nsr inspect orphan | field 'it[0]["State"]["Pid"]')
kill -KILL "$(awk '{ print $4 }' /proc/"$pid"/stat)"
echo go >/run/tmp/never
until [ "$(nsr inspect orphan | field 'it[0]["State"]["Status"]')" = exited ]; do :; done
assert_eq "$(exit_of orphan)" "(5, 'exited')"
nsr rm orphan >/dev/null

# A detached command that cannot be: its status, and nothing is left.
status_of nsr run -d -- /nonexistent/command
assert_eq $STATUS 127
assert_match "$ERR" 'No such file'
assert_eq "$(nsr ps -aq)" ''

# Kept on demand, with the exit status.
status_of nsr run --rm=false --name kept -- sh -c 'exit 7'
assert_eq $STATUS 7
assert_eq "$(nsr inspect kept | field 'it[0]["State"]["ExitCode"], it[0]["State"]["Status"]')" "(7, 'exited')"
nsr rm kept >/dev/null

# Signals reach the command.
ns-register run --name sig -- sh -c 'trap "echo caught; exit 3" USR1; echo ready; while :; do read -r x <>/run/tmp/never; done' >/run/tmp/sig &
runner=$!
until grep -q ready /run/tmp/sig; do :; done
kill -USR1 $runner
status=0
wait $runner || status=$?
assert_eq "$status $(tail -n1 /run/tmp/sig)" '3 caught'

# SIGKILL of the command, and of the program: the container goes.
for victim in command program; do
    ns-register run --name victim --network net1 -- sleep 1000 &
    runner=$!
    until pid=$(nsr inspect victim 2>/dev/null | field 'it[0]["State"]["Pid"]' 2>/dev/null) &&
        grep -qs sleep /proc/"$pid"/comm; do :; done
    if [ $victim = command ]; then kill -KILL "$pid"; else kill -KILL $runner; fi
    wait $runner 2>/dev/null || true
    assert_gone victim
    [ ! -e /proc/"$pid" ] || [ "$(awk '{ print $3 }' /proc/"$pid"/stat)" = Z ] || fail "the command lives on"
done

# A command that ends while the daemon is dead: its container is gone when the next daemon answers; one that lives stays.
nsr run -d --name dies --network net1 -- sleep 1000 >/dev/null
nsr run -d --name lives --network net1 -- sleep 1000 >/dev/null
pid=$(nsr inspect dies | field 'it[0]["State"]["Pid"]')
kill_daemon
kill -KILL "$pid"
start_daemon
assert_gone dies
assert_eq "$(nsr inspect lives | field 'it[0]["State"]["Status"]')" running
nsr rm -f lives >/dev/null
assert_eq "$(nsr ps -aq)" ''
assert_eq "$(ls $SCRATCH_STATE/containers)" '' 'files that are left'
