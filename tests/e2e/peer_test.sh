#!/usr/bin/env bash
# Users' records are answered as NSD answers the same zone: wildcards, empty non-terminals and chains of CNAME records, in
# random zones.
source "$(dirname "$0")/lib.sh"
command -v nsd >/dev/null || { echo "nsd is not installed"; exit 77; }
PEER=$REPOSITORY/tests/e2e/peer.py
start_daemon

mkdir /run/nsd
cat >/run/nsd/conf <<'CONF'
server:
  ip-address: 127.0.0.1@5399
  username: ""
  zonesdir: "/run/nsd"
  zonelistfile: "/run/nsd/zones"
  pidfile: "/run/nsd/pid"
  database: ""
  xfrdfile: "/run/nsd/xfrd"
  xfrdir: "/run/nsd"
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: peer.test
  zonefile: theirs
CONF

for seed in 1 2 3 4; do
    python3 "$PEER" zone $seed >/run/nsd/records
    { echo '$ORIGIN peer.test.'; cat /run/nsd/records; } >/run/nsd/ours
    { echo '$ORIGIN peer.test.'; echo '@ 60 IN SOA ns host 1 2 3 4 60'; echo '@ 60 IN NS ns'; cat /run/nsd/records; } >/run/nsd/theirs
    nsd -d -c /run/nsd/conf 2>/run/nsd/log &
    nsd=$!
    wait_until "nsd" dig +tries=1 +time=1 -p 5399 @127.0.0.1 peer.test SOA
    nsr network create "net$seed" >/dev/null
    nsr record import "net$seed" /run/nsd/ours >/dev/null
    nsr attach --name "app$seed" --network "net$seed" >/dev/null
    python3 "$PEER" ask 127.0.0.1 5399 >/run/nsd/their_answers
    inside "app$seed" python3 "$PEER" ask 127.0.0.11 53 >/run/nsd/our_answers
    said=$(python3 "$PEER" compare /run/nsd/our_answers /run/nsd/their_answers) || fail "zone $seed: $said"
    echo "zone $seed: $said"
    kill "$nsd"
    wait "$nsd" || true
done
stop_daemon
