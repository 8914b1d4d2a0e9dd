#!/usr/bin/env bash
# demo/run.sh BIN_DIR: the main job on real namespaces. Every command is shown before its output, and every output is checked.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/scratch_host.sh
enter_scratch_host "$@"
PATH=$(realpath "$1"):$PATH

bold='' dim='' plain=''
if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; fi
checked=0
began=$(date +%s%N)

chapter() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

# show COMMAND..: prints the command, then what it prints.
show() {
    printf '%s$ %s%s\n' "$dim" "$(words "$@")" "$plain"
    out=$("$@" 2>&1) || { printf '%s\nfailed with status %d\n' "$out" $?; exit 1; }
    [ -z "$out" ] || printf '%s\n' "$out" | cut -c -110 | sed 's/^/  /'
}

words() {
    local word text=
    for word in "$@"; do
        [[ $word =~ ^[a-zA-Z0-9_./:@=+,%-]+$ ]] || word="'$word'"
        text+="$word "
    done
    printf '%s' "${text% }"
}

# see PATTERN COMMAND..: shows the command; its output must match.
see() {
    local pattern=$1
    shift
    show "$@"
    if ! grep -Eq -- "$pattern" <<<"$out"; then
        printf 'expected to see: %s\n' "$pattern"
        exit 1
    fi
    checked=$((checked + 1))
}

serve_web() {
    ip netns exec web python3 -m http.server 80 --bind 0.0.0.0 --directory /run/www >/dev/null 2>&1 &
    web_pid=$!
    wait_until "the web server" ip netns exec web python3 -c 'import socket; socket.create_connection(("127.0.0.1", 80))'
}

chapter "A scratch host, with a DNS server ($SCRATCH_UPSTREAM) in a namespace outside"
make_outside
mkdir -p /run/www
echo 'hello from web' >/run/www/index.html
show ip -brief address

chapter "The daemon, and a network with three containers"
printf '%s$ ns-registerd --state-dir %s --upstream %s &%s\n' "$dim" $SCRATCH_STATE $SCRATCH_UPSTREAM "$plain"
start_daemon
show ns-register network create net1
show ns-register attach --name web --network net1
show ns-register attach --name db --network net1 --network-alias database
show ns-register attach --name client --network net1
see 'net1.*bridge' ns-register network ls
see 'database|db' ns-register ps

chapter "Names: container, alias, with the network, and back from the address"
in_client=(ns-register exec client --)
web_ip=$(ip netns exec web ip -4 -o address show eth0 | awk '{ sub("/.*", "", $4); print $4 }')
db_ip=$(ip netns exec db ip -4 -o address show eth0 | awk '{ sub("/.*", "", $4); print $4 }')
see 'nameserver 127.0.0.11' "${in_client[@]}" cat /etc/resolv.conf
see "^$web_ip\$" "${in_client[@]}" dig +short web
see "^$db_ip\$" "${in_client[@]}" dig +short database
see "^$web_ip\$" "${in_client[@]}" dig +short web.net1
see '^web\.net1\.$' "${in_client[@]}" dig +short -x "$web_ip"
see "^$db_ip +database" "${in_client[@]}" getent hosts database
see "$web_ip" "${in_client[@]}" dig +tcp +noall +answer WEB

chapter "Any other name goes to the server outside, from the container's own namespace"
see '^203\.0\.113\.80$' "${in_client[@]}" dig +short www.example.test

chapter "Traffic: by name, and to the outside through NAT"
serve_web
see ' 0% packet loss' "${in_client[@]}" ping -c 1 -W 2 web
see '^hello from web$' "${in_client[@]}" curl -sS --max-time 5 http://web/
see ' 0% packet loss' "${in_client[@]}" ping -c 1 -W 2 $SCRATCH_UPSTREAM

chapter "web stops: its name stays owned (no address, nobody outside is asked), and comes back with another address"
show ns-register stop web
see 'status: NOERROR.*|ANSWER: 0' "${in_client[@]}" dig +noall +comments web
kill $web_pid 2>/dev/null || true
show ns-register attach --name early --network net1
show ns-register start web
new_ip=$(ip netns exec web ip -4 -o address show eth0 | awk '{ sub("/.*", "", $4); print $4 }')
see "^$new_ip\$" "${in_client[@]}" dig +short web
[ "$new_ip" != "$web_ip" ] || { echo "the address did not change"; exit 1; }
see "^$web_ip +early" "${in_client[@]}" getent hosts early
serve_web
see '^hello from web$' "${in_client[@]}" curl -sS --max-time 5 http://web/

chapter "The daemon is killed with SIGKILL; traffic goes on, and after a restart the names are there"
printf '%s$ kill -KILL %s%s\n' "$dim" "$DAEMON_PID" "$plain"
kill -KILL "$DAEMON_PID"
wait "$DAEMON_PID" 2>/dev/null || true
see ' 0% packet loss' ip netns exec client ping -c 1 -W 2 "$new_ip"
printf '%s$ ns-registerd --state-dir %s --upstream %s &%s\n' "$dim" $SCRATCH_STATE $SCRATCH_UPSTREAM "$plain"
restart=$(date +%s%N)
start_daemon
printf '  answering again after %d ms\n' $((($(date +%s%N) - restart) / 1000000))
see "^$new_ip\$" "${in_client[@]}" dig +short web
see "^$db_ip +database" "${in_client[@]}" getent hosts database
see '^203\.0\.113\.80$' "${in_client[@]}" dig +short www.example.test

chapter "All goes as it came"
kill $web_pid 2>/dev/null || true
for name in web db client early; do show ns-register detach $name; done
show ns-register network rm net1
show ip -brief link
kill -TERM "$DAEMON_PID"
wait "$DAEMON_PID"

chapter "Summary"
printf '%d outputs checked, all as expected, in %d.%01d s. The scratch host is gone with this script.\n' "$checked" \
    $((($(date +%s%N) - began) / 1000000000)) $((($(date +%s%N) - began) / 100000000 % 10))
