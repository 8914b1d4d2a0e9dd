#!/usr/bin/env bash
# `run` and `exec` as scripts use them: streams, terminals, closed descriptors, users, a host without the files that are to
# be covered, and a daemon that is away when the command ends.
source "$(dirname "$0")/lib.sh"
start_daemon
mkfifo /run/tmp/go
status_of() { # status_of COMMAND..: its exit status, its output in OUT and ERR
    local status=0
    "$@" >/run/tmp/out 2>/run/tmp/err || status=$?
    OUT=$(cat /run/tmp/out) ERR=$(cat /run/tmp/err)
    STATUS=$status
}

# Much output through a pipe, input from a file and from a pipe, and standard error apart.
head -c 3000000 /dev/urandom >/run/tmp/blob
assert_eq "$(nsr run -- cat /run/tmp/blob | sha256sum)" "$(sha256sum </run/tmp/blob)" 'output'
assert_eq "$(nsr run -- sha256sum </run/tmp/blob)" "$(sha256sum </run/tmp/blob)" 'input from a file'
assert_eq "$(sed -n '1,$p' /run/tmp/blob | nsr run -i -- cat | sha256sum)" "$(sha256sum </run/tmp/blob)" 'through'
status_of nsr run -- sh -c 'echo out; echo err >&2'
assert_eq "$OUT,$ERR" 'out,err'

