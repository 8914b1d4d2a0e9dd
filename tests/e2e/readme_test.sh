#!/usr/bin/env bash
# The tour in README.md does what it says.
source "$(dirname "$0")/lib.sh"
start_daemon
python3 "$REPOSITORY/tests/e2e/tour.py" "$REPOSITORY/README.md" "A three-minute tour"
