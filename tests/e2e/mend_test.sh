#!/usr/bin/env bash
# What users and other programs do to our links and tables beside us: nothing of it stands in the way of what comes next.
source "$(dirname "$0")/lib.sh"

default_routes() { ip netns exec "$1" ip -json route show default | field 'sorted((r.get("gateway"), r["dev"]) for r in it)'; }
has_link() { ip -json link show | field "'$1' in [link['ifname'] for link in it]"; }
is_differing() { grep -q event=firewall_differs "$SCRATCH_LOG"; }

start_daemon
nsr attach --name web >/dev/null
cable=$(ip -json link show master nsr0 | field 'it[0]["ifname"]')

# a macvlan network neither stands on a link of another network of ours nor takes it along
for parent in nsr0 "$cable"; do
    assert_fails "link '$parent' belongs to a network of ours and cannot be a parent" \
        nsr network create -d macvlan -o "parent=$parent" m0
    assert_eq "$(has_link "$parent")" True "$parent"
done
inside web ping -c 1 -W 2 172.17.0.1 >/dev/null
nsr rm -f web >/dev/null

# an element that another program deletes right before we do
nsr attach --name web -p 80:80 >/dev/null
nft delete element inet ns-register publish4 '{ tcp . 80 }'
nsr network disconnect bridge web
nsr network create next >/dev/null
nsr network rm next >/dev/null
assert_eq "$(nsr network verify)" ""
nsr rm -f web >/dev/null
stop_daemon

# the same where only a person repairs
mkdir -p /run/tmp/report
printf '[nft]\nrepair = "report"\n' >/run/tmp/report/config.toml
start_daemon --config /run/tmp/report/config.toml
nsr attach --name web -p 80:80 >/dev/null
nft flush map inet ns-register publish4
wait_until "event firewall_differs" is_differing
nsr rm -f web >/dev/null
nsr network repair >/dev/null
nsr network create next >/dev/null
nsr network rm next >/dev/null
assert_eq "$(nsr network verify)" ""
stop_daemon
