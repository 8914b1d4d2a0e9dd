#!/usr/bin/env bash
# The fix that `doctor` and the warnings name for another program's firewall ends the finding, and names the bridges of now.
source "$(dirname "$0")/lib.sh"

finding() { nsr doctor 2>/dev/null | grep 'other firewalls' || true; }
passes() { ! finding | grep -q WRONG; }
# What stands behind "To let it pass: " in a warning, one line a chain.
fixes() { sed -n 's/.*To let it pass: //p' "$1" | sort -u; }

start_daemon
nft 'add table inet mine; add chain inet mine onward { type filter hook forward priority 0; policy drop; }'
wait_until "the warning" grep -q event=foreign_firewall "$SCRATCH_LOG"
assert_match "$(finding)" "chain 'onward' of table 'inet mine'"

# a bridge that is new is named at once
nsr network create -o com.docker.network.bridge.name=brf ff >/dev/null 2>/run/tmp/said
assert_match "$(cat /run/tmp/said)" '"brf"'
nsr attach --name one --network ff >/dev/null 2>/run/tmp/said
assert_match "$(cat /run/tmp/said)" '"brf"'

# the fix as it is printed
bash -c "$(fixes /run/tmp/said)"
wait_until "the end of the finding" passes
nsr attach --name two --network ff >/dev/null 2>/run/tmp/said
assert_eq "$(cat /run/tmp/said)" "" "warnings after the fix"
inside one ping -c 1 -W 2 two >/dev/null

# the next network needs it, too: only its own bridge is named; and not any more when it is gone
nsr network create -o com.docker.network.bridge.name=brg gg >/dev/null 2>/run/tmp/said
assert_match "$(fixes /run/tmp/said)" 'iifname \{ "brg" \} accept'
nsr network rm gg >/dev/null
passes || fail "still: $(finding)"

# a chain that accepts by policy and rejects by its last rule, as RHEL's; the container's packets do leave after the fix
reached() { inside two ping -c 1 -W "$1" $SCRATCH_UPSTREAM >/dev/null; }
reached 2
iptables -A FORWARD -j REJECT --reject-with icmp-host-prohibited
! reached 1 || fail "the rejection does not reject"
wait_until "the warning" grep -q "chain 'FORWARD'" "$SCRATCH_LOG"
fix=$(nsr doctor 2>/dev/null | grep -o 'for i in .* done' || true)
assert_match "$fix" 'iptables -I FORWARD'
bash -c "$fix"
wait_until "the end of the finding" passes
reached 2

# a table of the bridge family sees the ports of a bridge, between the containers of one network
nft 'add table bridge fw; add chain bridge fw f1 { type filter hook forward priority 10; policy drop; }'
! inside one ping -c 1 -W 1 two >/dev/null || fail "the bridge's chain does not drop"
fix=$(nsr doctor 2>/dev/null | grep -o 'nft insert rule bridge fw f1 .* accept' || true)
bash -c "$fix"
wait_until "the end of the finding" passes
inside one ping -c 1 -W 2 two >/dev/null

# what drops a family that no network of ours has is nobody's business
ip6tables -P FORWARD DROP
passes || fail "a false alarm: $(finding)"
stop_daemon
