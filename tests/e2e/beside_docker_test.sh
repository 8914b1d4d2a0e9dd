#!/usr/bin/env bash
# Beside a real dockerd in one host, in both orders: ours first, both work as they are; dockerd first, its forward policy is
# named with what lets us pass, and with docker_user = true both work.
command -v dockerd >/dev/null && command -v iptables >/dev/null && command -v busybox >/dev/null || exit 77
source "$(dirname "$0")/lib.sh"

run_dockerd() {
    mkdir -p /run/docker-test
    dockerd --data-root /run/docker-test/data --exec-root /run/docker-test/exec -p /run/docker-test/pid \
        -H unix:///run/docker-test/docker.sock --storage-driver vfs >/run/docker-test/log 2>&1 &
    DOCKERD_PID=$!
    wait_until dockerd dk version
}
end_dockerd() {
    kill -TERM "$DOCKERD_PID"
    wait "$DOCKERD_PID" || true
    ip link delete docker0
}
dk() { docker -H unix:///run/docker-test/docker.sock "$@"; }
outside_from_docker() { dk run --rm bb ping -c 1 -W 2 $SCRATCH_UPSTREAM; }
import_image() {
    mkdir -p /run/image/bin
    cp "$(command -v busybox)" /run/image/bin/busybox
    ln -sf busybox /run/image/bin/ping
    tar -C /run/image -c . | dk import - bb >/dev/null
}
outside_from_ours() { inside web ping -c 1 -W 2 $SCRATCH_UPSTREAM; }
docker_runs=yes

# ours first: we turn forwarding on, so Docker leaves the policy as it is
start_daemon
nsr attach --name web >/dev/null
outside_from_ours >/dev/null
run_dockerd
import_image
dk run --rm bb /bin/busybox true >/dev/null 2>&1 || docker_runs= # no cgroups here: Docker cannot run anything at all
outside_from_ours >/dev/null
[ -z "$docker_runs" ] || outside_from_docker >/dev/null
[ -z "$(grep foreign_firewall "$SCRATCH_LOG")" ] || fail "a warning though Docker accepts"
nsr stop web >/dev/null
nsr rm web >/dev/null
stop_daemon
end_dockerd

# dockerd first: it finds forwarding off and drops what it does not know
nft flush ruleset
ip link delete nsr0
rm -rf $SCRATCH_STATE
echo 0 >/proc/sys/net/ipv4/ip_forward
run_dockerd
assert_match "$(iptables -S FORWARD)" '^-P FORWARD DROP'
start_daemon
warning=$(nsr attach --name web 2>&1 >/dev/null)
assert_match "$warning" "chain 'FORWARD' of table 'ip filter' belongs to another program"
assert_match "$warning" 'iptables -I DOCKER-USER -i \$i -j ACCEPT'
status=0
found=$(ns-register doctor 2>/dev/null) || status=$?
assert_eq "$status" 1 "status of doctor"
assert_match "$found" "^WRONG +other firewalls: the chain 'FORWARD' of table 'ip filter'"
assert_match "$found" "fix: for i in nsr0"
outside_from_ours >/dev/null 2>&1 && fail "Docker's policy does not cut us off"

# the line that it names is enough
eval "$(sed -n 's/^ *fix: \(for i in .*done\), or.*/\1/p' <<<"$found")"
outside_from_ours >/dev/null
iptables -F DOCKER-USER
stop_daemon

# docker_user: our rules go there by themselves, and leave with the network
printf '[nft]\ndocker_user = true\n' >/run/tmp/config.toml
start_daemon --config /run/tmp/config.toml
outside_from_ours >/dev/null
[ -z "$docker_runs" ] || outside_from_docker >/dev/null
nsr network create -o com.docker.network.bridge.name=lab0 net1 >/dev/null
assert_match "$(iptables -S DOCKER-USER)" '^-A DOCKER-USER -i lab0 .*-j ACCEPT'
nsr network rm net1 >/dev/null
[ -z "$(iptables -S DOCKER-USER | grep lab0)" ] || fail "a rule of a network that is gone"
nsr doctor >/dev/null
dk network create dknet >/dev/null
