#!/usr/bin/env bash
# demo/shell.sh BIN_DIR: a shell in a scratch host where a daemon runs. All is gone when the shell ends.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/scratch_host.sh
enter_scratch_host "$@"
export PATH
PATH=$(realpath "$1"):$PATH

make_outside
start_daemon
cat <<EOF
A scratch host with its own network, a running ns-registerd (log: $SCRATCH_LOG) and a DNS server outside
($SCRATCH_UPSTREAM, knows www.example.test). Try:

    ns-register network create net1
    ns-register attach --name web --network net1
    ns-register attach --name client --network net1
    ns-register exec client -- getent hosts web

Leave with exit; nothing stays.
EOF
cd /run/tmp
PS1='(scratch host) \w # ' bash --norc -i || true
kill -TERM "$DAEMON_PID"
wait "$DAEMON_PID"
