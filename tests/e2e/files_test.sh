#!/usr/bin/env bash
# /etc/hosts, /etc/resolv.conf and legacy links: what stands there, when it changes, and who sees it.
source "$(dirname "$0")/lib.sh"
start_daemon
nsr network create --subnet 10.77.0.0/24 net1 >/dev/null
nsr network create --subnet 10.78.0.0/24 net2 >/dev/null

hosts() { inside "$1" cat /etc/hosts | grep -v 'localhost\|ip6-' || true; }
servers() { inside "$1" grep '^nameserver' /etc/resolv.conf | tr '\n' ' '; }
path_of() { nsr inspect "$1" | field "it[0]['${2:-HostsPath}']"; }
T=$'\t'

# Connecting and disconnecting changes the lines of that network alone, in the same file, around the user's own lines.
nsr attach --name web --network net1 --hostname www --ip 10.77.0.10 >/dev/null
inode=$(stat -c %i "$(path_of web)")
inside web sh -c 'echo "192.0.2.1 mine" >> /etc/hosts'
nsr network connect --ip 10.78.0.10 net2 web
assert_eq "$(hosts web)" "10.77.0.10${T}www
192.0.2.1 mine
10.78.0.10${T}www"
nsr network disconnect net1 web
assert_eq "$(hosts web)" "192.0.2.1 mine
10.78.0.10${T}www"
assert_eq "$(stat -c %i "$(path_of web)")" "$inode" 'inode of the file'
grep -q 'mine\|www' /etc/hosts && fail "the machine's own hosts file was changed"
nsr restart web
assert_eq "$(hosts web)" "10.78.0.10${T}www"

# resolv.conf follows the first user network, and is the user's once he has edited it, until the next start.
nsr attach --name plain >/dev/null
assert_eq "$(servers plain)" 'nameserver 198.51.100.53 '
nsr network connect net1 plain
assert_eq "$(servers plain)" 'nameserver 127.0.0.11 '
nsr restart plain
inside plain sh -c 'echo "nameserver 192.0.2.53" > /etc/resolv.conf'
nsr network connect net2 plain
assert_eq "$(servers plain)" 'nameserver 192.0.2.53 '
nsr restart plain
assert_eq "$(servers plain)" 'nameserver 127.0.0.11 '

# A legacy link: its line follows the target within the operation, its variables do not, and never the other way.
nsr attach --name db --hostname dbhost --expose 5432 -e SECRET=x >/dev/null
nsr attach --name app --hostname apphost --link db:store >/dev/null
first=$(address_of db)
assert_match "$(hosts app)" "^$first${T}store dbhost db\$"
assert_eq "$(hosts db | grep -c app || true)" 0 'lines in the target'
nsr stop db >/dev/null
nsr attach --name filler >/dev/null
nsr start db >/dev/null
second=$(address_of db)
[ "$first" != "$second" ] || fail 'the address did not change'
assert_match "$(hosts app)" "^$second${T}store dbhost db\$"
assert_eq "$(nsr env app | grep STORE_PORT=)" "STORE_PORT=tcp://$first:5432"
assert_eq "$(inside app sh -c 'echo $STORE_PORT $STORE_ENV_SECRET')" "tcp://$first:5432 x"
assert_eq "$(nsr env --format json app | field 'it["STORE_NAME"]')" /app/store
assert_eq "$(eval "$(nsr env --format shell app)"; echo "$STORE_PORT_5432_TCP_PORT")" 5432
assert_fails 'could not get container for nosuch: No such container: nosuch' nsr attach --name bad --link nosuch:n

