#include <algorithm>
#include <set>

#include "api/filters.h"
#include "common/ids.h"
#include "common/log.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/names.h"
#include "daemon/engine/network_options.h"
#include "daemon/engine/order.h"
#include "netsetup/ipam/network_config.h"
#include "registry/validate.h"

/// Networks: create, list, inspect, remove, prune.
namespace nsr::daemon {
namespace {

constexpr std::size_t kBridgeNameMax = 15;  // IFNAMSIZ less the zero

bool is_predefined(const registry::Network& network) {
    return network.name == registry::kBridgeNetwork || network.name == registry::kHostNetwork ||
           network.name == registry::kNoneNetwork;
}

/// Which drivers there are (N-59).
Result<> check_driver(const std::string& driver) {
    if (driver == "bridge" || driver == "macvlan" || driver == "ipvlan") return {};
    if (driver == "host" || driver == "null") {
        return fail(Errc::forbidden, "only one instance of \"" + driver + "\" network is allowed");
    }
    if (driver == "overlay") {
        return fail(Errc::forbidden,
                    "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" " +
                        std::string("to connect this node to swarm and try again."));
    }
    return fail(Errc::not_found, "plugin \"" + driver + "\" not found");
}

/// What of a create request this version cannot do at all.
Result<> check_supported(const api::NetworkCreateBody& body) {
    if (body.config_only || !body.config_from.empty()) {
        return fail(Errc::unsupported, "configuration-only networks are not supported");
    }
    if (body.ingress) return fail(Errc::unsupported, "ingress networks are not supported");
    if (!body.scope.empty() && body.scope != "local") {
        return fail(Errc::unsupported, "networks of scope \"" + body.scope + "\" are not supported");
    }
    if (!body.ipam_driver.empty() && body.ipam_driver != "default") {
        return fail(Errc::not_found, "invalid ipam driver: plugin \"" + body.ipam_driver + "\" not found");
    }
    return {};
}

/// What goes together only with something else.
Result<> check_ranges(const registry::Network& network) {
    for (const Family family : {Family::v4, Family::v6}) {
        if (gateway_mode_of(network, family) == net::GatewayMode::isolated && !network.internal) {
            return fail(Errc::invalid, "gateway mode 'isolated' can only be used for an internal network");
        }
    }
    constexpr std::uint32_t kMinimumMtu6 = 1280;  // RFC 8200 section 5
    const auto mtu = registry::number_option(network.options, "com.docker.network.driver.mtu");
    if (network.enable_ipv6 && mtu && *mtu > 0 && *mtu < kMinimumMtu6) {
        return fail(Errc::invalid, "failed to parse com.docker.network.driver.mtu value: " + std::to_string(*mtu) +
                                       " (IPv6 needs at least 1280)");
    }
    return {};
}

/// What is left out of a request that is done otherwise, a line each.
std::string ignored_of(const api::NetworkCreateBody& body, const registry::Network& network) {
    std::string lines;
    for (const auto& config : body.ipam) {
        const auto subnet = IpPrefix::parse(config.subnet);
        if (!subnet || subnet->family() == Family::v4 || network.enable_ipv6) continue;
        lines += "subnet " + config.subnet + " is ignored: IPv6 is not enabled (--ipv6)\n";
    }
    return lines;
}

std::set<IpPrefix> own_subnets(const registry::Registry& registry) {
    std::set<IpPrefix> own;
    for (const auto* network : registry.networks()) {
        for (const auto& config : network->ipam) own.insert(config.subnet);
    }
    return own;
}

std::string with_prefix(const std::optional<IpAddress>& address, const registry::Network& network) {
    if (!address) return "";
    const auto* config = subnet_of(network, *address);
    return config == nullptr ? address->text() : IpPrefix(*address, config->subnet.length()).text();
}

}  // namespace

Result<api::NetworkCreated> Engine::create_network(const api::NetworkCreateBody& body) {
    std::string warning;
    auto planned = plan_network(body, warning);
    if (!planned) return fail(std::move(planned).error());
    const registry::Network network = std::move(*planned);

    Undo undo;
    // Runs last, when the registry is as it was: the rules may be there though a step after them failed.
    undo.add([this] {
        if (auto applied = apply_firewall(); !applied) {
            spdlog::error("event=undo_failed step=firewall err={}", log::quoted(applied.error().message()));
        }
    });
    registry::Changes changes;
    changes.put_networks.push_back(network);
    if (auto committed = registry_.commit(std::move(changes)); !committed) return fail(std::move(committed).error());
    undo.add([this, id = network.id] {
        registry::Changes back;
        back.erase_networks.push_back(id);
        if (auto done = registry_.commit(std::move(back)); !done) {
            spdlog::error("event=undo_failed step=registry err={}", log::quoted(done.error().message()));
        }
    });
    if (auto placed = put_network_in_place(network, undo); !placed) return fail(std::move(placed).error());
    undo.commit();
    spdlog::info("event=network_created net={} id={} link={}", log::quoted(network.name), short_id(network.id),
                 has_parent(network) ? parent_of(network).name : bridge_name(network));
    if (has_bridge(network)) look_at_other_firewalls();
    for (const auto& foreign : foreign_warnings_) warning += foreign + "\n";
    return api::NetworkCreated{network.id, warning};
}

Result<registry::Network> Engine::plan_network(const api::NetworkCreateBody& body, std::string& warning) {
    registry::Network network;
    network.driver = body.driver.empty() || body.driver == "default" ? "bridge" : body.driver;
    if (auto valid = registry::check_network_name(body.name); !valid) return fail(std::move(valid).error());
    if (auto known = check_driver(network.driver); !known) return fail(std::move(known).error());
    if (auto able = check_supported(body); !able) return fail(std::move(able).error());
    if (registry_.network_by_name(body.name) != nullptr) {
        return fail(Errc::conflict, "network with name " + body.name + " already exists");
    }
    auto unknown = registry::check_network_options(network.driver, body.options);
    if (!unknown) return fail(std::move(unknown).error());
    for (const auto& option : *unknown) warning += "unknown option '" + option + "' is stored and has no effect\n";

    network.id = make_id();
    network.name = body.name;
    network.created = wall_now();
    network.enable_ipv4 = body.enable_ipv4.value_or(wants_family(body.options, Family::v4));
    network.enable_ipv6 = body.enable_ipv6.value_or(wants_family(body.options, Family::v6));
    network.internal = body.internal;
    network.attachable = body.attachable;
    network.options = body.options;
    network.labels = body.labels;
    // A dummy link leads nowhere (docker-behaviour M-15).
    if (has_parent(network) && parent_of(network).dummy) network.internal = true;
    auto valid = has_bridge(network) ? check_bridge_name(network) : check_parent(network);
    if (!valid) return fail(std::move(valid).error());

    if (auto possible = check_ranges(network); !possible) return fail(std::move(possible).error());

    net::IpamRequest request{network.driver, network.enable_ipv4, network.enable_ipv6, {}};
    for (const auto& config : body.ipam) {
        request.configs.push_back({config.subnet, config.ip_range, config.gateway, config.aux});
    }
    std::vector<IpPrefix> own;
    for (const auto* other : registry_.networks()) {
        for (const auto& config : other->ipam) own.push_back(config.subnet);
    }
    const auto host = host_prefixes();
    auto ipam = plan_subnets(request, own, host);
    if (!ipam) return fail(std::move(ipam).error());
    network.ipam = std::move(*ipam);
    warning += ignored_of(body, network);
    // The subnet of a parent link is the host's by design.
    if (has_parent(network)) return network;
    const auto avoid = prefixes_to_avoid(host);
    for (const auto& config : network.ipam) {
        for (const auto* others : {&avoid, &host.others, &host.sinks}) {
            const auto clash =
                std::ranges::find_if(*others, [&](const auto& other) { return other.overlaps(config.subnet); });
            if (clash == others->end()) continue;
            warning += "subnet " + config.subnet.text() + " overlaps with " + clash->text() + " of the host\n";
            break;
        }
    }
    return network;
}

Result<> Engine::check_bridge_name(const registry::Network& network) const {
    const std::string name = bridge_name(network);
    if (name.size() > kBridgeNameMax) {
        return fail(Errc::invalid, "bridge name '" + name + "' is longer than 15 characters");
    }
    if (name.find_first_of("/ \t\n:") != std::string::npos || name == "." || name == "..") {
        return fail(Errc::invalid, "bridge name '" + name + "' is not a valid interface name");
    }
    for (const auto* other : registry_.networks()) {
        if (has_bridge(*other) && bridge_name(*other) == name) {
            return fail(Errc::forbidden, "cannot create network " + network.id + " (" + name +
                                             "): conflicts with network " + other->id + " (" + name +
                                             "): networks have same bridge name");
        }
    }
    return {};
}

/// Networks may share a parent, unless one has it to itself (docker-behaviour M-12).
Result<> Engine::check_parent(const registry::Network& network) const {
    const auto is_passthru = [](const registry::Network& each) { return upper_of(each).mode == "passthru"; };
    const std::string parent = parent_of(network).name;
    for (const auto* other : registry_.networks()) {
        if (!has_parent(*other) || parent_of(*other).name != parent) continue;
        const std::string who =
            network.driver + " network " + other->id + " is already using parent interface " + parent;
        if (other->driver != network.driver) return fail(Errc::forbidden, other->driver + who.substr(who.find(' ')));
        if (is_passthru(network)) return fail(Errc::forbidden, "cannot use mode passthru, " + who);
        if (is_passthru(*other)) return fail(Errc::forbidden, who + " in mode passthru");
    }
    return {};
}

/// The last network that uses a parent takes it along, if we made it.
Result<> Engine::release_parent(const registry::Network& network) {
    const std::string parent = parent_of(network).name;
    for (const auto* other : registry_.networks()) {
        if (other->id != network.id && has_parent(*other) && parent_of(*other).name == parent) return {};
    }
    return netsetup_->remove_parent(parent);
}

Result<> Engine::ensure_link_of(const registry::Network& network) {
    if (has_parent(network)) return netsetup_->ensure_parent(parent_of(network));
    return netsetup_->ensure_bridge(bridge_of(network));
}

Result<> Engine::restore_link_of(const registry::Network& network) {
    auto made = ensure_link_of(network);
    if (!made && made.error().code() == Errc::invalid && has_parent(network)) {
        // Docker's words are for whoever names a parent; this one was there, and needs no other name.
        const std::string parent = parent_of(network).name;
        if (!parent.contains('.')) {
            made = fail(Errc::not_found, "-o parent interface was not found on the host: " + parent);
        }
    }
    if (!made && made.error().code() == Errc::conflict)
        unusable_.insert(network.id);
    else
        unusable_.erase(network.id);
    return made;
}

Result<> Engine::remove_link_of(const registry::Network& network) {
    if (has_parent(network)) return release_parent(network);
    return netsetup_->remove_bridge(bridge_name(network));
}

Result<> Engine::put_network_in_place(const registry::Network& network, Undo& undo) {
    addresses_.add_network(network);
    undo.add([this, id = network.id] { addresses_.remove_network(id); });
    if (auto made = ensure_link_of(network); !made) {
        // What Docker words stays in Docker's words.
        if (has_parent(network)) return made;
        return fail(std::move(made).error(), "create network '" + network.name + "'");
    }
    undo.add([this, network] {
        if (auto gone = remove_link_of(network); !gone) {
            spdlog::error("event=undo_failed step=link err={}", log::quoted(gone.error().message()));
        }
    });
    if (has_parent(network)) {
        const auto fit = netsetup_->check_parent(upper_of(network), mtu_of(network));
        if (!fit) return fit;
    }
    if (auto applied = join_firewall(network); !applied) return applied;
    put_zone(network);
    resolver_->publish();
    return {};
}

/// The rules of a new network; those of others stay as they are.
Result<> Engine::join_firewall(const registry::Network& network) {
    if (netsetup_->firewall_touched()) firewall_changed();
    if (has_bridge(network) && !settings_.nft.docker_user) {
        const auto joined = netsetup_->join_firewall(bridge_of(network));
        if (joined && *joined) return {};
    }
    return apply_firewall();  // all of it, and it knows what to do if it cannot
}

void Engine::put_zone(const registry::Network& network) {
    if (!has_names(network)) return;
    resolver_->put_network(zone_of(network, registry_.records_of(network.id)));
    // Containers that wait for a network of this name own their names on it from now on.
    for (const auto* container : registry_.containers()) {
        if (const auto* endpoint = registry_.endpoint(container->id, network.name)) put_names(*container, *endpoint);
    }
}

net::HostPrefixes Engine::host_prefixes() {
    auto host = netsetup_->host_prefixes();
    if (host) return std::move(*host);
    spdlog::warn("event=host_routes_unknown err={}", log::quoted(host.error().message()));
    return {};
}

std::vector<IpPrefix> Engine::prefixes_to_avoid(const net::HostPrefixes& host) const {
    std::vector<IpPrefix> avoid = host.on_link;
    // Bridges of our own are on-link, too, but those count as networks, not as the host's.
    std::erase_if(avoid, [own = own_subnets(registry_)](const IpPrefix& prefix) { return own.contains(prefix); });
    for (const auto& server : host_dns_.servers) {
        avoid.emplace_back(server.address, server.address.is_v4() ? 32 : 128);
    }
    return avoid;
}

/// Whoever drops whole private ranges on their way out still gets networks.
Result<std::vector<registry::IpamConfig>> Engine::plan_subnets(const net::IpamRequest& request,
                                                               const std::vector<IpPrefix>& own,
                                                               const net::HostPrefixes& host) const {
    const auto pools = pools_of(settings_, registry_.host_id());
    auto avoid = prefixes_to_avoid(host);
    if (!host.sinks.empty()) {
        auto outside = avoid;
        outside.insert(outside.end(), host.sinks.begin(), host.sinks.end());
        auto ipam = net::plan_ipam(request, own, outside, pools);
        if (ipam || ipam.error().code() != Errc::conflict) return ipam;
    }
    return net::plan_ipam(request, own, avoid, pools);
}

std::vector<net::BridgeSpec> Engine::firewall_bridges() const {
    std::vector<net::BridgeSpec> bridges;
    std::map<std::string, std::vector<net::PublishedPort>> published;  // by network
    for (const auto& [container, publication] : published_) {
        for (const auto& [network, port] :
             rules_of(publication.ports, publication.targets, settings_.proxy_range_limit)) {
            published[network].push_back(port);
        }
    }
    for (const auto* network : registry_.networks()) {
        if (!has_bridge(*network) || network->id == leaving_ || unusable_.contains(network->id)) continue;
        bridges.push_back(bridge_of(*network));
        bridges.back().published = std::move(published[network->id]);
    }
    return bridges;
}

net::BridgeSpec Engine::bridge_with_ports(const registry::Network& network) const {
    auto bridge = bridge_of(network);
    for (const auto& [container, publication] : published_) {
        for (const auto& [id, port] : rules_of(publication.ports, publication.targets, settings_.proxy_range_limit)) {
            if (id == network.id) bridge.published.push_back(port);
        }
    }
    return bridge;
}

Result<> Engine::remove_network(const std::string& ref) {
    auto found = registry_.find_network(ref);
    if (!found) return fail(std::move(found).error());
    const registry::Network network = **found;
    if (is_predefined(network)) {
        return fail(Errc::forbidden, network.name + " is a pre-defined network and cannot be removed");
    }
    const auto endpoints = registry_.endpoints_on(network.id);
    if (!endpoints.empty()) {
        std::string who;
        for (const auto* endpoint : endpoints) {
            const auto* container = registry_.container_by_id(endpoint->container_id);
            who += (who.empty() ? "" : ", ") + std::string("name:\"") + (container ? container->name : "") +
                   "\" id:\"" + std::string(short_id(endpoint->id)) + "\"";
        }
        return fail(Errc::forbidden,
                    "error while removing network: network " + network.name + " has active endpoints (" + who + ")");
    }
    return erase_network(network);
}

Result<> Engine::erase_network(const registry::Network& network) {
    // The rules first: they are one transaction, so that a refusal leaves everything as it was.
    leaving_ = network.id;
    Undo undo;
    undo.add([this] {
        leaving_.clear();
        if (auto back = apply_firewall(); !back) {
            spdlog::error("event=undo_failed step=firewall err={}", log::quoted(back.error().message()));
        }
    });
    if (auto applied = apply_firewall(); !applied) return applied;
    registry::Changes changes;
    changes.erase_networks.push_back(network.id);
    if (auto committed = registry_.commit(std::move(changes)); !committed) return committed;
    undo.commit();
    leaving_.clear();
    unusable_.erase(network.id);
    if (has_names(network)) {
        resolver_->remove_network(network.id);
        resolver_->publish();
    }
    addresses_.remove_network(network.id);
    if (has_links(network)) {
        if (auto gone = remove_link_of(network); !gone) {
            spdlog::warn("event=link_left net={} err={}", log::quoted(network.name),
                         log::quoted(gone.error().message()));
            leftovers_ = true;
        }
    }
    if (has_bridge(network)) look_at_other_firewalls();
    spdlog::info("event=network_removed net={} id={}", log::quoted(network.name), short_id(network.id));
    return {};
}

Result<std::vector<std::string>> Engine::prune_networks(const api::Filters& filters) {
    if (auto valid = api::check_prune_filters(filters); !valid) return fail(std::move(valid).error());
    std::vector<registry::Network> unused;
    for (const auto* network : registry_.networks()) {
        if (is_predefined(*network) || !registry_.endpoints_on(network->id).empty()) continue;
        if (api::matches_prune(filters, *network)) unused.push_back(*network);
    }
    std::vector<std::string> removed;
    for (const auto& network : unused) {
        if (auto erased = erase_network(network); !erased) return fail(std::move(erased).error());
        removed.push_back(network.name);
    }
    return removed;
}

Result<std::vector<api::NetworkResource>> Engine::list_networks(const api::Filters& filters) {
    if (auto valid = api::check_network_filters(filters); !valid) return fail(std::move(valid).error());
    std::vector<api::NetworkResource> list;
    for (const auto* network : registry_.networks()) {
        const auto resource = resource_of(*network);
        if (api::matches_network(filters, resource)) list.push_back(resource);
    }
    return list;
}

Result<api::NetworkResource> Engine::inspect_network(const std::string& ref) {
    auto network = registry_.find_network(ref);
    if (!network) return fail(std::move(network).error());
    return resource_of(**network);
}

api::NetworkResource Engine::resource_of(const registry::Network& network) const {
    api::NetworkResource resource{network, {}};
    for (const auto* endpoint : registry_.endpoints_on(network.id)) {
        const auto* container = registry_.container_by_id(endpoint->container_id);
        if (container == nullptr) continue;
        resource.containers[container->id] = {container->name, endpoint->id, endpoint->mac ? endpoint->mac->text() : "",
                                              with_prefix(endpoint->ipv4, network),
                                              with_prefix(endpoint->ipv6, network)};
    }
    return resource;
}

}  // namespace nsr::daemon
