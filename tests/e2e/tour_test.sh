#!/usr/bin/env bash
# docs/tour.md does what it says, all of it, in one scratch host.
source "$(dirname "$0")/lib.sh"
start_daemon
python3 "$REPOSITORY/tests/e2e/tour.py" "$REPOSITORY/docs/tour.md"
