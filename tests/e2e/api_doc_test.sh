#!/usr/bin/env bash
# The examples of docs/api.md do what they say.
source "$(dirname "$0")/lib.sh"
start_daemon
python3 "$REPOSITORY/tests/e2e/tour.py" "$REPOSITORY/docs/api.md" "Routes"
