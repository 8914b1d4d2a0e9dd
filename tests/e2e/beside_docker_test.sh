#!/usr/bin/env bash
# Beside a real dockerd in one host, in both orders: ours first, both work as they are; dockerd first, its forward policy is
# named with what lets us pass, and with docker_user = true both work.
for program in dockerd iptables busybox; do command -v $program >/dev/null || exit 77; done
source "$(dirname "$0")/lib.sh"

DOCKER_DIR=/run/docker-test
DOCKER_CGROUP=ns-register-test-$RANDOM$RANDOM

dk() { timeout 20 docker -H unix://$DOCKER_DIR/docker.sock "$@"; }
run_dockerd() {
    mkdir -p $DOCKER_DIR
    dockerd --data-root $DOCKER_DIR/data --exec-root $DOCKER_DIR/exec -p $DOCKER_DIR/pid -H unix://$DOCKER_DIR/docker.sock \
        --storage-driver vfs --cgroup-parent $DOCKER_CGROUP --dns $SCRATCH_UPSTREAM >>$DOCKER_DIR/log 2>&1 &
    DOCKERD_PID=$!
    wait_until dockerd dk version
}
end_dockerd() { # and everything that it leaves in the kernel
    kill -TERM "$DOCKERD_PID"
    timeout 15 tail --pid="$DOCKERD_PID" -f /dev/null || fail "dockerd does not end"
    ip link delete docker0
    nft flush ruleset
    find /sys/fs/cgroup -depth -type d -name "$DOCKER_CGROUP" -exec rmdir {} + 2>/dev/null || true
}

# Docker's container `theirs` answers with its name on port 80, and on port 8001 of the host.
run_theirs() {
    if ! dk image inspect bb >/dev/null 2>&1; then
        mkdir -p /run/image/bin
        cp "$(command -v busybox)" /run/image/bin/busybox
        tar -C /run/image -c . | dk import - bb >/dev/null
    fi
    dk run -d --name theirs -p 8001:80 bb /bin/busybox nc -ll -p 80 -e /bin/busybox echo theirs >/dev/null
}
# The same of ours, on port 8002.
run_ours() {
    nsr attach --name ours -p 8002:80 2>&1 >/dev/null
    ip netns exec ours busybox nc -ll -p 80 -e busybox echo ours >/dev/null 2>&1 &
}
in_theirs() { dk exec theirs /bin/busybox "$@"; }
outside() { ip netns exec outside "$@"; }
heard() { "${@:3}" timeout 3 busybox nc -w 2 "$1" "$2" </dev/null; } # heard ADDRESS PORT [COMMAND THAT RUNS IT..]
hears() { # hears WHOM PORT: from outside and from the host
    wait_until "$1 at port $2" heard 198.51.100.1 "$2" outside
    assert_eq "$(heard 198.51.100.1 "$2" outside)" "$1" "port $2 from outside"
    assert_eq "$(heard 127.0.0.1 "$2")" "$1" "port $2 from the host's loopback"
}
theirs_works() {
    in_theirs ping -c 1 -W 2 $SCRATCH_UPSTREAM >/dev/null
    in_theirs nslookup www.example.test | grep -q 203.0.113.80
    hears theirs 8001
}
ours_works() {
    inside ours ping -c 1 -W 2 $SCRATCH_UPSTREAM >/dev/null
    assert_resolves ours www.example.test 203.0.113.80
    hears ours 8002
}
cut_off() { ! inside ours ping -c 1 -W 1 $SCRATCH_UPSTREAM >/dev/null; }
subnet_of() { ip -json -4 address show "$1" | field 'it[0]["addr_info"][0]["local"]' | cut -d. -f1,2; }

# --- ours first: forwarding is on already, so Docker leaves the policy as it is
start_daemon
assert_eq "$(run_ours)" "" "warnings of attach"
ours_works
run_dockerd
run_theirs
[ "$(subnet_of nsr0)" != "$(subnet_of docker0)" ] || fail "two networks with one subnet"
theirs_works
ours_works
nsr doctor >/dev/null
[ -z "$(grep foreign_firewall $SCRATCH_LOG)" ] || fail "a warning though Docker accepts"
# Neither reaches the other's containers, but by published ports.
assert_eq "$(heard 198.51.100.1 8001 ip netns exec ours)" theirs "their port from our container"
assert_eq "$(in_theirs nc -w 2 198.51.100.1 8002)" ours "our port from their container"
[ -z "$(in_theirs nc -w 1 "$(address_of ours)" 80 2>/dev/null)" ] || fail "their container reaches into ours"
nsr stop ours >/dev/null
nsr rm ours >/dev/null
[ -n "$(iptables -S FORWARD | grep docker0)" ] || fail "Docker's rules are gone"
stop_daemon
dk rm -f theirs >/dev/null
end_dockerd

# --- dockerd first: it finds forwarding off and drops what it does not know
ip link delete nsr0
rm -rf $SCRATCH_STATE
echo 0 >/proc/sys/net/ipv4/ip_forward
run_dockerd
assert_match "$(iptables -S FORWARD)" '^-P FORWARD DROP'
run_theirs
theirs_works
start_daemon
warning=$(run_ours)
assert_match "$warning" "chain 'FORWARD' of table 'ip filter' belongs to another program"
assert_match "$warning" 'iptables -I DOCKER-USER -i \$i -j ACCEPT'
status=0
found=$(ns-register doctor 2>/dev/null) || status=$?
assert_eq "$status" 1 "status of doctor"
assert_match "$found" "^WRONG +other firewalls: the chain 'FORWARD' of table 'ip filter'"
assert_match "$found" "fix: for i in nsr0"
cut_off || fail "Docker's policy does not cut us off: what is the warning for?"
theirs_works

# The line that it names is enough.
rules=$(iptables -S)
eval "$(sed -n 's/^ *fix: \(for i in .*done\), or.*/\1/p' <<<"$found")"
ours_works
theirs_works
iptables -F DOCKER-USER
iptables -A DOCKER-USER -j RETURN
assert_eq "$(iptables -S)" "$rules" "Docker's rules, restored"
stop_daemon

# --- docker_user: our rules go there by themselves, and leave with the network
printf '[nft]\ndocker_user = true\n' >/run/tmp/config.toml
start_daemon --config /run/tmp/config.toml
ours_works
theirs_works
nsr network create -o com.docker.network.bridge.name=lab0 net1 >/dev/null
assert_match "$(iptables -S DOCKER-USER)" '^-A DOCKER-USER -i lab0 .*-j ACCEPT'
nsr network rm net1 >/dev/null
[ -z "$(iptables -S DOCKER-USER | grep lab0)" ] || fail "a rule of a network that is gone"
nsr doctor >/dev/null
# Docker goes on changing its rules beside ours.
dk network create dknet >/dev/null
dk network rm dknet >/dev/null
theirs_works
ours_works
dk rm -f theirs >/dev/null
end_dockerd
