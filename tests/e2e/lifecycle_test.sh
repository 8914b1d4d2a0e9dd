#!/usr/bin/env bash
# What happens to names and addresses while containers come, stop, move and go.
source "$(dirname "$0")/lib.sh"
start_daemon
empty=$(kernel_state)

id=$(nsr network create --subnet 10.80.0.0/24 net1)
assert_match "$id" '^[0-9a-f]{64}$'
nsr network create --subnet 10.81.0.0/24 net2 >/dev/null
assert_match "$(ip -json link show | field '[l["ifname"] for l in it]')" "br-${id:0:12}"
assert_match "$(nsr network ls)" "^${id:0:12} +net1 +bridge +local"
nsr attach --name watcher --network net1 >/dev/null

# create registers, start attaches, stop releases the address but not the name, rm forgets
id=$(nsr create --name web --network net1)
assert_match "$id" '^[0-9a-f]{64}$'
assert_owned watcher web
nsr start web >/dev/null
assert_resolves watcher web 10.80.0.3
assert_eq "$(nsr inspect web | field 'it[0]["State"]["Status"]')" running
nsr stop web >/dev/null
assert_owned watcher web
assert_match "$(nsr ps -a --format json)" '"web"'
[ -z "$(nsr ps --format json | grep '"web"')" ] || fail "a stopped container is listed without -a"
nsr attach --name early --network net1 >/dev/null
nsr start web >/dev/null
assert_resolves watcher early 10.80.0.3
assert_resolves watcher web 10.80.0.4
nsr restart web >/dev/null
assert_resolves watcher web 10.80.0.4
assert_fails 'Invalid signal: BOGUS' nsr kill -s BOGUS web
nsr kill -s HUP web >/dev/null
assert_eq "$(nsr inspect web | field 'it[0]["State"]["Status"]')" running 'a container that was told to read its files again'
nsr kill web >/dev/null
assert_owned watcher web
nsr start web >/dev/null

# a new name at once, the old one no longer
nsr rename web shop >/dev/null
assert_resolves watcher shop 10.80.0.4
assert_unknown watcher web
assert_eq "$(short watcher -x 10.80.0.4)" shop.net1.

# a second network: eth1, its own names there, gone again with disconnect
nsr attach --name other --network net2 >/dev/null
nsr network connect --alias store --ip 10.81.0.50 net2 shop >/dev/null
assert_eq "$(address_of shop eth1)" 10.81.0.50
assert_resolves other store 10.81.0.50
assert_resolves other shop.net2 10.81.0.50
assert_resolves shop other 10.81.0.2
inside shop ping -c 1 -W 2 other >/dev/null
nsr network disconnect net2 shop >/dev/null
assert_unknown other store
assert_unknown shop other

# networks do not reach each other
! inside other ping -c 1 -W 1 10.80.0.2 >/dev/null || fail "a container reached one of another network"

# a namespace that somebody else made is used and left alone
ip netns add mine
nsr attach --name guest --network net1 --netns /run/netns/mine >/dev/null
assert_eq "$(address_of mine)" 10.80.0.5
assert_resolves watcher guest 10.80.0.5
nsr detach guest >/dev/null
ip netns exec mine true
ip netns del mine

# all goes as it came
for name in watcher shop early other; do nsr detach $name >/dev/null; done
assert_match "$(nsr network prune -f)" 'net1'
assert_eq "$(nsr ps -a --format json)" ""
wait_until "the removal of the last links" bash -c '! ip -oneline link show group 7238515 | grep -q .'
assert_state "$empty" "after everything was removed"
stop_daemon
