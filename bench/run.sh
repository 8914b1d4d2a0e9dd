#!/usr/bin/env bash
# bench/run.sh BIN_DIR [--quick] [--rounds N]: everything in a scratch host; the report is Markdown on standard output.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/scratch_host.sh
enter_scratch_host "$@"
bin=$(realpath "$1")
shift
PATH=$bin:$PATH

make_outside
start_daemon --log-level warn
python3 bench/measure.py --bin-dir "$bin" --daemon "$DAEMON_PID" "$@"
python3 bench/growth.py --bin-dir "$bin" --daemon "$DAEMON_PID" "$@"
python3 bench/scale.py --bin-dir "$bin" --daemon "$DAEMON_PID" "$@"
kill -TERM "$DAEMON_PID"
wait "$DAEMON_PID"
