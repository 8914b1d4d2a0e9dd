#!/usr/bin/env bash
# The name of a command of `run` goes as soon as the command has ended: prints how soon. No limit is asserted: machines
# that build are busy.
source "$(dirname "$0")/lib.sh"
start_daemon
nsr network create --subnet 10.77.0.0/24 net1 >/dev/null
nsr attach --name onlooker --network net1 >/dev/null
inside onlooker python3 "$REPOSITORY"/tests/e2e/gone.py "$SOCKET"
