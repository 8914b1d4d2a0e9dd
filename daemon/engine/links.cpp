#include <algorithm>

#include "daemon/engine/engine.h"
#include "hosts/link_env.h"

/// Legacy links, on the default network: whom they lead to, and their variables (docker-behaviour 4.1, 4.2).
namespace nsr::daemon {
namespace {

constexpr const char* kHostTarget =
    "conflicting options: host type networking can't be used with links. This would result in undefined behavior";

bool has_legacy_links(const registry::Container& container) {
    return container.network_mode == registry::kBridgeNetwork && !container.links.empty();
}

std::vector<IpAddress> addresses_of(const registry::Endpoint* endpoint) {
    std::vector<IpAddress> addresses;
    if (endpoint == nullptr || endpoint->phase == registry::EndpointPhase::configured) return addresses;
    if (endpoint->ipv4) addresses.push_back(*endpoint->ipv4);
    if (endpoint->ipv6) addresses.push_back(*endpoint->ipv6);
    return addresses;
}

std::vector<registry::PortProto> ports_of(const registry::Container& container) {
    std::vector<registry::PortProto> ports = container.exposed;
    for (const auto& binding : container.published) ports.push_back(binding.container);
    return ports;
}

FixedLink link_to(const registry::Link& link, const registry::Container& target) {
    return {.target_id = target.id,
            .target = link.target,
            .alias = link.alias,
            .names = hosts::link_names(link.alias, target.hostname, target.name),
            .addresses = {}};
}

}  // namespace

Result<> Engine::check_links(const registry::Container& container) const {
    if (container.links.empty()) return {};
    if (container.network_mode == registry::kHostNetwork) return fail(Errc::invalid, kHostTarget);
    if (!has_legacy_links(container)) return {};
    for (const auto& link : container.links) {
        auto target = registry_.find_container(link.target);
        if (!target) return fail(std::move(target).error(), "could not get container for " + link.target);
        if (file_owner(**target).network_mode == registry::kHostNetwork) return fail(Errc::invalid, kHostTarget);
    }
    return {};
}

Result<std::vector<FixedLink>> Engine::resolve_links(const registry::Container& container) const {
    std::vector<FixedLink> links;
    if (!has_legacy_links(container)) return links;
    if (auto valid = check_links(container); !valid) return fail(std::move(valid).error());
    for (const auto& link : container.links) {
        const registry::Container& target = file_owner(**registry_.find_container(link.target));
        if (target.state != registry::ContainerState::running) {
            return fail(Errc::conflict, "Cannot link to a non running container: /" + target.name + " AS /" +
                                            container.name + "/" + link.alias);
        }
        FixedLink fixed = link_to(link, target);
        fixed.addresses = addresses_of(registry_.endpoint(target.id, registry::kBridgeNetwork));
        if (fixed.addresses.empty()) {
            return fail(Errc::conflict,
                        "Cannot link to /" + target.name + ", as it does not belong to the default network");
        }
        links.push_back(std::move(fixed));
    }
    return links;
}

/// Legacy links lead to a container, whatever it is called (L-09).
std::vector<registry::Container> Engine::with_links_renamed(const registry::Container& target,
                                                            const std::string& name) const {
    std::vector<registry::Container> changed;
    for (const auto* container : registry_.containers()) {
        registry::Container linked = *container;
        for (auto& link : linked.links) {
            if (const auto found = registry_.container_by_name(link.target); found != nullptr && found->id == target.id)
                link.target = name;
        }
        if (linked.links != container->links) changed.push_back(std::move(linked));
    }
    return changed;
}

/// A private alias on a user-defined network may stand for what does not exist yet; for what is elsewhere it is
/// probably a mistake (L-34).
void Engine::warn_of_links(const registry::Endpoint& endpoint, std::vector<std::string>& warnings) const {
    for (const auto& link : endpoint.links) {
        const auto target = registry_.find_container(link.target);
        if (!target || registry_.endpoint((*target)->id, endpoint.network_name) != nullptr) continue;
        warnings.push_back("link to " + (*target)->name + ": it is not on network " + endpoint.network_name +
                           ", so that '" + link.alias + "' has no address there");
    }
}

std::vector<FixedLink> Engine::known_links(const registry::Container& container) const {
    auto links = resolve_links(container);
    return links ? std::move(*links) : std::vector<FixedLink>();
}

/// The last address of a target that does not run stays (H-16), its name at the start does, too (L-09).
void Engine::follow_target(FixedLink& link) const {
    const auto* target = registry_.container_by_id(link.target_id);
    if (target == nullptr) {
        // Made anew under the same name: a different container, with a host name of its own.
        const auto again = registry_.find_container(link.target);
        if (!again) return;
        target = &file_owner(**again);
    }
    if (target->state != registry::ContainerState::running) return;
    auto addresses = addresses_of(registry_.endpoint(target->id, registry::kBridgeNetwork));
    if (addresses.empty()) return;
    if (target->id != link.target_id) link = link_to({link.target, link.alias}, *target);
    link.addresses = std::move(addresses);
}

std::vector<std::string> Engine::variables_of(const registry::Container& container,
                                              const std::vector<FixedLink>& links) const {
    std::vector<std::string> variables;
    for (const auto& link : links) {
        const auto* target = registry_.container_by_id(link.target_id);
        if (target == nullptr || link.addresses.empty()) continue;
        auto of_link = hosts::link_variables({.container = container.name,
                                              .alias = link.alias,
                                              .address = link.addresses.front(),
                                              .ports = ports_of(*target),
                                              .env = target->env});
        variables.insert(variables.end(), of_link.begin(), of_link.end());
    }
    return variables;
}

Result<std::vector<std::string>> Engine::variables(const std::string& ref) {
    auto found = registry_.find_container(ref);
    if (!found) return fail(std::move(found).error());
    const FileContents* written = files_.written((*found)->id);
    const bool running = (*found)->state == registry::ContainerState::running;
    return hosts::merge_variables(running && written != nullptr ? written->variables : std::vector<std::string>(),
                                  (*found)->env);
}

}  // namespace nsr::daemon
