#!/usr/bin/env bash
# Nobody who reads a hosts file while it changes sees an empty file, a cut one or an old tail.
source "$(dirname "$0")/lib.sh"
start_daemon --log-level warn
nsr network create --subnet 10.77.0.0/24 net1 >/dev/null
nsr network create --subnet 10.78.0.0/24 net2 >/dev/null
nsr attach --name web --network net1 >/dev/null
ulimit -n 4096
python3 "$REPOSITORY/tests/e2e/readers.py" $SOCKET net2 web
