#!/usr/bin/env bash
# SIGKILL in the middle of what changes files: afterwards they say what the registry says, and the user's lines are there once.
source "$(dirname "$0")/lib.sh"
start_daemon
nsr network create --subnet 10.77.0.0/24 net1 >/dev/null
nsr network create --subnet 10.78.0.0/24 net2 >/dev/null
nsr attach --name web --network net1 --hostname www >/dev/null
nsr attach --name plain --hostname plain >/dev/null
nsr attach --name db --hostname dbhost >/dev/null
nsr attach --name app --hostname apphost --link db:store >/dev/null
nsr attach --name other >/dev/null
for name in web plain app; do inside $name sh -c 'echo "192.0.2.1 mine" >>/etc/hosts'; done

# assert_files CONTAINER: own lines are the addresses of inspect, the user's line is there, resolv.conf fits the networks
assert_files() {
    local inspected hosts
    inspected=$(nsr inspect "$1")
    hosts=$(cat "$(field 'it[0]["HostsPath"]' <<<"$inspected")")
    assert_eq "$(awk -v name="$2" '$2 == name { print $1 }' <<<"$hosts" | sort)" \
        "$(field '"\n".join(sorted(n["IPAddress"] for n in it[0]["NetworkSettings"]["Networks"].values()))' <<<"$inspected")" \
        "own lines of '$1' after $3"
    assert_eq "$(grep -c mine <<<"$hosts")" 1 "the user's line in '$1' after $3"
    local expected=198.51.100.53
    ! grep -q '"net[12]"' <<<"$inspected" || expected=127.0.0.11
    assert_match "$(cat "$(field 'it[0]["ResolvConfPath"]' <<<"$inspected")")" "^nameserver $expected\$"
}

interrupted() { # interrupted DELAY COMMAND..: the daemon is killed so long after the command has begun, and started again
    local delay=$1
    shift
    ns-register "$@" >/dev/null 2>&1 &
    local client=$!
    sleep "$delay" # the moment of the kill is what is varied here
    kill_daemon
    wait $client || true
    start_daemon
}

for delay in 0.000 0.002 0.004 0.006 0.008 0.011 0.015 0.020; do
    for container in web plain; do
        host=$([ $container = web ] && echo www || echo plain)
        interrupted $delay network connect net2 $container
        assert_files $container $host "a kill $delay s into connect"
        nsr network connect net2 $container 2>/dev/null || true
        assert_files $container $host "the connect after that"
        nsr network disconnect net2 $container
    done
    interrupted $delay network disconnect net1 web
    nsr network disconnect net1 web 2>/dev/null || true
    nsr network connect net1 web
    assert_files web www "a kill $delay s into disconnect"

    # The target of a link moves to the address that is free by turns.
    nsr stop db >/dev/null
    nsr restart other >/dev/null
    interrupted $delay start db
    nsr start db >/dev/null
    assert_eq "$(inside app awk '$2 == "store" { print $1 }' /etc/hosts)" \
        "$(nsr inspect db | field 'it[0]["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]')" "line of the link"
    assert_eq "$(inside app grep -c mine /etc/hosts)" 1
    nsr restart plain >/dev/null # no embedded server there any more
    inside plain sh -c 'echo "192.0.2.1 mine" >>/etc/hosts'
done
assert_eq "$(find "$SCRATCH_STATE/containers" -name '*.new')" '' 'temporary files'
