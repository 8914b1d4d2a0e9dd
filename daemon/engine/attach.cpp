#include <algorithm>

#include "common/ids.h"
#include "common/log.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/interface_sysctls.h"
#include "daemon/engine/names.h"
#include "daemon/engine/network_options.h"
#include "daemon/engine/order.h"

/// One endpoint's way into the kernel and the resolver, and back.
namespace nsr::daemon {
namespace {

// What the rewrite of port 53 leads to is where the resolver listens; only here are both seen.
static_assert(std::string_view(net::kDnsAddress) == resolver::kServerAddress);
static_assert(net::kDnsPort == resolver::kServerPort);
static_assert(net::kHiddenDnsPort == resolver::kHiddenUdpPort && net::kHiddenDnsPort == resolver::kHiddenTcpPort);

constexpr std::size_t kHostInterfaceDigits = 7;  // "veth" + 7 hex, as Docker's

/// "eth0", or the lowest number that none of `taken` has (D-52).
std::string free_interface(const std::string& prefix, const std::vector<std::string>& taken) {
    for (unsigned number = 0;; ++number) {
        std::string name = prefix + std::to_string(number);
        if (std::ranges::find(taken, name) == taken.end()) return name;
    }
}

/// The name that the user wants, or the next free one; `taken` then has it, too.
Result<> name_interface(const registry::Network& network, registry::Endpoint& endpoint,
                        std::vector<std::string>& taken) {
    const auto wanted = endpoint.driver_options.find(kInterfaceNameOption);
    if (wanted == endpoint.driver_options.end()) {
        endpoint.interface = free_interface(interface_prefix(network), taken);
    } else if (std::ranges::find(taken, wanted->second) != taken.end()) {
        return fail(Errc::conflict, "interface '" + wanted->second + "' exists already in the container's namespace");
    } else {
        endpoint.interface = wanted->second;
    }
    taken.push_back(endpoint.interface);
    return {};
}

/// Undo steps cannot fail upwards: what went wrong is for the operator.
void log_undo(const char* step, const Result<>& result) {
    if (!result) {
        spdlog::error("event=undo_failed step={} err={}", step, log::quoted(result.error().message()));
    }
}

}  // namespace

Result<> Engine::attach(const registry::Container& container, const NetNs& sandbox,
                        std::vector<registry::Endpoint>& endpoints, Undo& undo) {
    std::vector<std::string> interfaces;
    for (const auto& attachment : attachments_of(registry_, container.id)) {
        interfaces.push_back(attachment.endpoint->interface);
    }
    if (!keeps_own_sandbox(container) && container.network_mode != registry::kHostNetwork) {
        // Its owner may have links of his own there.
        auto present = netsetup_->interfaces_in(sandbox);
        if (!present) return fail(std::move(present).error());
        interfaces.insert(interfaces.end(), present->begin(), present->end());
    }
    registry::Changes intent;
    registry::Changes back;
    for (auto& endpoint : endpoints) {
        const auto* before = registry_.endpoint(container.id, endpoint.network_name);
        if (before != nullptr)
            back.put_endpoints.push_back(*before);
        else
            back.erase_endpoints.push_back(endpoint);
        if (auto planned = plan_endpoint(container, sandbox, endpoint, interfaces, undo); !planned) return planned;
    }
    intent.put_endpoints = endpoints;
    // Runs after the registry was set back, and says again what it says then.
    undo.add([this, container, endpoints] {
        for (const auto& endpoint : endpoints) {
            const auto* now = registry_.endpoint(container.id, endpoint.network_name);
            if (now == nullptr)
                remove_names(endpoint);
            else
                put_names(container, *now);
        }
        if (served_.contains(container.id)) put_view(container);
        resolver_->publish();
    });
    undo.add([this, container, &sandbox] { log_undo("default route", set_routes(container, sandbox)); });
    if (auto committed = registry_.commit(std::move(intent)); !committed) return committed;
    undo.add([this, back] { log_undo("registry", registry_.commit(back)); });

    for (const auto& endpoint : endpoints) {
        if (auto linked = link_endpoint(endpoint, sandbox, undo); !linked) return linked;
    }
    if (auto routed = set_routes(container, sandbox); !routed) return routed;
    for (const auto& endpoint : endpoints) put_names(container, endpoint);
    if (auto served = serve_names(container, sandbox, undo); !served) return served;
    return publish_ports(container.id, undo);
}

Result<> Engine::plan_endpoint(const registry::Container& container, const NetNs& sandbox, registry::Endpoint& endpoint,
                               std::vector<std::string>& interfaces, Undo& undo) {
    const registry::Network* network = registry_.network_by_name(endpoint.network_name);
    if (network == nullptr) return fail(Errc::not_found, "network " + endpoint.network_name + " not found");
    if (has_links(*network) && sandbox.inode() == sandboxes_.home().inode()) {
        return fail(Errc::conflict, "container '" + container.name + "' lives in the host's network namespace and " +
                                        "cannot be attached to network '" + network->name + "'");
    }
    endpoint.network_id = network->id;
    endpoint.network_name = network->name;
    if (auto free = exclusive_.check(registry_, container, endpoint); !free) return free;
    if (auto allocated = addresses_.allocate(*network, endpoint); !allocated) return allocated;
    undo.add([this, endpoint] { addresses_.release(endpoint); });

    endpoint.id = make_id();
    endpoint.phase = registry::EndpointPhase::attaching;
    if (!has_links(*network)) return {};
    if (auto named = name_interface(*network, endpoint, interfaces); !named) return named;
    if (has_bridge(*network)) {
        endpoint.host_interface = "veth" + random_hex(kHostInterfaceDigits);
    } else if (upper_of(*network).has_parents_mac()) {
        // Without a parent the link cannot be made either, which says why in Docker's words.
        if (const auto mac = netsetup_->mac_of_parent(upper_of(*network)); mac) endpoint.mac = *mac;
    }
    return {};
}

Result<> Engine::link_endpoint(const registry::Endpoint& endpoint, const NetNs& sandbox, Undo& undo) {
    const registry::Network* network = registry_.network_by_id(endpoint.network_id);
    if (!has_links(*network)) return {};
    // Registered first: a link that was made only in part is taken back as well.
    undo.add([this, endpoint, &sandbox] { log_undo("link", unlink(endpoint, sandbox)); });
    const auto spec = interface_of(*network, endpoint, wants_ports(*registry_.container_by_id(endpoint.container_id)));
    auto linked = netsetup_->ensure_interface(spec, sandbox);
    // Somebody has deleted what it stands on: with it the links of others are gone, too.
    if (!linked && linked.error().code() == Errc::not_found && mend(*network)) {
        linked = netsetup_->ensure_interface(spec, sandbox);
    }
    if (linked) linked = apply_interface_sysctls(endpoint, sandbox);
    if (!linked) return fail(std::move(linked).error(), "attach to network '" + network->name + "'");
    return {};
}

Result<> Engine::serve_names(const registry::Container& container, const NetNs& sandbox, Undo& undo) {
    const auto attachments = attachments_of(registry_, container.id);
    const bool serves = served_.contains(container.id);
    const bool wanted = std::ranges::any_of(attachments, [](const auto& at) { return has_server(*at.network); });
    put_view(container);
    if (!serves) undo.add([this, id = container.id] { resolver_->remove_view(id); });
    if (!wanted || serves) {
        resolver_->publish_quietly();
        return {};
    }

    if (auto done = netsetup_->ensure_dns_rewrite(sandbox); !done) {
        return fail(std::move(done).error(), "rewrite port 53 in '" + container.name + "'");
    }
    undo.add([this, &sandbox] { log_undo("port rewrite", netsetup_->remove_dns_rewrite(sandbox)); });
    if (auto opened = resolver_->open(container.id, sandbox); !opened) {
        return fail(std::move(opened).error(), "serve names in '" + container.name + "'");
    }
    served_.insert(container.id);
    undo.add([this, id = container.id] {
        resolver_->close(id);
        served_.erase(id);
    });
    return {};
}

void Engine::put_names(const registry::Container& container, const registry::Endpoint& endpoint) {
    const registry::Network* network = registry_.network_by_name(endpoint.network_name);
    if (network == nullptr || !has_names(*network)) return;
    exclusive_.put(container, endpoint);
    resolver_->put_endpoint(network->id, endpoint_names(container, endpoint));
}

void Engine::remove_names(const registry::Endpoint& endpoint) {
    const registry::Network* network = registry_.network_by_name(endpoint.network_name);
    if (network == nullptr || !has_names(*network)) return;
    exclusive_.remove(endpoint);
    resolver_->remove_endpoint(network->id, endpoint.container_id);
}

void Engine::put_view(const registry::Container& container) {
    resolver_->put_view(view_of(registry_, container, settings_, host_dns_));
}

net::SandboxRoutes Engine::current_routes(const registry::Container& container) const {
    auto routes = routes_of(attachments_of(registry_, container.id));
    routes.owned_by_others = !keeps_own_sandbox(container);
    return routes;
}

Result<> Engine::set_routes(const registry::Container& container, const NetNs& sandbox) {
    if (!has_routes(container)) return {};
    const auto set = netsetup_->set_default_routes(sandbox, current_routes(container));
    if (!set) return fail(set.error(), "set the default route of '" + container.name + "'");
    if (!*set) spdlog::info("event=default_route_kept container={}", log::quoted(container.name));
    return {};
}

Result<> Engine::unlink(const registry::Endpoint& endpoint, const NetNs& sandbox, bool sandbox_goes) {
    if (endpoint.interface.empty()) return {};
    auto removed = sandbox_goes ? netsetup_->abandon_interface(endpoint.host_interface, endpoint.interface, sandbox)
                                : netsetup_->remove_interface(endpoint.host_interface, endpoint.interface, sandbox);
    if (removed && *removed == net::Traffic::none) return {};  // who never sent anything has no flows
    std::vector<IpAddress> addresses;
    for (const auto& address : {endpoint.ipv4, endpoint.ipv6}) {
        if (address) addresses.push_back(*address);
    }
    netsetup_->forget_addresses(addresses);
    if (!removed) return fail(std::move(removed).error());
    return {};
}

}  // namespace nsr::daemon
