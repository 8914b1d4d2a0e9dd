#!/usr/bin/env bash
# The files and rules in a process's own namespaces (`--pid`): SIGKILL in the middle of a start or a stop, links, shared mounts.
source "$(dirname "$0")/lib.sh"
command -v strace >/dev/null || exit 77
mount --make-shared /run # as systemd leaves it: what we mount elsewhere must still be ours alone
start_daemon
nsr network create --subnet 10.77.0.0/24 net1 >/dev/null
ip link add mvp0 type veth peer name mvp1
ip link set mvp0 up
nsr network create --driver macvlan -o parent=mvp0 --subnet 10.79.0.0/24 mv1 >/dev/null

process() { # process: makes one with namespaces of its own; its number is in PROCESS
    unshare --net --mount --propagation private sleep 1000 &
    PROCESS=$!
    until grep -qs sleep /proc/$PROCESS/comm; do :; done
}
alone() { [ "$(nsenter -t $PROCESS -n ip -oneline link | wc -l)" = 1 ]; } # with lo
assert_untouched() { # assert_untouched WHEN: nothing of ours is in the process's namespaces
    assert_eq "$(nsenter -t $PROCESS -m cat /etc/hosts)" "$(cat /etc/hosts)" "hosts $1"
    assert_eq "$(nsenter -t $PROCESS -m cat /etc/resolv.conf)" "$(cat /etc/resolv.conf)" "resolv.conf $1"
    assert_eq "$(nsenter -t $PROCESS -n nft list tables)" '' "tables $1"
    wait_until "the removal of links $1" alone
}
killed_at() { # killed_at CALL NUMBER COMMAND..: the daemon dies as it begins this system call for the time NUMBER
    local call=$1 number=$2 tracer
    shift 2
    strace -f -qq -o /run/tmp/trace -p $DAEMON_PID -e trace="$call" -e inject="$call":signal=SIGKILL:when="$number" &
    tracer=$!
    until grep -q "TracerPid:.$tracer" /proc/$DAEMON_PID/status; do :; done
    ! ns-register "$@" >/dev/null 2>&1 || fail "the daemon outlived '$*'"
    wait $DAEMON_PID 2>/dev/null || true
    wait $tracer || true
}

process
machine=$(cat /etc/hosts)
nsr attach --name p1 --network net1 --hostname pone --pid $PROCESS >/dev/null
nsr network connect mv1 p1
assert_match "$(nsenter -t $PROCESS -m cat /etc/hosts)" 'pone'
for number in 1 2; do
    killed_at umount2 $number stop p1
    start_daemon
    assert_eq "$(nsr inspect p1 | field 'it[0]["State"]["Status"]')" exited
    assert_untouched "after a kill at the umount2 $number of stop"
    killed_at move_mount $number start p1
    start_daemon
    assert_untouched "after a kill at the move_mount $number of start"
    nsr start p1 >/dev/null
    assert_match "$(nsenter -t $PROCESS -m cat /etc/hosts)" 'pone'
done
# Nobody else's things are taken: another container has the namespace now.
killed_at umount2 1 stop p1
nsenter -t $PROCESS -m umount /etc/hosts /etc/resolv.conf
start_daemon
nsr attach --name p2 --network net1 --hostname ptwo --pid $PROCESS >/dev/null
nsr rm p1 >/dev/null
assert_match "$(nsenter -t $PROCESS -m cat /etc/hosts)" 'ptwo'
assert_match "$(nsenter -t $PROCESS -n nft list tables)" 'ns-register-dns'
nsr rm -f p2 >/dev/null
assert_untouched 'after rm'
assert_eq "$(cat /etc/hosts)" "$machine" "the machine's hosts file"
kill $PROCESS

# A link in a private /etc that leads into a /run that is the machine's, too (systemd-resolved).
mkdir /run/resolve
echo 'nameserver 192.0.2.53' >/run/resolve/resolv.conf
unshare --net --mount --propagation private sh -c '
    cp -r /etc/hosts /run/tmp/hosts; mount -t tmpfs tmpfs /etc; cp /run/tmp/hosts /etc/hosts
    ln -s ../run/resolve/resolv.conf /etc/resolv.conf; exec sleep 1000' &
PROCESS=$!
until grep -qs sleep /proc/$PROCESS/comm; do :; done
nsr attach --name p3 --network net1 --pid $PROCESS >/dev/null
assert_match "$(nsenter -t $PROCESS -m cat /etc/resolv.conf)" '127.0.0.11'
assert_eq "$(cat /run/resolve/resolv.conf)" 'nameserver 192.0.2.53' "the machine's file"
nsr rm -f p3 >/dev/null
assert_eq "$(nsenter -t $PROCESS -m cat /etc/resolv.conf)" 'nameserver 192.0.2.53'
kill $PROCESS
unshare --net --mount --propagation unchanged sh -c '
    mount --make-private /; mount -t tmpfs tmpfs /etc; cp /run/tmp/hosts /etc/hosts
    ln -s ../run/resolve/resolv.conf /etc/resolv.conf; exec sleep 1000' &
PROCESS=$!
until grep -qs sleep /proc/$PROCESS/comm; do :; done
assert_fails "process $PROCESS shares its mounts with the machine (mount propagation): a file over '/run/resolve/resolv.conf' would appear there, too; use --no-files" \
    nsr attach --name p4 --network net1 --pid $PROCESS
assert_eq "$(cat /run/resolve/resolv.conf)" 'nameserver 192.0.2.53' "the machine's file"
assert_match "$(nsenter -t $PROCESS -m cat /etc/hosts)" localhost
assert_eq "$(nsr ps -aq)" ''
kill $PROCESS
stop_daemon