# Standard input, output and error closed.
status_of nsr run -- sh -c 'ls -l /proc/self/fd | grep -c /dev/null' 0<&- 2>&-
assert_eq "$STATUS" 0
id=$(nsr run -d --name closed -- sleep 1000 0<&- 2>&-)
assert_eq "$(nsr inspect closed | field 'it[0]["Id"]')" "$id"
[ ${#id} = 64 ] || fail "no id, but '$id'"
nsr run -d --name shut -- sleep 1000 0<&- 1>&- 2>&-
pid=$(nsr inspect shut | field 'it[0]["State"]["Pid"]')
until grep -qs sleep /proc/"$pid"/comm; do :; done
assert_eq "$(readlink /proc/"$pid"/fd/[012] | sort -u)" /dev/null
nsr kill closed shut >/dev/null

# Nothing else is open in the command: no way to the daemon, no pipe of ours.
open_files='import os; print([fd for fd in map(int, os.listdir("/proc/self/fd")) if fd > 2 and fd < 10])'
assert_eq "$(nsr run -- python3 -c "$open_files")" "$(python3 -c "$open_files")" "what its caller has open"

# Children that the command leaves unwaited for do not hold it up, nor does one that outlives it.
status_of nsr run -- sh -c 'for i in 1 2 3; do true & done; exec sh -c "exit 4"'
assert_eq "$STATUS" 4
for signal in HUP INT TERM KILL; do
    status_of nsr run -- sh -c "kill -$signal \$\$"
    assert_eq "$STATUS" $((128 + $(kill -l $signal))) "status after SIG$signal"
done

# Users and directories, which exec takes over.
status_of nsr run --user nosuchuser -- true
assert_eq "$STATUS,$ERR" '125,Error: unable to find user nosuchuser: no matching entries in passwd file'
status_of nsr run --user root:nosuchgroup -- true
assert_eq "$STATUS" 125
status_of nsr run --workdir /nonexistent -- true
assert_eq "$STATUS,$ERR" "127,Error: working directory '/nonexistent': No such file or directory"
nsr run -d --name user --user 1000:1000 --workdir /usr --hostname box -e COLOR=red -- sleep 1000 >/dev/null
until inside user true 2>/dev/null; do :; done
assert_eq "$(inside user sh -c 'id -u; id -g; pwd; hostname; echo $COLOR' | tr '\n' ' ')" '1000 1000 /usr box red '
assert_eq "$(nsr exec -u 0:0 -w / -e COLOR=blue user -- sh -c 'id -u; pwd; echo $COLOR' | tr '\n' ' ')" '0 / blue '
status_of nsr exec -u nosuchuser user -- true
assert_eq "$STATUS" 126
nsr kill user >/dev/null

# A terminal of its own: with one at hand, and without.
assert_match "$(nsr run -t -- tty </dev/null)" '^/dev/pts/'
assert_eq "$(nsr run -t -- sh -c 'test -t 0 && test -t 1 && test -t 2 && echo all' </dev/null | tr -d '\r')" all
status_of nsr run -it -- true </dev/null
assert_eq "$STATUS,$ERR" '1,Error: the input device is not a TTY'
status_of nsr run -t -- /nonexistent/command </dev/null
assert_eq "$STATUS" 127
assert_match "$OUT$ERR" 'No such file'
status_of nsr run -t --user 1000:1000 -- sh -c 'exit 6' </dev/null
assert_eq "$STATUS" 6
python3 "$REPOSITORY"/tests/e2e/typist.py || fail "a terminal does not work (see above)"

# The daemon is away when the command ends: the status is still the command's, and known afterwards.
nsr run -d --rm=false --name late -- sh -c 'read -r x </run/tmp/go; exit 11' >/dev/null
ns-register run --rm=false --name front -- sh -c 'read -r x </run/tmp/go; exit 12' &
runner=$!
until nsr inspect front 2>/dev/null | field 'it[0]["State"]["Status"]' 2>/dev/null | grep -q running; do :; done
pids=$(nsr inspect late front | grep -o '"Pid": *[0-9]*' | grep -o '[0-9]*$')
lookers=$(for pid in $pids; do awk '{ print $4 }' /proc/"$pid"/stat; done)
kill_daemon
printf 'go\ngo\n' >/run/tmp/go &
status=0
wait $runner || status=$?
assert_eq $status 12
for looker in $lookers; do
    while [ -e /proc/"$looker" ]; do :; done
done
start_daemon
assert_eq "$(nsr inspect late front | grep -o '"ExitCode": *[0-9]*' | grep -o '[0-9]*$' | sort | tr '\n' ' ')" '11 12 '
nsr rm late front >/dev/null

# The daemon is restarted while the command runs: nobody notices.
ns-register run --name stays -- sh -c 'read -r x </run/tmp/go; exit 13' &
runner=$!
until nsr inspect stays 2>/dev/null | field 'it[0]["State"]["Status"]' 2>/dev/null | grep -q running; do :; done
kill_daemon
start_daemon
echo go >/run/tmp/go
status=0
wait $runner || status=$?
assert_eq $status 13
assert_eq "$(nsr ps -aq)" ''

# A host that has no hosts file, and a resolv.conf that leads nowhere: the container has both, the host still has none.
cp -a /etc /run/tmp/etc
rm /run/tmp/etc/hosts
ln -sf /nonexistent/stub /run/tmp/etc/resolv.conf
mount --bind /run/tmp/etc /etc
nsr network create bare >/dev/null
nsr run -d --name seen --network bare -- sleep 1000 >/dev/null
status_of nsr run --network bare --hostname probe -- sh -c 'cat /etc/hosts; grep -v "#" /etc/resolv.conf; getent hosts seen; id -un
    ls /etc/passwd /etc/ssl; echo changed >/etc/of-mine && cat /etc/of-mine'
assert_eq "$STATUS,$ERR" '0,'
assert_match "$OUT" '	probe$'
assert_match "$OUT" '^nameserver 127.0.0.11$'
assert_match "$OUT" '^172.*seen'
assert_match "$OUT" '^root$'
assert_match "$OUT" '^changed$'
[ ! -e /etc/hosts ] && [ ! -e /etc/resolv.conf ] && [ ! -e /etc/of-mine ] || fail "the host's own /etc was changed"
assert_eq "$(inside seen cat /etc/hosts)" "$(cat "$(nsr inspect seen | field 'it[0]["HostsPath"]')")"

# A daemon that is told to end does not wait for a command that is told to end.
nsr kill seen >/dev/null
nsr run -d --name deaf --network none -- sh -c 'trap "" TERM; >/run/tmp/deaf; while :; do sleep 0.05; done' >/dev/null
until [ -e /run/tmp/deaf ]; do :; done
pid=$(nsr inspect deaf | field 'it[0]["State"]["Pid"]')
# Three connections: of the stop, of the one that looks after the command, and of the question.
ns-register stop --time=-1 deaf 2>/run/tmp/err &
runner=$!
until curl -sf --unix-socket "$SOCKET" http://d/metrics | grep -q 'api_connections 3$'; do :; done
stop_daemon
status=0
wait $runner || status=$?
assert_eq "$status" 1
kill -KILL "$pid"
