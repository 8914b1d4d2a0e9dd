#include "daemon/engine/engine.h"
#include "daemon/engine/names.h"
#include "daemon/engine/order.h"

/// What `inspect` shows of a container.
namespace nsr::daemon {
namespace {

std::vector<std::string> link_texts(const std::vector<registry::Link>& links) {
    std::vector<std::string> texts;
    for (const auto& link : links) texts.push_back(link.target + ":" + link.alias);
    return texts;
}

/// "0.0.0.0:8000-9999/tcp"
std::string row_text(const registry::BoundPort& row) {
    std::string text = net::text_of({row.container.protocol, row.host_ip, row.host_port});
    return text.insert(text.rfind('/'), "-" + std::to_string(row.host_port + row.count - 1));
}

void show_addresses(const registry::Network& network, const registry::Endpoint& endpoint,
                    api::EndpointSettings& settings) {
    settings.network_id = endpoint.network_id;
    if (endpoint.phase == registry::EndpointPhase::configured) return;
    settings.endpoint_id = endpoint.id;
    settings.mac = endpoint.mac ? endpoint.mac->text() : "";
    if (endpoint.ipv4) {
        const auto* config = subnet_of(network, *endpoint.ipv4);
        const auto gateway = gateway_of(network, *endpoint.ipv4);
        settings.ip_address = endpoint.ipv4->text();
        settings.ip_prefix_length = config ? config->subnet.length() : 0;
        settings.gateway = gateway && !network.internal ? gateway->text() : "";
    }
    if (endpoint.ipv6) {
        const auto* config = subnet_of(network, *endpoint.ipv6);
        const auto gateway = gateway_of(network, *endpoint.ipv6);
        settings.ipv6_address = endpoint.ipv6->text();
        settings.ipv6_prefix_length = config ? config->subnet.length() : 0;
        settings.ipv6_gateway = gateway && !network.internal ? gateway->text() : "";
    }
}

}  // namespace

api::ContainerInspect Engine::inspect_of(const registry::Container& container) const {
    api::ContainerInspect inspected;
    inspected.container = container;
    const registry::Container& owner = file_owner(container);
    if (files_.written(owner.id) != nullptr) {
        inspected.hosts_path = files_.hosts_path(owner.id);
        inspected.resolv_conf_path = files_.resolv_conf_path(owner.id);
    }
    const bool running = container.state == registry::ContainerState::running;
    if (running) {
        inspected.pid = container.sandbox_pid;
        inspected.sandbox_id = container.id;
        inspected.sandbox_key = sandboxes_.path(container, known_donor_of(container));
    }
    for (const auto& port : separate(container.bound)) {
        inspected.ports.push_back({port.container, port.host_ip.text(), port.host_port});
    }
    for (const auto& row : container.bound) {
        if (row.count > settings_.proxy_range_limit) inspected.ports_not_held.push_back(row_text(row));
    }
    for (const auto* endpoint : registry_.endpoints_of(container.id)) {
        api::EndpointSettings settings;
        settings.ipam_ipv4 = endpoint->wanted_ipv4 ? endpoint->wanted_ipv4->text() : "";
        settings.ipam_ipv6 = endpoint->wanted_ipv6 ? endpoint->wanted_ipv6->text() : "";
        settings.aliases = endpoint->aliases;
        settings.links = link_texts(endpoint->links);
        settings.gw_priority = endpoint->gw_priority;
        settings.driver_options = endpoint->driver_options;
        const registry::Network* network = registry_.network_by_name(endpoint->network_name);
        if (network != nullptr) {
            show_addresses(*network, *endpoint, settings);
            if (has_names(*network)) settings.dns_names = names_of(container, *endpoint);
        }
        inspected.networks[endpoint->network_name] = std::move(settings);
    }
    return inspected;
}

}  // namespace nsr::daemon
