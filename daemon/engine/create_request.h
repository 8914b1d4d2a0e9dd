#pragma once

#include <string>
#include <vector>

#include "api/types.h"
#include "common/result.h"
#include "registry/model.h"

/// What a client's request for a container or an endpoint means: text parsed and checked, nothing looked up. Pure.
namespace nsr::daemon {

/// A container as it is wanted, with its endpoints in the order in which they were given.
struct ContainerRequest {
    registry::Container container;
    std::vector<registry::Endpoint> endpoints;
    std::vector<std::string> warnings;
};

/// Everything of a create request that can be judged without the registry. Refusals are Docker's words where it has
/// some.
Result<ContainerRequest> container_request(const api::ContainerCreateBody& body);

/// The settings of one endpoint.
Result<registry::Endpoint> endpoint_request(const std::string& network_name, const api::EndpointSettings& settings);

/// Whether these settings can be had on this network (M-02, N-25).
Result<> check_endpoint(const registry::Network& network, const registry::Container& container,
                        const registry::Endpoint& endpoint);

}  // namespace nsr::daemon
