#include "daemon/engine/exclusive.h"

#include <algorithm>

#include "daemon/engine/names.h"
#include "registry/text.h"
#include "registry/validate.h"

namespace nsr::daemon {
namespace {

using registry::lower;

bool has_name(const std::vector<std::string>& names, const std::string& wanted) {
    return std::ranges::any_of(names, [&](const std::string& name) { return lower(name) == lower(wanted); });
}

std::string name_of(const registry::Registry& registry, const std::string& container_id) {
    const auto* container = registry.container_by_id(container_id);
    return container == nullptr ? container_id : container->name;
}

}  // namespace

std::vector<std::string> exclusive_aliases(const registry::Endpoint& endpoint) {
    const auto option = endpoint.driver_options.find(kExclusiveOption);
    if (option == endpoint.driver_options.end() || option->second.empty()) return {};
    const auto parts = registry::split(option->second, ',');
    return {parts.begin(), parts.end()};
}

bool remove_exclusive_alias(registry::Endpoint& endpoint, const std::string& alias) {
    auto aliases = exclusive_aliases(endpoint);
    if (std::erase_if(aliases, [&](const auto& each) { return lower(each) == lower(alias); }) == 0) return false;
    std::string& text = endpoint.driver_options[kExclusiveOption];
    text.clear();
    for (const auto& each : aliases) text += (text.empty() ? "" : ",") + each;
    if (text.empty()) endpoint.driver_options.erase(kExclusiveOption);
    return true;
}

Result<> check_exclusive_aliases(const registry::Endpoint& endpoint) {
    for (const auto& alias : exclusive_aliases(endpoint)) {
        if (auto valid = registry::check_alias(alias); !valid) return valid;
    }
    return {};
}

void ExclusiveAliases::put(const registry::Container& container, const registry::Endpoint& endpoint) {
    remove(endpoint);
    for (const auto& alias : exclusive_aliases(endpoint)) {
        claims_.push_back({lower(endpoint.network_name), lower(alias), container.id});
    }
}

void ExclusiveAliases::remove(const registry::Endpoint& endpoint) {
    if (claims_.empty()) return;
    std::erase_if(claims_, [&](const Claim& claim) {
        return claim.container_id == endpoint.container_id && claim.network == lower(endpoint.network_name);
    });
}

Result<> ExclusiveAliases::check(const registry::Registry& registry, const registry::Container& container,
                                 const registry::Endpoint& endpoint) const {
    const auto wanted = exclusive_aliases(endpoint);
    if (claims_.empty() && wanted.empty()) return {};
    const auto names = names_of(container, endpoint);
    for (const Claim& claim : claims_) {
        if (claim.container_id == container.id || claim.network != lower(endpoint.network_name)) continue;
        if (!has_name(names, claim.alias)) continue;
        return fail(Errc::conflict, "container '" + name_of(registry, claim.container_id) + "' has the name '" +
                                        claim.alias + "' on network '" + endpoint.network_name + "' for itself alone");
    }
    if (wanted.empty()) return {};
    for (const auto* other : registry.containers()) {
        if (other->id == container.id) continue;
        const auto* present = registry.endpoint(other->id, endpoint.network_name);
        if (present == nullptr) continue;
        const auto taken = names_of(*other, *present);
        const auto found = std::ranges::find_if(wanted, [&](const auto& alias) { return has_name(taken, alias); });
        if (found == wanted.end()) continue;
        return fail(Errc::conflict, "container '" + container.name + "' cannot have the name '" + *found +
                                        "' on network '" + endpoint.network_name + "' for itself alone: container '" +
                                        other->name + "' has it");
    }
    return {};
}

}  // namespace nsr::daemon
