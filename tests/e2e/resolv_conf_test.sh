#!/usr/bin/env bash
# The host's resolv.conf is followed live, however it changes: by rename, by its link, by what the link leads to, behind a mount.
source "$(dirname "$0")/lib.sh"

server_outside() { # server_outside ADDRESS ANSWER: a DNS server outside that says ANSWER for who.example.test
    case $1 in
    *:*) ;; # has it already
    *) ip netns exec outside ip address add "$1/24" dev up1 ;;
    esac
    ip netns exec outside dnsmasq --conf-file=/dev/null --pid-file= --user=root --no-resolv --no-hosts --bind-interfaces \
        --listen-address="$1" --host-record="who.example.test,$2" --keep-in-foreground &
}
link_local() { # link_local LINK [NETNS]
    ip ${2:+-netns "$2"} -json -6 address show dev "$1" scope link |
        python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["addr_info"][0]["local"])'
}
has_address() { link_local up0 && link_local up1 outside && ! ip -netns outside -6 address show tentative | grep -q inet6; }
asked() { dig_in client @127.0.0.11 who.example.test "$@"; } # whatever the host's file is at the moment
is_who() { [ "$(asked +short)" = "$1" ]; }
assert_who() { # assert_who ANSWER WHEN: which server is asked, soon
    wait_until "the answer $1 when $2" is_who "$1"
}

wait_until "addresses of the link" has_address
OUTSIDE6=$(link_local up1 outside)
for number in 1 2 3 4; do server_outside 198.51.100.7$number 203.0.113.$number; done
server_outside "$OUTSIDE6" 203.0.113.6
wait_until "the servers" dig +tries=1 +time=1 @198.51.100.74 who.example.test
wait_until "the server of IPv6" dig +tries=1 +time=1 "@$OUTSIDE6%up0" who.example.test

# an /etc of its own, where the file is a file that can be replaced, and no mount
cp -a /etc /run/etc
mount --bind /run/etc /etc
umount /etc/resolv.conf 2>/dev/null || true
HOST=/etc/resolv.conf
mkdir -p /run/a /run/b
rm -f $HOST
echo "nameserver 198.51.100.71" >$HOST
ns-registerd --state-dir $SCRATCH_STATE 2>>$SCRATCH_LOG &
DAEMON_PID=$!
wait_until "ns-registerd" ns-register ping
nsr network create --opt ns-register.dns.cache=off net1 >/dev/null
nsr attach --name client --network net1 >/dev/null
assert_who 203.0.113.1 "it starts"

# in place, by rename, gone and back
echo "nameserver 198.51.100.72" >$HOST
assert_who 203.0.113.2 "written in place"
echo "nameserver 198.51.100.73" >$HOST.new
mv $HOST.new $HOST
assert_who 203.0.113.3 "replaced by rename"
rm $HOST
assert_who "" "there is no file"
assert_match "$(asked)" "status: SERVFAIL"
echo "nameserver 198.51.100.71" >$HOST
assert_who 203.0.113.1 "it is back"

# a link, what it leads to, and where
echo "nameserver 198.51.100.72" >/run/a/conf
echo "nameserver 198.51.100.73" >/run/b/conf
ln -s a /run/current
ln -sfn ../run/current/conf $HOST
assert_who 203.0.113.2 "it becomes a link"
echo "nameserver 198.51.100.74" >/run/a/conf
assert_who 203.0.113.4 "the link's target is written"
ln -s b /run/next
mv -T /run/next /run/current
assert_who 203.0.113.3 "a directory on the way is a link and leads elsewhere"
rm -r /run/b
assert_who "" "the directory is gone"
mkdir /run/b
echo "nameserver 198.51.100.71" >/run/b/conf
assert_who 203.0.113.1 "the directory is back"

# odd grammar: what is no server is passed over, the rest holds; a link-local address with its scope
printf 'nameserver\nnameserver nowhere\n; nameserver 198.51.100.72\n\tnameserver\t198.51.100.74   trailing words\r\n%s\n%s\n%s' \
    'domain one.example two.example' 'options rotate ndots:1 timeout:x' 'sortlist 10.0.0.0' >/run/b/conf
assert_who 203.0.113.4 "the file is odd"
echo "nameserver $OUTSIDE6%up0" >/run/b/conf
assert_who 203.0.113.6 "the server has a scope"
assert_match "$(nsr resolve who.example.test --from client --explain)" "answered by $OUTSIDE6%up0#53 in"
echo "nameserver $OUTSIDE6%nosuchlink" >/run/b/conf
assert_who "" "there is no such link"
assert_match "$(asked)" "status: SERVFAIL"

# a file that is mounted there is seen at SIGHUP, and followed from then on
echo "nameserver 198.51.100.71" >/run/mounted
rm $HOST
touch $HOST
mount --bind /run/mounted $HOST
kill -HUP "$DAEMON_PID"
assert_who 203.0.113.1 "another file is mounted there"
echo "nameserver 198.51.100.72" >/run/mounted
assert_who 203.0.113.2 "it is written behind the mount"
stop_daemon
