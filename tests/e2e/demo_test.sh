#!/usr/bin/env bash
# `make demo` ends well, within its time, and leaves the host as it was.
set -euo pipefail
repository=$(realpath "$(dirname "$0")/../..")
[ "$(id -u)" -eq 0 ] || { echo "network namespaces need root"; exit 77; }

before=$(ip -brief link show; ip netns list; ls /run)
began=$SECONDS
"$repository/demo/run.sh" "${NSR_BIN_DIR:-$repository/build/release/bin}"
[ $((SECONDS - began)) -lt 30 ] || { echo "the demo took $((SECONDS - began)) s"; exit 1; }
after=$(ip -brief link show; ip netns list; ls /run)
diff <(echo "$before" | grep -v veth) <(echo "$after" | grep -v veth)
