#include "registry/sqlite/schema.h"

#include <SQLiteCpp/Transaction.h>

#include <iterator>
#include <string>

namespace nsr::registry {
namespace {

/// Each brings the schema from version N (its index) to N + 1. Never changed once released, only added to.
constexpr const char* kMigrations[] = {
    R"sql(
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE networks (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL COLLATE NOCASE UNIQUE,
    driver      TEXT NOT NULL,
    created     INTEGER NOT NULL,
    enable_ipv4 INTEGER NOT NULL,
    enable_ipv6 INTEGER NOT NULL,
    internal    INTEGER NOT NULL,
    attachable  INTEGER NOT NULL,
    options     TEXT NOT NULL,  -- JSON object
    labels      TEXT NOT NULL,  -- JSON object
    ipam        TEXT NOT NULL   -- JSON array
) STRICT;

CREATE TABLE containers (
    id                TEXT PRIMARY KEY,
    name              TEXT NOT NULL COLLATE NOCASE UNIQUE,
    created           INTEGER NOT NULL,
    image             TEXT NOT NULL,
    command           TEXT NOT NULL,  -- JSON array, as are the other lists
    env               TEXT NOT NULL,
    labels            TEXT NOT NULL,
    hostname          TEXT NOT NULL,
    domainname        TEXT NOT NULL,
    network_mode      TEXT NOT NULL,
    publish_all       INTEGER NOT NULL,
    dns               TEXT NOT NULL,
    dns_search        TEXT NOT NULL,
    dns_options       TEXT NOT NULL,
    extra_hosts       TEXT NOT NULL,
    sandbox           INTEGER NOT NULL,
    sandbox_path      TEXT NOT NULL,
    sandbox_pid       INTEGER NOT NULL,
    sandbox_pid_start INTEGER NOT NULL,
    state             INTEGER NOT NULL,
    started           INTEGER NOT NULL,
    finished          INTEGER NOT NULL,
    exit_code         INTEGER NOT NULL,
    error             TEXT NOT NULL,
    sandbox_inode     INTEGER NOT NULL
) STRICT;

CREATE TABLE ports (
    container_id TEXT NOT NULL REFERENCES containers ON DELETE CASCADE,
    position     INTEGER NOT NULL,
    published    INTEGER NOT NULL,  -- 0: only exposed
    port         INTEGER NOT NULL,
    protocol     TEXT NOT NULL,
    host_ip      TEXT,
    host_first   INTEGER NOT NULL,
    host_last    INTEGER NOT NULL,
    PRIMARY KEY (container_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE endpoints (
    container_id   TEXT NOT NULL REFERENCES containers ON DELETE CASCADE,
    network_name   TEXT NOT NULL COLLATE NOCASE,
    network_id     TEXT NOT NULL,
    id             TEXT NOT NULL,
    position       INTEGER NOT NULL,
    wanted_ipv4    TEXT,
    wanted_ipv6    TEXT,
    wanted_mac     TEXT,
    gw_priority    INTEGER NOT NULL,
    driver_options TEXT NOT NULL,  -- JSON object
    phase          INTEGER NOT NULL,
    ipv4           TEXT,
    ipv6           TEXT,
    mac            TEXT,
    interface      TEXT NOT NULL,
    host_interface TEXT NOT NULL,
    PRIMARY KEY (container_id, network_name)
) STRICT, WITHOUT ROWID;

CREATE TABLE aliases (
    container_id TEXT NOT NULL,
    network_name TEXT NOT NULL COLLATE NOCASE,
    position     INTEGER NOT NULL,
    alias        TEXT NOT NULL,
    PRIMARY KEY (container_id, network_name, position),
    FOREIGN KEY (container_id, network_name) REFERENCES endpoints ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE links (
    container_id TEXT NOT NULL REFERENCES containers ON DELETE CASCADE,
    network_name TEXT COLLATE NOCASE,  -- NULL: a legacy link of the container
    position     INTEGER NOT NULL,
    target       TEXT NOT NULL,
    alias        TEXT NOT NULL,
    FOREIGN KEY (container_id, network_name) REFERENCES endpoints ON DELETE CASCADE
) STRICT;
CREATE INDEX links_by_owner ON links (container_id, network_name);

CREATE TABLE records (
    network_id TEXT NOT NULL REFERENCES networks ON DELETE CASCADE,
    name       TEXT NOT NULL,
    type       TEXT NOT NULL,
    data       TEXT NOT NULL,
    ttl        INTEGER,
    PRIMARY KEY (network_id, name, type, data)
) STRICT, WITHOUT ROWID;
)sql",
    R"sql(
CREATE TABLE bound_ports (
    container_id TEXT NOT NULL REFERENCES containers ON DELETE CASCADE,
    position     INTEGER NOT NULL,
    port         INTEGER NOT NULL,
    protocol     TEXT NOT NULL,
    host_ip      TEXT NOT NULL,
    host_port    INTEGER NOT NULL,
    count        INTEGER NOT NULL,  -- of ports in a row
    PRIMARY KEY (container_id, position)
) STRICT, WITHOUT ROWID;
)sql",
};

constexpr int kVersion = static_cast<int>(std::size(kMigrations));

}  // namespace

Result<> migrate(SQLite::Database& database) {
    const int version = database.execAndGet("PRAGMA user_version").getInt();
    if (version > kVersion) {
        return fail(Errc::conflict, "its schema is version " + std::to_string(version) + ", this program knows up to " +
                                        std::to_string(kVersion));
    }
    // Exclusive also when there is nothing to do: the lock of the database is taken here and kept.
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::EXCLUSIVE);
    for (int step = version; step < kVersion; ++step) database.exec(kMigrations[step]);
    database.exec("PRAGMA user_version = " + std::to_string(kVersion));
    transaction.commit();
    return {};
}

}  // namespace nsr::registry
