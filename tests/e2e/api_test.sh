#!/usr/bin/env bash
# The socket speaks Docker's Engine API: curl as the client.
source "$(dirname "$0")/lib.sh"
start_daemon

get() { curl -sS --fail-with-body --unix-socket "$SOCKET" "http://d$1"; }
send() { # send METHOD PATH [BODY]: prints the body, then the status
    curl -sS --unix-socket "$SOCKET" -X "$1" -H 'Content-Type: application/json' ${3:+--data "$3"} -w '\n%{http_code}' "http://d$2"
}

assert_eq "$(get /_ping)" OK
headers=$(curl -sS -I --unix-socket "$SOCKET" http://d/_ping | tr -d '\r')
assert_match "$headers" '^HTTP/1.1 200'
assert_match "$headers" '^Api-Version: 1\.48$'
assert_eq "$(get /version | field 'it["ApiVersion"], it["MinAPIVersion"]')" "('1.48', '1.24')"
assert_eq "$(get /v1.41/version | field 'it["ApiVersion"]')" 1.48
get /info | field 'it["Containers"]' >/dev/null

# the networks that are there from the first start
assert_eq "$(get /networks | field 'sorted(n["Name"] for n in it)')" "['bridge', 'host', 'none']"

answer=$(send POST /networks/create '{"Name": "net1", "IPAM": {"Config": [{"Subnet": "10.77.0.0/24"}]}, "Labels": {"team": "a"}}')
assert_eq "$(tail -n 1 <<<"$answer")" 201
id=$(head -n 1 <<<"$answer" | field 'it["Id"]')
assert_eq "$(get "/networks/net1" | field 'it["Id"]')" "$id"
assert_eq "$(get "/networks/${id:0:12}" | field 'it["IPAM"]["Config"][0]["Subnet"], it["IPAM"]["Config"][0]["Gateway"]')" "('10.77.0.0/24', '10.77.0.1')"
assert_eq "$(curl -sS -G --unix-socket "$SOCKET" --data-urlencode 'filters={"label":["team=a"]}' http://d/networks | field '[n["Name"] for n in it]')" "['net1']"
assert_match "$(send POST /networks/create '{"Name": "net1"}')" '^409$'
assert_match "$(send DELETE /networks/nosuch)" '^404$'

# create, start, look, stop, remove
body='{"Image": "none", "Cmd": ["x"], "HostConfig": {"NetworkMode": "net1"}, "NetworkingConfig": {"EndpointsConfig": {"net1": {"Aliases": ["www"]}}}}'
answer=$(send POST '/containers/create?name=web' "$body")
assert_eq "$(tail -n 1 <<<"$answer")" 201
assert_match "$(send POST /containers/web/start)" '^204$'
assert_match "$(send POST /containers/web/start)" '^304$'
assert_eq "$(get /containers/web/json | field 'it["Name"], it["State"]["Status"], it["NetworkSettings"]["Networks"]["net1"]["IPAddress"]')" "('/web', 'running', '10.77.0.2')"
assert_eq "$(get /containers/json | field '[c["Names"] for c in it]')" "[['/web']]"
assert_eq "$(get /networks/net1 | field '[c["Name"] for c in it["Containers"].values()]')" "['web']"
assert_resolves web www 10.77.0.2

# What stands besides Networks is for the default network alone.
old='it["NetworkSettings"]["IPAddress"], it["NetworkSettings"]["IPPrefixLen"], it["NetworkSettings"]["Gateway"]'
assert_eq "$(get /containers/web/json | field "$old")" "('', 0, '')"
nsr attach --name plain >/dev/null
assert_eq "$(get /containers/plain/json | field 'all(it["NetworkSettings"][key] == value
    for key, value in it["NetworkSettings"]["Networks"]["bridge"].items() if key in it["NetworkSettings"])')" True
assert_eq "$(get /containers/plain/json | field 'it["NetworkSettings"]["IPAddress"]')" "$(address_of plain)"
nsr rm -f plain >/dev/null

# 404 would say that there is no such image.
for config in '"HostConfig": {"Links": ["nosuch:n"]}' '"HostConfig": {"NetworkMode": "container:nosuch"}' \
    '"Labels": {"ns-register.netns": "/nosuch"}' '"Labels": {"ns-register.pid": "999999"}'; do
    assert_match "$(send POST '/containers/create?name=bad' "{\"Image\": \"none\", $config}")" '^400$'
done
assert_match "$(send DELETE /networks/net1)" '^40[39]$'
assert_match "$(send DELETE /containers/web)" '^409$'
assert_match "$(send POST /containers/web/stop)" '^204$'
assert_match "$(send POST '/containers/web/rename?name=shop')" '^204$'
assert_match "$(send DELETE /containers/shop)" '^204$'
assert_match "$(send DELETE /networks/net1)" '^204$'

# counters, as plain Prometheus text
metrics=$(get /metrics)
assert_match "$metrics" '^# TYPE nsr_[a-z_]+_total counter$'
assert_match "$metrics" '^nsr_'

# many requests on one connection, and a client that leaves in the middle harms nobody
curl -sS --unix-socket "$SOCKET" http://d/_ping http://d/version http://d/networks http://d/_ping >/dev/null
python3 - "$SOCKET" <<'EOF'
import socket, sys
for text in (b"GET /_ping HT", b"POST /networks/create HTTP/1.1\r\nHost: d\r\nContent-Length: 100\r\n\r\n{", b"\0\1\2\3\r\n\r\n"):
    client = socket.socket(socket.AF_UNIX)
    client.connect(sys.argv[1])
    client.sendall(text)
    client.close()
EOF
assert_eq "$(get /_ping)" OK
