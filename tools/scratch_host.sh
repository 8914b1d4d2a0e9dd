# Sourced by demo, tests and benchmarks: a host of its own, in which a daemon can run as it runs on a real machine.
#
#   source tools/scratch_host.sh; enter_scratch_host "$@"; make_outside
#
# The script starts again inside fresh network, mount and process namespaces with its own /run, so that nothing reaches the
# machine and nothing outlives the script, however it ends:
#
#   scratch host: up0 198.51.100.1/24  --- veth ---  namespace `outside`: up1 198.51.100.53/24, dnsmasq on port 53

SCRATCH_UPSTREAM=198.51.100.53
SCRATCH_STATE=/run/ns-register-state
SCRATCH_LOG=/run/ns-registerd.log

# Starts the running script again in a scratch host; returns inside.
enter_scratch_host() {
    if [ -z "${NSR_SCRATCH_HOST:-}" ]; then
        if [ "$(id -u)" -ne 0 ]; then
            echo "network namespaces need root" >&2
            exit 77
        fi
        NSR_SCRATCH_HOST=1 exec unshare --net --mount --propagation private --pid --fork --mount-proc --kill-child \
            -- "$BASH" "$0" "$@"
    fi
    # As process 1 of its namespace the shell has no default reaction to these.
    trap 'exit 130' INT
    trap 'exit 143' TERM
    # Namespaces of others that run beside us would come and go in our list of mounts.
    awk '$3 == "nsfs" || $2 ~ /netns/ { print $2 }' /proc/mounts | sort -r | xargs --no-run-if-empty umount -l 2>/dev/null || true
    mount -t tmpfs tmpfs /run
    mkdir /run/cgroup # a new sysfs covers it, and programs that run containers want it
    mount --rbind /sys/fs/cgroup /run/cgroup
    mount -t sysfs sysfs /sys
    mount --move /run/cgroup /sys/fs/cgroup
    rmdir /run/cgroup
    mkdir -p /etc/netns # where ip netns looks for files
    mount -t tmpfs tmpfs /etc/netns
    mkdir -p /run/netns /run/lock /run/tmp
    export TMPDIR=/run/tmp
    ip link set lo up
    scratch_resolv_conf
    unset NS_REGISTER_SOCKET
}

# The scratch host asks the DNS server outside, whatever the machine asks.
scratch_resolv_conf() {
    local real
    real=$(readlink -m /etc/resolv.conf)
    if [ ! -e "$real" ]; then
        mkdir -p "$(dirname "$real")" # a link into the /run that we have just covered
        echo "nameserver $SCRATCH_UPSTREAM" >"$real"
    else
        echo "nameserver $SCRATCH_UPSTREAM" >/run/resolv.conf
        mount --bind /run/resolv.conf "$real"
    fi
}

# The world outside: an address, a DNS server that knows example.test and its reverse.
make_outside() {
    ip netns add outside
    ip link add up0 type veth peer name up1 netns outside
    ip addr add 198.51.100.1/24 dev up0
    ip link set up0 up
    ip netns exec outside ip link set lo up
    ip netns exec outside ip addr add $SCRATCH_UPSTREAM/24 dev up1
    ip netns exec outside ip link set up1 up
    ip route add default via $SCRATCH_UPSTREAM
    ip netns exec outside dnsmasq --conf-file=/dev/null --keep-in-foreground --pid-file= --user=root --no-resolv --no-hosts \
        --bind-interfaces --listen-address=$SCRATCH_UPSTREAM --log-facility=/run/dnsmasq.log --log-queries \
        --host-record=www.example.test,203.0.113.80 --txt-record=text.example.test,hello \
        --cname=alias.example.test,www.example.test --local=/example.test/ >/dev/null 2>&1 &
    SCRATCH_DNS_PID=$!
    wait_until "dnsmasq" dig +tries=1 +time=1 +short @$SCRATCH_UPSTREAM www.example.test
}

# wait_until WHAT COMMAND..: asks again until the command succeeds; after 10 s the script fails.
wait_until() {
    local what=$1 deadline=$((SECONDS + 10))
    shift
    until "$@" >/dev/null 2>&1; do
        if [ $SECONDS -ge $deadline ]; then
            echo "$what is not ready after 10 s" >&2
            return 1
        fi
        sleep 0.02
    done
}

# start_daemon [FLAG..]: starts ns-registerd (from PATH) and returns when it answers; its process id is in DAEMON_PID.
start_daemon() {
    ns-registerd --state-dir $SCRATCH_STATE --upstream $SCRATCH_UPSTREAM "$@" 2>>$SCRATCH_LOG &
    DAEMON_PID=$!
    wait_until "ns-registerd" ns-register ping || { cat $SCRATCH_LOG >&2; return 1; }
}