# A target that is called something else is still the target (L-09); one in another's network stands for that other.
nsr rename db database
assert_match "$(hosts app)" "^$second${T}store dbhost db\$"
nsr restart app >/dev/null
assert_match "$(hosts app)" "^$second${T}store dbhost database\$"
assert_eq "$(nsr inspect app | field 'it[0]["HostConfig"]["Links"]')" "['/database:/app/store']"
nsr attach --name guest --network container:database -e GUEST=y >/dev/null
nsr attach --name visitor --link guest:g >/dev/null
assert_match "$(hosts visitor)" "^$second${T}g dbhost database\$"
assert_eq "$(nsr env visitor | grep -E 'G_(PORT|NAME)=' | sort | tr '\n' ' ')" "G_NAME=/visitor/g G_PORT=tcp://$second:5432 "
nsr rm -f visitor guest >/dev/null
nsr rm -f database >/dev/null # no name that could begin an id, as db could
assert_match "$(hosts app)" "^$second${T}store dbhost database\$"
assert_fails 'Cannot restart container app: could not get container for database: No such container: database' nsr restart app

# `ip netns exec` finds the files, under the name of the day.
assert_match "$(ip netns exec web cat /etc/hosts)" "10.78.0.10${T}www"
nsr rename web shop
assert_match "$(ip netns exec shop cat /etc/resolv.conf)" '127.0.0.11'
assert_eq "$(ls /etc/netns | tr '\n' ' ')" 'filler plain shop ' 'names in /etc/netns'

# The files of a process with a mount namespace of its own are covered, and uncovered at the end.
unshare --net --mount --propagation private sleep 1000 &
own=$!
unshare --net sleep 1000 &
shared=$!
until [ "$(readlink /proc/$own/ns/mnt)" != "$(readlink /proc/self/ns/mnt)" ] && grep -q sleep /proc/$own/comm /proc/$shared/comm; do :; done
machine=$(cat /etc/hosts)
nsr attach --name proc --network net1 --hostname procname --pid $own >/dev/null
assert_match "$(nsenter -t $own -m cat /etc/hosts)" "${T}procname\$"
assert_match "$(nsenter -t $own -m cat /etc/resolv.conf)" '127.0.0.11'
nsr network connect --ip 10.78.0.77 net2 proc
assert_match "$(nsenter -t $own -m cat /etc/hosts)" "^10.78.0.77${T}procname\$"
assert_eq "$(cat /etc/hosts)" "$machine" "the machine's hosts file"
kill_daemon
start_daemon
nsr network disconnect net2 proc
assert_eq "$(nsenter -t $own -m grep -c procname /etc/hosts)" 1 'own lines after a crash'
nsr rm -f proc >/dev/null
assert_eq "$(nsenter -t $own -m cat /etc/hosts)" "$machine" "the process's hosts file"
assert_fails "process $shared shares the machine's mount namespace: its files cannot be covered without covering the machine's; use --no-files" \
    nsr attach --name proc --network net1 --pid $shared
nsr attach --name proc --network net1 --pid $shared --no-files >/dev/null
assert_eq "$(cat /etc/hosts)" "$machine" "the machine's hosts file"
nsr rm -f proc >/dev/null
kill $own $shared
wait $own $shared 2>/dev/null || true

# After SIGKILL everything is as it was, edits included; what nobody wants is gone.
inside shop sh -c 'echo "192.0.2.2 again" >> /etc/hosts'
before=$(hosts shop)
kill_daemon
mkdir "$SCRATCH_STATE/containers/0123"
echo x >"$SCRATCH_STATE/containers/0123/hosts"
mkdir /etc/netns/left
ln -s "$SCRATCH_STATE/containers/0123/hosts" /etc/netns/left/hosts
start_daemon
assert_eq "$(hosts shop)" "$before"
[ ! -e "$SCRATCH_STATE/containers/0123" ] || fail 'files of an unknown container are left'
assert_eq "$(ls /etc/netns | tr '\n' ' ')" 'filler plain shop ' 'names in /etc/netns'
assert_eq "$(nsr env app)" '' 'variables of a container that does not run'
nsr rm -f shop plain app filler >/dev/null
assert_eq "$(ls /etc/netns "$SCRATCH_STATE/containers")" "/etc/netns:

$SCRATCH_STATE/containers:" 'what is left'
