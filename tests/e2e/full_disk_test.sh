#!/usr/bin/env bash
# A process that ends while nothing can be written: its name is gone at once, its container as soon as there is room again.
source "$(dirname "$0")/lib.sh"
mkdir "$SCRATCH_STATE"
mount -t tmpfs -o size=800k tmpfs "$SCRATCH_STATE"
start_daemon
nsr network create --subnet 10.77.0.0/24 net1 >/dev/null
nsr attach --name aa --network net1 >/dev/null
nsr run -d --name job --network net1 -- sleep 1000 >/dev/null
nsr run -d --name kept --rm=false --network net1 -- sleep 1000 >/dev/null
unshare --net sleep 1000 &
process=$!
until grep -qs sleep /proc/$process/comm && [ "$(readlink /proc/$process/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do :; done
nsr attach --name given --network net1 --pid $process --no-files >/dev/null
for name in job kept given; do assert_resolves aa $name "$(nsr inspect $name | field 'it[0]["NetworkSettings"]["Networks"]["net1"]["IPAddress"]')"; done

dd if=/dev/zero of="$SCRATCH_STATE/fill" bs=1k >/dev/null 2>&1 || true
for name in job kept; do kill -KILL "$(nsr inspect $name | field 'it[0]["State"]["Pid"]')"; done
kill -KILL $process
withdrawn() { [ -z "$(short aa "$1")" ]; }
for name in job kept given; do
    wait_until "the end of '$name'" withdrawn $name
    assert_owned aa $name
done
grep -q 'event=detach_failed container="job"' $SCRATCH_LOG || fail 'the disk was not full'

rm "$SCRATCH_STATE/fill"
settled() { [ "$(nsr ps --format json | wc -l)" = 1 ]; }
wait_until "the end of the containers" settled
assert_eq "$(nsr ps -aq --filter name=job)" '' 'the container of job'
assert_eq "$(nsr inspect kept | field 'it[0]["State"]["Status"], it[0]["State"]["ExitCode"]')" "('exited', 137)"
assert_eq "$(nsr inspect given | field 'it[0]["State"]["Status"]')" exited
nsr attach --name again --network net1 >/dev/null
assert_resolves aa again "$(address_of again)"
nsr rm -f kept given again aa >/dev/null
stop_daemon
