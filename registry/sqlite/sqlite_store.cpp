#include "registry/sqlite/sqlite_store.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <fcntl.h>
#include <sqlite3.h>

#include <exception>
#include <unordered_map>

#include "common/fault.h"
#include "common/unique_fd.h"
#include "registry/sqlite/json_text.h"
#include "registry/sqlite/load.h"
#include "registry/sqlite/rows.h"
#include "registry/sqlite/schema.h"
#include "registry/sqlite/written_rows.h"
#include "registry/validate.h"

namespace nsr::registry {
namespace {

constexpr const char* kInMemory = ":memory:";
constexpr unsigned kDatabaseMode = 0600;  // variables of containers may hold secrets

/// Prepared statements by their text, which must be a literal.
class Statements {
public:
    explicit Statements(SQLite::Database& database) : database_(database) {}

    /// Ready to be bound.
    SQLite::Statement& get(const char* sql) {
        auto found = prepared_.find(sql);
        if (found == prepared_.end()) found = prepared_.try_emplace(sql, database_, sql).first;
        found->second.tryReset();  // after a failure it still stands where it failed
        return found->second;
    }

private:
    SQLite::Database& database_;
    std::unordered_map<const char*, SQLite::Statement> prepared_;
};

class SqliteStore : public Store {
public:
    explicit SqliteStore(const std::string& path)
        : path_(path), database_(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE), statements_(database_) {}

    /// Settings, schema, host id.
    Result<> prepare();

    Result<State> load() override;
    Result<> commit(const Changes& changes) override;

private:
    void run(const char* sql, auto&& bind) {
        SQLite::Statement& statement = statements_.get(sql);
        RowWriter row(statement);
        bind(row);
        statement.exec();
    }

    void run(const char* sql) { statements_.get(sql).exec(); }
    void roll_back();

    void erase_all(const Changes& changes);
    void put(const Network& network);
    void put(const Container& container);
    void put(const Endpoint& endpoint);
    void put(const Record& record);
    void put_aliases(const Endpoint& endpoint);
    void put_ports(const Container& container);
    void put_port(const Container& container, std::size_t position, const PortBinding& binding, bool published);
    void put_bound_ports(const Container& container);
    void put_link(const std::string& container_id, const std::string* network_name, std::size_t position,
                  const Link& link);

    Error described(const std::exception& exception) const;

