#pragma once

#include <vector>

#include "netsetup/spec.h"
#include "registry/registry.h"

namespace nsr::daemon {

/// An endpoint with its network.
struct Attachment {
    const registry::Endpoint* endpoint = nullptr;
    const registry::Network* network = nullptr;
};

/// The endpoints of a container that hold addresses, in the order in which names are looked up and the default route is
/// chosen (docker-behaviour D-50): priority, not internal before internal, dual stack before one family, name.
std::vector<Attachment> attachments_of(const registry::Registry& registry, const std::string& container_id);

/// The default routes of a container with these attachments (D-51): of each family by the first network that has a
/// gateway and is not internal.
net::SandboxRoutes routes_of(const std::vector<Attachment>& attachments);

/// The gateway of a network in a family; absent if it has none.
std::optional<IpAddress> gateway_of(const registry::Network& network, Family family);

/// The gateway of the subnet that an endpoint's address is in; absent if that subnet has none.
std::optional<IpAddress> gateway_of(const registry::Network& network, const IpAddress& address);

/// The subnet of a network that contains an address; nullptr if none does.
const registry::IpamConfig* subnet_of(const registry::Network& network, const IpAddress& address);

}  // namespace nsr::daemon
