#!/usr/bin/env bash
# The kernel is changed behind the daemon's back: the daemon mends the firewall by itself, verify says what differs, repair
# mends it, and SIGHUP has everything looked at.
source "$(dirname "$0")/lib.sh"

logged() { grep -q "event=$1" "$SCRATCH_LOG"; }
metric() { curl -s --unix-socket $SOCKET http://d/metrics | awk -v name="$1" '$1 == name { print int($2) }'; }
is_mended() { nft list table inet ns-register; }

start_daemon
nsr network create --subnet 10.83.0.0/24 net1 >/dev/null
nsr attach --name web --network net1 >/dev/null
good=$(kernel_state)
assert_eq "$(nsr network verify)" ""
assert_match "$(nsr network plan net1)" "^net1: bridge 'br-[0-9a-f]{12}' with 10.83.0.1/24"
assert_match "$(nsr network plan net1)" "^net1: set masquerade4: 10.83.0.0/24"
assert_match "$(nsr network plan net1)" "'eth0' of container 'web' with 10.83.0.2/24"

# another program flushes everything: mended within moments, counted, and said
nft flush ruleset
wait_until "the repair" is_mended
assert_state "$good" "after a flush"
wait_until "event firewall_restored" logged firewall_restored
assert_eq "$(metric nsr_kernel_repairs_total)" 1

# links and addresses: named by verify, mended by repair
nsr exec web -- ip address flush dev eth0
bridge=$(nsr network inspect net1 | field '"br-" + it[0]["Id"][:12]')
ip address delete 10.83.0.1/24 dev "$bridge"
status=0
found=$(nsr network verify net1 2>/dev/null) || status=$?
assert_eq "$status" 1 "status of verify"
assert_match "$found" "^net1: link '$bridge' lacks the address 10.83.0.1/24"
assert_match "$found" "^net1: container 'web': link 'eth0' lacks the address 10.83.0.2/24"
assert_eq "$( (ns-register network verify --format json net1 2>/dev/null || true) | field 'it["Networks"][0]["Name"]')" net1
nsr network repair net1 >/dev/null
assert_eq "$(nsr network verify)" ""
assert_state "$good" "after repair"

# SIGHUP: everything at once; a bridge that is gone comes back with its ports
ip link delete "$bridge"
kill -HUP "$DAEMON_PID"
wait_until "event checked" logged checked
assert_eq "$(nsr network verify)" ""
inside web ping -c 1 -W 2 10.83.0.1 >/dev/null
stop_daemon

# repair = "report": said, and left alone until somebody asks
mkdir -p /run/tmp/report
printf '[nft]\nrepair = "report"\n' >/run/tmp/report/config.toml
start_daemon --config /run/tmp/report/config.toml
good=$(kernel_state)
nft delete table inet ns-register
wait_until "event firewall_differs" logged firewall_differs
status=0
found=$(nsr network verify 2>/dev/null) || status=$?
assert_eq "$found" "firewall: missing: table inet ns-register"
assert_match "$(nsr network create net2 2>&1 || true)" 'network repair` mends it'
nsr network repair >/dev/null
assert_state "$good" "after repair in report mode"
nsr network create net2 >/dev/null
assert_eq "$(nsr network verify)" ""
