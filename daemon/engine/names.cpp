#include "daemon/engine/names.h"

#include <algorithm>

#include "common/ids.h"
#include "common/log.h"
#include "daemon/engine/exclusive.h"
#include "daemon/engine/network_dns.h"
#include "daemon/engine/order.h"
#include "hosts/upstreams.h"
#include "registry/validate.h"

namespace nsr::daemon {
namespace {

constexpr const char* kTtlOption = "ns-register.dns.ttl";
constexpr const char* kNegativeTtlOption = "ns-register.dns.negative-ttl";
constexpr const char* kModeOption = "ns-register.dns";

resolver::DnsMode mode_of(const registry::Network& network) {
    const auto option = network.options.find(kModeOption);
    if (option == network.options.end()) return resolver::DnsMode::full;
    if (option->second == "off") return resolver::DnsMode::off;
    return option->second == "forward-only" ? resolver::DnsMode::forward_only : resolver::DnsMode::full;
}

}  // namespace

bool has_names(const registry::Network& network) {
    if (network.name == registry::kBridgeNetwork) return false;
    return network.driver != "host" && network.driver != "null";
}

bool has_server(const registry::Network& network) {
    return has_names(network) && mode_of(network) != resolver::DnsMode::off;
}

resolver::ZoneSpec zone_of(const registry::Network& network, std::vector<registry::Record> records) {
    resolver::ZoneSpec zone;
    zone.network_id = network.id;
    zone.network_name = network.name;
    zone.mode = mode_of(network);
    zone.records = std::move(records);
    if (const auto ttl = registry::number_option(network.options, kTtlOption)) {
        zone.ttl_seconds = zone.negative_ttl_seconds = *ttl;
    }
    if (const auto ttl = registry::number_option(network.options, kNegativeTtlOption)) zone.negative_ttl_seconds = *ttl;
    if (network.driver == "bridge") {
        for (const auto& config : network.ipam) zone.reverse_subnets.push_back(config.subnet);
    }
    return zone;
}

std::vector<std::string> names_of(const registry::Container& container, const registry::Endpoint& endpoint) {
    std::vector<std::string> names{container.name};
    const auto add = [&](std::string name) {
        if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    };
    for (const auto& alias : endpoint.aliases) add(alias);
    for (const auto& alias : exclusive_aliases(endpoint)) add(alias);
    add(std::string(short_id(container.id)));
    add(container.hostname);
    return names;
}

resolver::EndpointNames endpoint_names(const registry::Container& container, const registry::Endpoint& endpoint) {
    resolver::EndpointNames names;
    names.container_id = container.id;
    names.container_name = container.name;
    names.names = names_of(container, endpoint);
    names.names.erase(names.names.begin());
    if (endpoint.phase != registry::EndpointPhase::configured) {
        names.ipv4 = endpoint.ipv4;
        names.ipv6 = endpoint.ipv6;
    }
    names.ports = container.exposed;
    for (const auto& binding : container.published) names.ports.push_back(binding.container);
    std::ranges::sort(names.ports);
    const auto doubled = std::ranges::unique(names.ports);
    names.ports.erase(doubled.begin(), doubled.end());
    return names;
}

resolver::Upstream upstream_of(const hosts::NameServer& server, bool from_host) {
    return {server.address, server.port, server.zone, from_host};
}

std::vector<resolver::Upstream> upstreams_of(const registry::Container& container, const Settings& settings,
                                             const hosts::ResolvConf& host) {
    const auto chosen = hosts::choose_upstreams(hosts::dns_settings(container), settings.dns, host);
    for (const auto& own : chosen.own) {
        spdlog::warn("event=own_address_left_out container={} server={}", log::quoted(container.name), own.text());
    }
    std::vector<resolver::Upstream> upstreams;
    for (const auto& [server, from_host] : chosen.servers) upstreams.push_back(upstream_of(server, from_host));
    return upstreams;
}

resolver::ViewSpec view_of(const registry::Registry& registry, const registry::Container& container,
                           const Settings& settings, const hosts::ResolvConf& host) {
    resolver::ViewSpec view;
    view.container_id = container.id;
    const auto attachments = attachments_of(registry, container.id);
    view.can_forward = !attachments.empty();
    Settings own;
    view.outside = false;
    for (const auto& [endpoint, network] : attachments) {
        view.outside |= !network->internal;
        if (!has_server(*network)) continue;
        if (view.networks.empty()) view.cache_bytes = cache_bytes_of(*network);
        view.networks.push_back({network->id, endpoint->links});
        // The first network in the order of lookup that names servers is asked.
        if (own.dns.servers.empty()) own.dns.servers = servers_of(*network);
        std::ranges::move(domains_of(*network), std::back_inserter(view.domains));
    }
    if (own.dns.servers.empty()) own.dns.servers = settings.dns.servers;
    view.upstreams = upstreams_of(container, own, host);
    std::ranges::copy(settings.domains, std::back_inserter(view.domains));
    view.keep_single_labels = hosts::keeps_single_labels(hosts::dns_settings(container), settings.dns);
    return view;
}

}  // namespace nsr::daemon
