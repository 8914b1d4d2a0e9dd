#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/result.h"
#include "daemon/settings.h"
#include "netsetup/ipam/allocator.h"
#include "netsetup/ipam/network_config.h"
#include "registry/model.h"

namespace nsr::daemon {

/// What automatic subnets are cut from: as the settings want, else Docker's pools, and for IPv6 the host's own ULA.
net::AddressPools pools_of(const Settings& settings, const std::string& host_id);

/// Which addresses of all networks are taken: one allocator for each subnet. Derived from the registry, kept beside it.
class Addresses {
public:
    void add_network(const registry::Network& network);
    void remove_network(const std::string& network_id);

    /// Chooses the addresses of an endpoint that is being attached and enters them (and the MAC) into it: those it
    /// wants, else the lowest free ones. On failure nothing is taken.
    Result<> allocate(const registry::Network& network, registry::Endpoint& endpoint);

    /// Takes the addresses that an endpoint holds already (at start-up).
    Result<> restore(const registry::Endpoint& endpoint);

    /// Gives back what an endpoint holds; the endpoint itself is not changed.
    void release(const registry::Endpoint& endpoint);

private:
    Result<std::optional<IpAddress>> allocate_family(const registry::Network& network, Family family,
                                                     const std::optional<IpAddress>& wanted);
    net::AddressAllocator* allocator_for(const std::string& network_id, const IpAddress& address);

    std::map<std::string, std::vector<net::AddressAllocator>> by_network_;
};

}  // namespace nsr::daemon