    std::string path_;
    SQLite::Database database_;
    Statements statements_;
    WrittenRows written_;
};

Error SqliteStore::described(const std::exception& exception) const {
    const std::string name = "database '" + path_ + "'";
    const auto* sqlite = dynamic_cast<const SQLite::Exception*>(&exception);
    if (sqlite != nullptr && sqlite->getErrorCode() == SQLITE_BUSY) {
        return {Errc::conflict, name + " is in use by another process"};
    }
    const bool constraint = sqlite != nullptr && sqlite->getErrorCode() == SQLITE_CONSTRAINT;
    return {constraint ? Errc::conflict : Errc::system, name + ": " + exception.what()};
}

Result<> SqliteStore::prepare() {
    try {
        database_.exec("PRAGMA locking_mode = EXCLUSIVE");
        database_.exec("PRAGMA journal_mode = WAL");
        database_.exec("PRAGMA synchronous = NORMAL");
        database_.exec("PRAGMA foreign_keys = ON");
        if (auto migrated = migrate(database_); !migrated) {
            return fail(std::move(migrated).error(), "database '" + path_ + "'");
        }
        run("INSERT OR IGNORE INTO meta (key, value) VALUES ('host_id', ?)",
            [](RowWriter& row) { row.text(make_host_id()); });
        return {};
    } catch (const std::exception& exception) {
        return fail(described(exception));
    }
}

Result<State> SqliteStore::load() {
    try {
        return load_state(database_);
    } catch (const std::exception& exception) {
        return fail(described(exception));
    }
}

Result<> SqliteStore::commit(const Changes& changes) {
    try {
        run("BEGIN IMMEDIATE");
        erase_all(changes);
        for (const Network& network : changes.put_networks) put(network);
        for (const Container& container : changes.put_containers) put(container);
        for (const Endpoint& endpoint : changes.put_endpoints) put(endpoint);
        for (const Record& record : changes.put_records) put(record);
        if (fault::fails("database commit")) throw SQLite::Exception("database or disk is full", SQLITE_FULL);
        run("COMMIT");
        return {};
    } catch (const std::exception& exception) {
        auto error = described(exception);
        roll_back();
        return fail(std::move(error));
    }
}

void SqliteStore::roll_back() {
    written_.clear();
    if (sqlite3_get_autocommit(database_.getHandle()) != 0) return;  // was not begun, or SQLite has done it
    try {
        run("ROLLBACK");
    } catch (const std::exception&) {}  // the next transaction cannot begin then, and says so
}

void SqliteStore::erase_all(const Changes& changes) {
    for (const Record& record : changes.erase_records) {
        run("DELETE FROM records WHERE network_id = ? AND name = ? AND type = ? AND data = ?",
            [&](RowWriter& row) { row.text(record.network_id).text(record.name).text(record.type).text(record.data); });
    }
    for (const Endpoint& endpoint : changes.erase_endpoints) {
        run("DELETE FROM endpoints WHERE container_id = ? AND network_name = ?",
            [&](RowWriter& row) { row.text(endpoint.container_id).text(endpoint.network_name); });
        written_.forget(endpoint.container_id);
    }
    for (const std::string& id : changes.erase_containers) {
        written_.forget(id);
        run("DELETE FROM containers WHERE id = ?", [&](RowWriter& row) { row.text(id); });
    }
    for (const std::string& id : changes.erase_networks) {
        run("DELETE FROM networks WHERE id = ?", [&](RowWriter& row) { row.text(id); });
    }
}

// Replacing is ON CONFLICT DO UPDATE: INSERT OR REPLACE would delete the row first, and with it what refers to it.

void SqliteStore::put(const Network& network) {
    run(R"sql(
        INSERT INTO networks (id, name, driver, created, enable_ipv4, enable_ipv6, internal, attachable, options, labels,
                              ipam)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET
            name = excluded.name, driver = excluded.driver, created = excluded.created,
            enable_ipv4 = excluded.enable_ipv4, enable_ipv6 = excluded.enable_ipv6, internal = excluded.internal,
            attachable = excluded.attachable, options = excluded.options, labels = excluded.labels,
            ipam = excluded.ipam)sql",
        [&](RowWriter& row) {
            row.text(network.id).text(network.name).text(network.driver).number(network.created);
            row.number(network.enable_ipv4).number(network.enable_ipv6).number(network.internal);
            row.number(network.attachable).text(to_json(network.options)).text(to_json(network.labels));
            row.text(to_json(network.ipam));
        });
}

void SqliteStore::put(const Container& container) {
    run(R"sql(
        INSERT INTO containers (id, name, created, image, command, env, labels, hostname, domainname, network_mode,
                                publish_all, dns, dns_search, dns_options, extra_hosts, sandbox, sandbox_path,
                                sandbox_pid, sandbox_pid_start, state, started, finished, exit_code, error,
                                sandbox_inode)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET
            name = excluded.name, created = excluded.created, image = excluded.image, command = excluded.command,
            env = excluded.env, labels = excluded.labels, hostname = excluded.hostname,
            domainname = excluded.domainname, network_mode = excluded.network_mode,
            publish_all = excluded.publish_all, dns = excluded.dns, dns_search = excluded.dns_search,
            dns_options = excluded.dns_options, extra_hosts = excluded.extra_hosts, sandbox = excluded.sandbox,
            sandbox_path = excluded.sandbox_path, sandbox_pid = excluded.sandbox_pid,
            sandbox_pid_start = excluded.sandbox_pid_start, state = excluded.state, started = excluded.started,
            finished = excluded.finished, exit_code = excluded.exit_code, error = excluded.error,
            sandbox_inode = excluded.sandbox_inode)sql",
        [&](RowWriter& row) {
            row.text(container.id).text(container.name).number(container.created).text(container.image);
            row.text(to_json(container.command)).text(to_json(container.env)).text(to_json(container.labels));
            row.text(container.hostname).text(container.domainname).text(container.network_mode);
            row.number(container.publish_all).text(to_json(container.dns)).text(to_json(container.dns_search));
            row.text(to_json(container.dns_options)).text(to_json(container.extra_hosts));
            row.number(container.sandbox).text(container.sandbox_path).number(container.sandbox_pid);
            row.number(container.sandbox_pid_start).number(container.state).number(container.started);
            row.number(container.finished).number(container.exit_code).text(container.error);
            row.number(container.sandbox_inode);
        });
    put_ports(container);
    put_bound_ports(container);
    if (written_.are_none(container.id, "links", container.links.empty())) return;
    run("DELETE FROM links WHERE container_id = ? AND network_name IS NULL",
        [&](RowWriter& row) { row.text(container.id); });
    for (std::size_t index = 0; index < container.links.size(); ++index) {
        put_link(container.id, nullptr, index, container.links[index]);
    }
}

void SqliteStore::put_ports(const Container& container) {
    if (written_.are_none(container.id, "ports", container.exposed.empty() && container.published.empty())) return;
    run("DELETE FROM ports WHERE container_id = ?", [&](RowWriter& row) { row.text(container.id); });
    std::size_t position = 0;
    for (const PortProto& exposed : container.exposed) {
        put_port(container, position++, PortBinding{.container = exposed, .host_ip = {}}, false);
    }
    for (const PortBinding& binding : container.published) put_port(container, position++, binding, true);
}

void SqliteStore::put_port(const Container& container, std::size_t position, const PortBinding& binding,
                           bool published) {
    run("INSERT INTO ports (container_id, position, published, port, protocol, host_ip, host_first, host_last) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [&](RowWriter& row) {
            row.text(container.id).number(position).number(published).number(binding.container.port);
            row.text(std::string(protocol_name(binding.container.protocol))).address(binding.host_ip);
            row.number(binding.host_port_first).number(binding.host_port_last);
        });
}

