#include "registry/sqlite/load.h"

#include <SQLiteCpp/Statement.h>

#include <map>
#include <stdexcept>
#include <utility>

#include "registry/sqlite/json_text.h"
#include "registry/sqlite/rows.h"
#include "registry/validate.h"

namespace nsr::registry {
namespace {

/// Owner of aliases and links: container id, network name in lower case.
using Key = std::pair<std::string, std::string>;

void for_each_row(SQLite::Database& database, const char* sql, auto&& take) {
    SQLite::Statement statement(database, sql);
    while (statement.executeStep()) {
        RowReader row(statement);
        take(row);
    }
}

void load_networks(SQLite::Database& database, State& state) {
    constexpr auto kSql =
        "SELECT id, name, driver, created, enable_ipv4, enable_ipv6, internal, attachable, options, labels, ipam "
        "FROM networks";
    for_each_row(database, kSql, [&](RowReader& row) {
        Network network;
        network.id = row.text();
        network.name = row.text();
        network.driver = row.text();
        network.created = row.number();
        network.enable_ipv4 = row.flag();
        network.enable_ipv6 = row.flag();
        network.internal = row.flag();
        network.attachable = row.flag();
        network.options = map_from_json(row.text());
        network.labels = map_from_json(row.text());
        network.ipam = ipam_from_json(row.text());
        state.networks.emplace(network.id, std::move(network));
    });
}

void load_containers(SQLite::Database& database, State& state) {
    constexpr auto kSql =
        "SELECT id, name, created, image, command, env, labels, hostname, domainname, network_mode, publish_all, dns, "
        "dns_search, dns_options, extra_hosts, sandbox, sandbox_path, sandbox_pid, sandbox_pid_start, state, started, "
        "finished, exit_code, error, sandbox_inode FROM containers";
    for_each_row(database, kSql, [&](RowReader& row) {
        Container container;
        container.id = row.text();
        container.name = row.text();
        container.created = row.number();
        container.image = row.text();
        container.command = list_from_json(row.text());
        container.env = list_from_json(row.text());
        container.labels = map_from_json(row.text());
        container.hostname = row.text();
        container.domainname = row.text();
        container.network_mode = row.text();
        container.publish_all = row.flag();
        container.dns = list_from_json(row.text());
        container.dns_search = list_from_json(row.text());
        container.dns_options = list_from_json(row.text());
        container.extra_hosts = list_from_json(row.text());
        container.sandbox = row.number<SandboxKind>();
        container.sandbox_path = row.text();
        container.sandbox_pid = row.number();
        container.sandbox_pid_start = row.number<std::uint64_t>();
        container.state = row.number<ContainerState>();
        container.started = row.number();
        container.finished = row.number();
        container.exit_code = row.number<int>();
        container.error = row.text();
        container.sandbox_inode = row.number<std::uint64_t>();
        state.containers.emplace(container.id, std::move(container));
    });
}

void load_ports(SQLite::Database& database, State& state) {
    constexpr auto kSql =
        "SELECT container_id, published, port, protocol, host_ip, host_first, host_last FROM ports "
        "ORDER BY container_id, position";
    for_each_row(database, kSql, [&](RowReader& row) {
        Container& container = state.containers.at(row.text());
        const bool published = row.flag();
        PortBinding binding;
        binding.container.port = row.number<std::uint16_t>();
        const auto protocol = parse_protocol(row.text());
        if (!protocol) throw std::invalid_argument("a port of container '" + container.name + "' has no protocol");
        binding.container.protocol = *protocol;
        binding.host_ip = row.address<IpAddress>();
        binding.host_port_first = row.number<std::uint16_t>();
        binding.host_port_last = row.number<std::uint16_t>();
        if (published) container.published.push_back(binding);
        if (!published) container.exposed.push_back(binding.container);
    });
}

void load_bound_ports(SQLite::Database& database, State& state) {
    constexpr auto kSql =
        "SELECT container_id, port, protocol, host_ip, host_port, count FROM bound_ports "
        "ORDER BY container_id, position";
    for_each_row(database, kSql, [&](RowReader& row) {
        Container& container = state.containers.at(row.text());
        BoundPort bound;
        bound.container.port = row.number<std::uint16_t>();
        const auto protocol = parse_protocol(row.text());
        const auto host_ip = row.address<IpAddress>();
        if (!protocol || !host_ip) throw std::invalid_argument("a bound port of '" + container.name + "' is malformed");
        bound.container.protocol = *protocol;
        bound.host_ip = *host_ip;
        bound.host_port = row.number<std::uint16_t>();
        bound.count = row.number<std::uint16_t>();
        container.bound.push_back(bound);
    });
}

void load_endpoints(SQLite::Database& database, State& state) {
    constexpr auto kSql =
        "SELECT container_id, network_name, network_id, id, position, wanted_ipv4, wanted_ipv6, wanted_mac, "
        "gw_priority, driver_options, phase, ipv4, ipv6, mac, interface, host_interface FROM endpoints "
        "ORDER BY container_id, position, network_name";
    for_each_row(database, kSql, [&](RowReader& row) {
        Endpoint endpoint;
        endpoint.container_id = row.text();
        endpoint.network_name = row.text();
        endpoint.network_id = row.text();
        endpoint.id = row.text();
        endpoint.order = row.number<std::uint32_t>();
        endpoint.wanted_ipv4 = row.address<IpAddress>();
        endpoint.wanted_ipv6 = row.address<IpAddress>();
        endpoint.wanted_mac = row.address<MacAddress>();
        endpoint.gw_priority = row.number<int>();
        endpoint.driver_options = map_from_json(row.text());
        endpoint.phase = row.number<EndpointPhase>();
        endpoint.ipv4 = row.address<IpAddress>();
        endpoint.ipv6 = row.address<IpAddress>();
        endpoint.mac = row.address<MacAddress>();
        endpoint.interface = row.text();
        endpoint.host_interface = row.text();
        state.endpoints.push_back(std::move(endpoint));
    });
}

void load_aliases_and_links(SQLite::Database& database, State& state) {
    std::map<Key, Endpoint*> owners;
    for (Endpoint& endpoint : state.endpoints) {
        owners[{endpoint.container_id, lower(endpoint.network_name)}] = &endpoint;
    }
    constexpr auto kAliases =
        "SELECT container_id, network_name, alias FROM aliases ORDER BY container_id, network_name, position";
    for_each_row(database, kAliases, [&](RowReader& row) {
        std::string container_id = row.text();
        Endpoint* owner = owners.at({std::move(container_id), lower(row.text())});
        owner->aliases.push_back(row.text());
    });
    constexpr auto kLinks =
        "SELECT container_id, target, alias, network_name FROM links ORDER BY container_id, network_name, position";
    for_each_row(database, kLinks, [&](RowReader& row) {
        const std::string container_id = row.text();
        Link link;
        link.target = row.text();
        link.alias = row.text();
        auto& links = row.is_null() ? state.containers.at(container_id).links
                                    : owners.at({container_id, lower(row.text())})->links;
        links.push_back(std::move(link));
    });
}

void load_records(SQLite::Database& database, State& state) {
    constexpr auto kSql = "SELECT network_id, name, type, data, ttl FROM records ORDER BY 1, 2, 3, 4";
    for_each_row(database, kSql, [&](RowReader& row) {
        Record record;
        record.network_id = row.text();
        record.name = row.text();
        record.type = row.text();
        record.data = row.text();
        if (!row.is_null()) record.ttl = row.number<std::uint32_t>();
        state.records.push_back(std::move(record));
    });
}

}  // namespace

State load_state(SQLite::Database& database) {
    State state;
    for_each_row(database, "SELECT value FROM meta WHERE key = 'host_id'",
                 [&](RowReader& row) { state.host_id = row.text(); });
    load_networks(database, state);
    load_containers(database, state);
    load_ports(database, state);
    load_bound_ports(database, state);
    load_endpoints(database, state);
    load_aliases_and_links(database, state);
    load_records(database, state);
    return state;
}

}  // namespace nsr::registry
