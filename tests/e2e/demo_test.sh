#!/usr/bin/env bash
# `make demo` ends well, within its time, and leaves the host as it was: one of its own, for others work on the machine's.
set -euo pipefail
repository=$(realpath "$(dirname "$0")/../..")
[ "$(id -u)" -eq 0 ] || { echo "network namespaces need root"; exit 77; }
[ "${1:-}" = alone ] || exec unshare --net --mount "$0" alone
mount -t tmpfs tmpfs /run
mkdir /run/mount  # of mount(8)

before=$(ip -brief link show; ip netns list; ls /run)
began=$SECONDS
"$repository/demo/run.sh" "${NSR_BIN_DIR:-$repository/build/release/bin}"
[ $((SECONDS - began)) -lt 30 ] || { echo "the demo took $((SECONDS - began)) s"; exit 1; }
after=$(ip -brief link show; ip netns list; ls /run)
diff <(echo "$before") <(echo "$after")