void SqliteStore::put_bound_ports(const Container& container) {
    if (written_.are_none(container.id, "bound_ports", container.bound.empty())) return;
    run("DELETE FROM bound_ports WHERE container_id = ?", [&](RowWriter& row) { row.text(container.id); });
    for (std::size_t position = 0; position < container.bound.size(); ++position) {
        const BoundPort& bound = container.bound[position];
        run("INSERT INTO bound_ports (container_id, position, port, protocol, host_ip, host_port, count) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [&](RowWriter& row) {
                row.text(container.id).number(position).number(bound.container.port);
                row.text(std::string(protocol_name(bound.container.protocol))).text(bound.host_ip.text());
                row.number(bound.host_port).number(bound.count);
            });
    }
}

void SqliteStore::put_link(const std::string& container_id, const std::string* network_name, std::size_t position,
                           const Link& link) {
    run("INSERT INTO links (container_id, network_name, position, target, alias) VALUES (?, ?, ?, ?, ?)",
        [&](RowWriter& row) {
            row.text(container_id);
            if (network_name != nullptr) row.text(*network_name);
            if (network_name == nullptr) row.null();
            row.number(position).text(link.target).text(link.alias);
        });
}

void SqliteStore::put(const Endpoint& endpoint) {
    run(R"sql(
        INSERT INTO endpoints (container_id, network_name, network_id, id, position, wanted_ipv4, wanted_ipv6, wanted_mac,
                               gw_priority, driver_options, phase, ipv4, ipv6, mac, interface, host_interface)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (container_id, network_name) DO UPDATE SET
            network_name = excluded.network_name, network_id = excluded.network_id, id = excluded.id,
            position = excluded.position, wanted_ipv4 = excluded.wanted_ipv4, wanted_ipv6 = excluded.wanted_ipv6,
            wanted_mac = excluded.wanted_mac, gw_priority = excluded.gw_priority,
            driver_options = excluded.driver_options, phase = excluded.phase, ipv4 = excluded.ipv4,
            ipv6 = excluded.ipv6, mac = excluded.mac, interface = excluded.interface,
            host_interface = excluded.host_interface)sql",
        [&](RowWriter& row) {
            row.text(endpoint.container_id).text(endpoint.network_name).text(endpoint.network_id).text(endpoint.id);
            row.number(endpoint.order).address(endpoint.wanted_ipv4).address(endpoint.wanted_ipv6);
            row.address(endpoint.wanted_mac).number(endpoint.gw_priority).text(to_json(endpoint.driver_options));
            row.number(endpoint.phase).address(endpoint.ipv4).address(endpoint.ipv6).address(endpoint.mac);
            row.text(endpoint.interface).text(endpoint.host_interface);
        });
    put_aliases(endpoint);
    if (written_.are_none(endpoint.container_id, "links " + endpoint.network_name, endpoint.links.empty())) return;
    run("DELETE FROM links WHERE container_id = ? AND network_name = ?",
        [&](RowWriter& row) { row.text(endpoint.container_id).text(endpoint.network_name); });
    for (std::size_t index = 0; index < endpoint.links.size(); ++index) {
        put_link(endpoint.container_id, &endpoint.network_name, index, endpoint.links[index]);
    }
}

void SqliteStore::put_aliases(const Endpoint& endpoint) {
    if (written_.are(endpoint.container_id, "aliases " + endpoint.network_name, endpoint.aliases)) return;
    const auto key = [&](RowWriter& row) { row.text(endpoint.container_id).text(endpoint.network_name); };
    run("DELETE FROM aliases WHERE container_id = ? AND network_name = ?", key);
    for (std::size_t index = 0; index < endpoint.aliases.size(); ++index) {
        run("INSERT INTO aliases (container_id, network_name, position, alias) VALUES (?, ?, ?, ?)",
            [&](RowWriter& row) {
                key(row);
                row.number(index).text(endpoint.aliases[index]);
            });
    }
}

void SqliteStore::put(const Record& record) {
    run("INSERT INTO records (network_id, name, type, data, ttl) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (network_id, name, type, data) DO UPDATE SET ttl = excluded.ttl",
        [&](RowWriter& row) {
            row.text(record.network_id).text(record.name).text(record.type).text(record.data);
            if (record.ttl) row.number(*record.ttl);
            if (!record.ttl) row.null();
        });
}

/// Makes the file first, so that it is never readable by others, not even for a moment.
Result<> make_private_file(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kDatabaseMode));
    if (!fd) return fail_errno("open database '" + path + "'");
    return {};
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path) {
    if (path != kInMemory) {
        if (auto made = make_private_file(path); !made) return fail(std::move(made).error());
    }
    try {
        auto store = std::make_unique<SqliteStore>(path);
        if (auto prepared = store->prepare(); !prepared) return fail(std::move(prepared).error());
        return store;
    } catch (const std::exception& exception) {
        return fail(Errc::system, "database '" + path + "': " + exception.what());
    }
}

}  // namespace nsr::registry
