#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "registry/registry.h"

namespace nsr::daemon {

/// Endpoint option with names, separated by commas, that the container wants on the network for itself alone:
/// `--network-alias-exclusive`, and `--driver-opt` for Docker's command line.
inline constexpr const char* kExclusiveOption = "ns-register.alias-exclusive";

std::vector<std::string> exclusive_aliases(const registry::Endpoint& endpoint);

/// Takes one out of the option. False if it is not there.
bool remove_exclusive_alias(registry::Endpoint& endpoint, const std::string& alias);

/// Whether every one of them is a name (registry::check_alias).
Result<> check_exclusive_aliases(const registry::Endpoint& endpoint);

/// Who has which name of which network for itself alone. Few have any, so that everybody else's check costs a look at a
/// short list.
class ExclusiveAliases {
public:
    void put(const registry::Container& container, const registry::Endpoint& endpoint);
    void remove(const registry::Endpoint& endpoint);

    /// Whether a container may have the names of an endpoint: none that is another's alone, and none for itself alone
    /// that another has, running or not. Errc::conflict with the holder's name.
    Result<> check(const registry::Registry& registry, const registry::Container& container,
                   const registry::Endpoint& endpoint) const;

private:
    struct Claim {
        std::string network;  ///< lower case, as the alias
        std::string alias;
        std::string container_id;
    };
    std::vector<Claim> claims_;
};

}  // namespace nsr::daemon
