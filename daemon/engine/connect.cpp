#include <algorithm>

#include "common/log.h"
#include "daemon/engine/create_request.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/names.h"
#include "daemon/engine/network_options.h"
#include "registry/validate.h"

/// Connecting and disconnecting, and aliases at run time.
namespace nsr::daemon {
namespace {

constexpr const char* kHostRefused =
    "cannot connect container to host network - container must be created in host network mode";
constexpr const char* kHostKept =
    "cannot disconnect container from host network - container was created in host network mode";
constexpr const char* kShared =
    "container sharing network namespace with another container or host cannot be connected to any other network";
constexpr const char* kPrivate =
    "container cannot be connected to multiple networks with one of the networks in private (none) mode";

bool is_running(const registry::Container& container) { return container.state == registry::ContainerState::running; }

}  // namespace

Result<> Engine::check_connect(const registry::Network& network, const registry::Container& container) const {
    if (container.network_mode == registry::kHostNetwork || container.network_mode.starts_with(kContainerMode)) {
        return fail(Errc::forbidden, kShared);
    }
    if (network.name == registry::kHostNetwork) return fail(Errc::forbidden, kHostRefused);
    const auto endpoints = registry_.endpoints_of(container.id);
    const bool has_none = std::ranges::any_of(
        endpoints, [](const auto* endpoint) { return endpoint->network_name == registry::kNoneNetwork; });
    if (has_none || (network.name == registry::kNoneNetwork && !endpoints.empty())) {
        return fail(Errc::forbidden, kPrivate);
    }
    if (registry_.endpoint(container.id, network.name) != nullptr) {
        return fail(Errc::forbidden,
                    "endpoint with name " + container.name + " already exists in network " + network.name);
    }
    return {};
}

Result<> Engine::connect(const std::string& network_ref, const api::ConnectBody& body) {
    auto network = registry_.find_network(network_ref);
    if (!network) return fail(std::move(network).error());
    auto found = registry_.find_container(body.container);
    if (!found) return fail(std::move(found).error());
    const registry::Container container = **found;
    if (auto allowed = check_connect(**network, container); !allowed) return allowed;

    auto wanted = endpoint_request((*network)->name, body.endpoint);
    if (!wanted) return fail(std::move(wanted).error());
    registry::Endpoint endpoint = std::move(*wanted);
    endpoint.container_id = container.id;
    endpoint.network_id = (*network)->id;
    const auto others = registry_.endpoints_of(container.id);
    endpoint.order = others.empty() ? 0 : others.back()->order + 1;
    if (auto valid = check_endpoint(**network, container, endpoint); !valid) return valid;
    if (auto free = exclusive_.check(registry_, container, endpoint); !free) return free;

    Undo undo;
    std::vector<registry::Endpoint> endpoints{endpoint};
    if (is_running(container)) {
        // Runs last: the container goes on and must not see the link any more.
        undo.add([this] { sweep(); });
        const NetNs* sandbox = sandboxes_.find(container.id);
        if (sandbox == nullptr) return fail(Errc::system, "container '" + container.name + "' has lost its namespace");
        // Runs after the registry was set back, and writes what it says then.
        undo.add([this, container] { refresh_files_or_log(container); });
        if (auto attached = attach(container, *sandbox, endpoints, undo); !attached) return attached;
        if (auto changed = refresh_files(container); !changed) return changed;
        endpoints.front().phase = registry::EndpointPhase::attached;
    }
    registry::Changes changes;
    changes.put_endpoints = endpoints;
    if (auto committed = registry_.commit(std::move(changes)); !committed) return committed;
    undo.commit();
    if (is_running(container)) {
        refresh_linked();
    } else {
        put_names(container, endpoint);
        resolver_->publish();
    }
    spdlog::info("event=connected net={} container={}", log::quoted(endpoint.network_name),
                 log::quoted(container.name));
    return {};
}

Result<> Engine::disconnect(const std::string& network_ref, const api::DisconnectBody& body) {
    auto network = registry_.find_network(network_ref);
    if (!network) return leave_removed(network_ref, body.container, network.error());
    auto found = registry_.find_container(body.container);
    if (!found) return fail(std::move(found).error());
    const registry::Container container = **found;
    if ((*network)->name == registry::kHostNetwork && container.network_mode == registry::kHostNetwork) {
        return fail(Errc::forbidden, kHostKept);
    }
    const auto* present = registry_.endpoint(container.id, (*network)->name);
    if (present == nullptr) {
        return fail(Errc::forbidden, "container " + container.id + " is not connected to " +
                                         (is_running(container) ? "network " : "the network ") + (*network)->name);
    }
    const registry::Endpoint endpoint = *present;
    registry::Changes changes;
    changes.erase_endpoints.push_back(endpoint);
    if (auto committed = registry_.commit(std::move(changes)); !committed) return committed;

    remove_names(endpoint);
    if (is_running(container)) put_view(container);
    resolver_->publish();
    Result<> outcome;
    if (const NetNs* sandbox = sandboxes_.find(container.id); sandbox != nullptr && has_links(**network)) {
        outcome = unlink(endpoint, *sandbox);
        auto routed = set_routes(container, *sandbox);
        if (outcome && !routed) outcome = std::move(routed);
        auto moved = move_ports(container.id);
        if (outcome && !moved) outcome = std::move(moved);
        leftovers_ = leftovers_ || !outcome;
        // Not left for later, as at a stop: the container goes on and must not see the link any more.
        sweep();
    }
    addresses_.release(endpoint);
    if (is_running(container)) {
        auto changed = refresh_files(container);
        leftovers_ = leftovers_ || !changed;
        if (outcome && !changed) outcome = std::move(changed);
    }
    spdlog::info("event=disconnected net={} container={}", log::quoted(endpoint.network_name),
                 log::quoted(container.name));
    return outcome;
}

/// A stopped container keeps its place on a network that is removed, and could not start any more.
Result<> Engine::leave_removed(const std::string& network_name, const std::string& container_ref,
                               const Error& not_found) {
    const auto found = registry_.find_container(container_ref);
    if (!found || is_running(**found)) return fail(not_found);
    const auto* endpoint = registry_.endpoint((*found)->id, network_name);
    if (endpoint == nullptr) return fail(not_found);
    const std::string container = (*found)->name;
    exclusive_.remove(*endpoint);
    registry::Changes changes;
    changes.erase_endpoints.push_back(*endpoint);
    if (auto committed = registry_.commit(std::move(changes)); !committed) return committed;
    spdlog::info("event=disconnected net={} container={}", log::quoted(network_name), log::quoted(container));
    return {};
}

Result<> Engine::change_aliases(const std::string& network_ref, const std::string& container_ref,
                                const std::function<Result<>(registry::Endpoint&)>& change) {
    auto network = registry_.find_network(network_ref);
    if (!network) return fail(std::move(network).error());
    auto found = registry_.find_container(container_ref);
    if (!found) return fail(std::move(found).error());
    const registry::Container container = **found;
    const auto* present = registry_.endpoint(container.id, (*network)->name);
    if (present == nullptr) {
        return fail(Errc::not_found,
                    "container " + container.name + " is not connected to network " + (*network)->name);
    }
    if (!has_names(**network)) {
        return fail(Errc::invalid, "network-scoped aliases are only supported for user-defined networks");
    }
    registry::Endpoint endpoint = *present;
    if (auto changed = change(endpoint); !changed) return changed;
    if (auto free = exclusive_.check(registry_, container, endpoint); !free) return free;
    registry::Changes changes;
    changes.put_endpoints.push_back(endpoint);
    if (auto committed = registry_.commit(std::move(changes)); !committed) return committed;
    put_names(container, endpoint);
    resolver_->publish();
    return {};
}

Result<> Engine::add_alias(const std::string& network, const std::string& container, const std::string& alias) {
    if (auto valid = registry::check_alias(alias); !valid) return valid;
    return change_aliases(network, container, [&](registry::Endpoint& endpoint) -> Result<> {
        const auto same = [&](const std::string& other) { return registry::lower(other) == registry::lower(alias); };
        if (std::ranges::none_of(endpoint.aliases, same)) endpoint.aliases.push_back(alias);
        return {};
    });
}

Result<> Engine::remove_alias(const std::string& network, const std::string& container, const std::string& alias) {
    return change_aliases(network, container, [&](registry::Endpoint& endpoint) -> Result<> {
        const auto same = [&](const std::string& other) { return registry::lower(other) == registry::lower(alias); };
        const bool was_exclusive = remove_exclusive_alias(endpoint, alias);
        if (std::erase_if(endpoint.aliases, same) > 0 || was_exclusive) return {};
        return fail(Errc::not_found, "container " + container + " has no alias '" + alias + "' on network " + network);
    });
}

}  // namespace nsr::daemon
