#!/usr/bin/env bash
# Aliases: shared ones, wildcards, and those that nobody else may have.
source "$(dirname "$0")/lib.sh"
start_daemon

nsr network create --subnet 10.77.0.0/24 net1 >/dev/null
nsr network create --subnet 10.78.0.0/24 -o ns-register.dns.ttl=60 -o ns-register.dns.negative-ttl=7 net2 >/dev/null
nsr attach --name client --network net1 >/dev/null

# a wildcard stands for every name below that is not there
nsr attach --name app --network net1 --network-alias '*.app' >/dev/null
nsr attach --name api --network net1 --network-alias api.app >/dev/null
assert_resolves client x.app "$(address_of app)"
assert_resolves client y.x.app.net1 "$(address_of app)"
assert_resolves client api.app "$(address_of api)"
nsr alias add net1 api '*.dev'
assert_resolves client x.dev "$(address_of api)"
nsr alias rm net1 api '*.dev'
assert_unknown client x.dev

# an exclusive alias is a name, and nobody else can have it, whichever way he tries
nsr attach --name db --network net1 --network-alias-exclusive sql --network-alias-exclusive SQL2 >/dev/null
assert_resolves client sql "$(address_of db)"
assert_resolves client sql2.net1 "$(address_of db)"
taken="container 'db' has the name 'sql' on network 'net1' for itself alone"
assert_fails "$taken" nsr attach --name db2 --network net1 --network-alias SQL
assert_fails "$taken" nsr attach --name sql --network net1
assert_fails "$taken" nsr create --name db2 --network net1 --hostname sql
assert_fails "$taken" nsr alias add net1 app sql
assert_eq "$LAST_STATUS" 4
assert_fails "$taken" nsr rename app sql
nsr attach --name other --network net2 >/dev/null
assert_fails "$taken" nsr network connect --alias sql net1 other
assert_eq "$(nsr ps -q -f name=db2)" "" "what was refused is not there"
assert_resolves client app "$(address_of app)"

# on another network the name is free
nsr network connect --alias-exclusive sql net2 app
assert_resolves other sql "$(address_of app eth1)"

# what somebody has cannot be had alone, also while he does not run; once he has gone it can
nsr attach --name cache --network net1 --network-alias store >/dev/null
nsr stop cache >/dev/null
assert_fails "container 'late' cannot have the name 'store' on network 'net1' for itself alone: container 'cache' has it" \
    nsr attach --name late --network net1 --network-alias-exclusive store
nsr rm cache >/dev/null
nsr attach --name late --network net1 --network-alias-exclusive store >/dev/null
assert_resolves client store "$(address_of late)"

# it is kept over a stop, a restart of the daemon, and ends with the alias
nsr stop db >/dev/null
assert_fails "$taken" nsr alias add net1 app sql
nsr start db >/dev/null
kill_daemon
start_daemon
assert_fails "$taken" nsr alias add net1 app sql
assert_eq "$(nsr inspect db | field 'it[0]["NetworkSettings"]["Networks"]["net1"]["DriverOpts"]["ns-register.alias-exclusive"]')" sql,SQL2
nsr alias rm net1 db sql
nsr alias add net1 app sql
assert_resolves client sql "$(address_of app)"
assert_fails "invalid alias 'a b': only letters, digits, '-', '_' and dots are allowed" \
    nsr attach --name bad --network net1 --network-alias-exclusive 'a b'

# over the API, as Docker's command line says it
api() { curl -s --unix-socket $SOCKET "http://d$1" -d "$2"; }
nsr attach --name plain --network net2 >/dev/null
said=$(api /networks/net1/connect \
    '{"Container":"plain","EndpointConfig":{"DriverOpts":{"ns-register.alias-exclusive":"Store"}}}')
assert_eq "$said" "{\"message\":\"container 'late' has the name 'store' on network 'net1' for itself alone\"}"
api /networks/net1/connect '{"Container":"plain","EndpointConfig":{"DriverOpts":{"ns-register.alias-exclusive":"mine"}}}'
assert_resolves client mine "$(address_of plain eth1)"

# the network's TTLs
assert_match "$(dig_in other +noall +answer other)" '^other\.\s+60\s'
assert_match "$(dig_in other +noall +authority other AAAA)" '^other\.\s+7\s+IN\s+SOA'
