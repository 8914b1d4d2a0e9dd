#include "daemon/engine/order.h"

#include <algorithm>
#include <tuple>

namespace nsr::daemon {
namespace {

int families_with_gateway(const registry::Network& network) {
    return static_cast<int>(gateway_of(network, Family::v4).has_value()) +
           static_cast<int>(gateway_of(network, Family::v6).has_value());
}

/// Links of ipvlan's modes l3 and l3s ask no neighbours: the default route leads to the device, whatever the gateway.
std::optional<IpAddress> next_hop(const registry::Network& network, const IpAddress& address) {
    const auto gateway = gateway_of(network, address);
    if (!gateway || network.driver != "ipvlan") return gateway;
    const auto mode = network.options.find("ipvlan_mode");
    const bool layer3 = mode != network.options.end() && mode->second.starts_with("l3");
    if (!layer3) return gateway;
    return address.is_v4() ? IpAddress() : *IpAddress::parse("::");
}

/// Smaller sorts first.
auto rank(const Attachment& attachment) {
    return std::tuple(-attachment.endpoint->gw_priority, attachment.network->internal,
                      -families_with_gateway(*attachment.network), std::string_view(attachment.network->name));
}

}  // namespace

std::vector<Attachment> attachments_of(const registry::Registry& registry, const std::string& container_id) {
    std::vector<Attachment> attachments;
    for (const registry::Endpoint* endpoint : registry.endpoints_of(container_id)) {
        if (endpoint->phase == registry::EndpointPhase::configured) continue;
        const registry::Network* network = registry.network_by_id(endpoint->network_id);
        if (network != nullptr) attachments.push_back({endpoint, network});
    }
    std::ranges::sort(attachments, [](const auto& a, const auto& b) { return rank(a) < rank(b); });
    return attachments;
}

net::SandboxRoutes routes_of(const std::vector<Attachment>& attachments) {
    net::SandboxRoutes routes;
    for (const auto& [endpoint, network] : attachments) {
        if (!endpoint->interface.empty()) routes.interfaces.push_back(endpoint->interface);
        if (network->internal) continue;
        if (!routes.gateway4 && endpoint->ipv4) {
            routes.gateway4 = next_hop(*network, *endpoint->ipv4);
            if (routes.gateway4) routes.interface4 = endpoint->interface;
        }
        if (!routes.gateway6 && endpoint->ipv6) {
            routes.gateway6 = next_hop(*network, *endpoint->ipv6);
            if (routes.gateway6) routes.interface6 = endpoint->interface;
        }
    }
    return routes;
}

std::optional<IpAddress> gateway_of(const registry::Network& network, Family family) {
    for (const auto& config : network.ipam) {
        if (config.subnet.family() == family && config.gateway) return config.gateway;
    }
    return std::nullopt;
}

std::optional<IpAddress> gateway_of(const registry::Network& network, const IpAddress& address) {
    const auto* config = subnet_of(network, address);
    return config == nullptr ? std::nullopt : config->gateway;
}

const registry::IpamConfig* subnet_of(const registry::Network& network, const IpAddress& address) {
    const auto found =
        std::ranges::find_if(network.ipam, [&](const auto& config) { return config.subnet.contains(address); });
    return found == network.ipam.end() ? nullptr : &*found;
}

}  // namespace nsr::daemon
