# Sourced by every script here: enters a scratch host with an outside, and offers the words that the scripts are written in.
# The programs are those of NSR_BIN_DIR, else of build/release/bin. The first check that fails ends the script.
set -euo pipefail
REPOSITORY=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
source "$REPOSITORY/tools/scratch_host.sh"
enter_scratch_host "$@"
PATH=$(realpath "${NSR_BIN_DIR:-$REPOSITORY/build/release/bin}"):$PATH
cd /run/tmp

SOCKET=/run/ns-register/ns-register.sock

# The failing line, and the end of the daemon's log.
on_error() {
    local status=$?
    echo "FAILED at ${BASH_SOURCE[1]##*/}:${BASH_LINENO[0]}: $BASH_COMMAND (status $status)"
    [ ! -s $SCRATCH_LOG ] || { echo "--- daemon log"; tail -n 15 $SCRATCH_LOG; }
    exit 1
}
trap on_error ERR
set -o errtrace

fail() {
    echo "FAILED: $*"
    local depth
    for ((depth = 1; depth < ${#BASH_SOURCE[@]}; depth++)); do
        echo "  at ${BASH_SOURCE[depth]##*/}:${BASH_LINENO[depth - 1]}"
    done
    [ ! -s $SCRATCH_LOG ] || { echo "--- daemon log"; tail -n 15 $SCRATCH_LOG; }
    exit 1
}

nsr() { ns-register "$@"; }
inside() { # inside CONTAINER COMMAND..
    local container=$1
    shift
    ns-register exec "$container" -- "$@"
}

assert_eq() { # assert_eq ACTUAL EXPECTED [WHAT]
    [ "$1" = "$2" ] || fail "${3:-value}: expected '$2', came '$1'"
}
assert_match() { # assert_match TEXT PATTERN
    grep -Eq -- "$2" <<<"$1" || fail "expected to match '$2', came '$1'"
}
assert_fails() { # assert_fails MESSAGE COMMAND..: the message stands alone on standard error, the exit status is not 0
    local message=$1 said status=0
    shift
    said=$("$@" 2>&1 >/run/tmp/stdout) || status=$?
    [ "$status" -ne 0 ] || fail "should have been refused: $*"
    assert_eq "$said" "Error: $message" "message of '$*'"
    [ ! -s /run/tmp/stdout ] || fail "a refusal printed on standard output: $(cat /run/tmp/stdout)"
    LAST_STATUS=$status
}

dig_in() { # dig_in CONTAINER DIG-ARGUMENTS..
    local container=$1
    shift
    inside "$container" dig +tries=1 +time=3 "$@"
}
short() { dig_in "$1" +short "${@:2}" | sort; }
assert_resolves() { # assert_resolves CONTAINER NAME ADDRESS..: exactly these, in any order
    local expected
    expected=$(printf '%s\n' "${@:3}" | sort)
    assert_eq "$(short "$1" "$2")" "$expected" "'$2' asked in '$1'"
}
rcode() { dig_in "$@" +noall +comments | sed -n 's/.*status: \([A-Z]*\),.*/\1/p'; }
answers() { dig_in "$@" +noall +comments | sed -n 's/.*ANSWER: \([0-9]*\),.*/\1/p'; }
assert_owned() { # assert_owned CONTAINER NAME [TYPE]: known, without such an address, and nobody outside was asked
    local before
    before=$(asked_outside)
    assert_eq "$(rcode "$@")" NOERROR "'$2' asked in '$1'"
    assert_eq "$(answers "$@")" 0 "answers for '$2' in '$1'"
    assert_eq "$(asked_outside)" "$before" "queries outside"
}
assert_unknown() { # assert_unknown CONTAINER NAME: not a name here; the server outside was asked
    local before
    before=$(asked_outside)
    assert_eq "$(short "$1" "$2")" "" "'$2' asked in '$1'"
    [ "$(asked_outside)" -gt "$before" ] || fail "'$2' was not forwarded"
}
asked_outside() { grep -c ' query\[' /run/dnsmasq.log || true; }

address_of() { # address_of CONTAINER [LINK]: by ip, not by us
    ip netns exec "$1" ip -json -4 address show "${2:-eth0}" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["addr_info"][0]["local"])'
}
field() { # field PYTHON-EXPRESSION <JSON: `it` is the document
    python3 -c 'import json, sys; it = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"
}

stop_daemon() {
    kill -TERM "$DAEMON_PID"
    wait "$DAEMON_PID" || fail "the daemon ended with status $? on SIGTERM"
}
kill_daemon() {
    kill -KILL "$DAEMON_PID"
    wait "$DAEMON_PID" 2>/dev/null || true
}

# What the kernel holds, as far as a daemon could have put it there, in a form that can be compared.
kernel_state() {
    echo "links:"
    ip -json -details link show |
        python3 -c 'import json, sys
for link in sorted(json.load(sys.stdin), key=lambda link: link["ifname"]):
    print(" ", link["ifname"], link.get("group"), link.get("master"), "UP" in link["flags"])'
    echo "addresses:"
    ip -4 -brief address show scope global | awk '{ print " ", $1, $3 }' | sort
    echo "routes:"
    ip route show | sed 's/ linkdown//; s/ *$//; s/^/  /' | sort
    echo "rules:"
    nft -j list ruleset | python3 -c 'import json, sys
def plain(value):
    if isinstance(value, dict):
        return {key: sorted(map(plain, item), key=str) if key == "elem" else plain(item) for key, item in value.items()
                if key not in ("handle", "packets", "bytes", "metainfo")}
    return list(map(plain, value)) if isinstance(value, list) else value
for item in json.load(sys.stdin)["nftables"]:
    print(" ", json.dumps(plain(item)))'
    echo "namespaces:"
    find /run/netns /run/ns-register/netns -mindepth 1 2>/dev/null | sort | sed 's/^/  /'
    echo "mounts:"
    awk '$3 == "nsfs" || $2 ~ /netns/ { print " ", $2 }' /proc/mounts | sort
}
assert_state() { # assert_state EXPECTED WHAT: kernel_state is as it was
    local now
    now=$(kernel_state)
    [ "$now" = "$1" ] || fail "$2: $(diff <(echo "$1") <(echo "$now") || true)"
}

make_outside
