#!/usr/bin/env bash
# A daemon that dies in the midst of a stop: what it had put into a namespace that is not its own is gone after the next
# start, and what others put there is not.
source "$(dirname "$0")/lib.sh"
start_daemon
ip link add card type veth peer name far
ip link set card up
ip link set far up
nsr network create -d macvlan -o parent=card --subnet 10.88.0.0/24 lan >/dev/null
nsr network create --subnet 10.77.0.0/24 net1 >/dev/null

ip netns add theirs
ip -n theirs link add link lo name keep type macvlan 2>/dev/null || ip -n theirs link add keep type bridge
unshare --net --mount --fork --propagation private sleep 1000 &
until pid=$(pgrep -P $! sleep) && [ "$(readlink /proc/"$pid"/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do :; done
look() { # what is in the two namespaces that is ours or might be
    for place in /run/netns/theirs /proc/"$pid"/ns/net; do
        nsenter --net=$place ip -brief link | awk '!/^gone/ { print $1 }' | sort
        nsenter --net=$place nft list tables
    done
    grep -c ns-register /proc/"$pid"/mountinfo || true
}
before=$(look)

# What a daemon leaves that dies right after it has written down that they are stopped: everything in the kernel.
nsr attach --name path --netns /run/netns/theirs --network lan --network net1 >/dev/null
nsr attach --name process --pid "$pid" --network lan >/dev/null
nsr stop path process >/dev/null
assert_eq "$(look)" "$before" 'after an orderly stop'
kill_daemon
mkdir /run/tmp/stopped
cp $SCRATCH_STATE/registry.db* /run/tmp/stopped/
start_daemon
nsr start path process >/dev/null
attached=$(look)
[ "$attached" != "$before" ] || fail "nothing was attached"
kill_daemon
assert_eq "$(look)" "$attached" 'after the death of the daemon'
rm $SCRATCH_STATE/registry.db*
cp /run/tmp/stopped/registry.db* $SCRATCH_STATE/
start_daemon
assert_eq "$(nsr ps -a --format json | grep -c '"exited"')" 2
assert_eq "$(look)" "$before" 'after the next start'

# Another container in the same namespace keeps what is its own.
nsr attach --name heir --netns /run/netns/theirs --network lan >/dev/null
attached=$(look)
kill_daemon
start_daemon
assert_eq "$(look)" "$attached" 'with an heir'
nsr rm -f heir path process >/dev/null
assert_eq "$(look)" "$before" 'at the end'
