#include "daemon/engine/addresses.h"

namespace nsr::daemon {

net::AddressPools pools_of(const Settings& settings, const std::string& host_id) {
    net::AddressPools pools;
    for (const auto& pool : settings.pools) (pool.base.family() == Family::v4 ? pools.v4 : pools.v6).push_back(pool);
    if (pools.v4.empty()) pools.v4 = net::default_pools_v4();
    if (pools.v6.empty()) pools.v6.push_back(net::ula_pool(host_id));
    return pools;
}

void Addresses::add_network(const registry::Network& network) {
    auto& allocators = by_network_[network.id];
    for (const auto& config : network.ipam) allocators.emplace_back(config);
}

void Addresses::remove_network(const std::string& network_id) { by_network_.erase(network_id); }

Result<> Addresses::allocate(const registry::Network& network, registry::Endpoint& endpoint) {
    endpoint.ipv4.reset();
    endpoint.ipv6.reset();
    auto ipv4 = allocate_family(network, Family::v4, endpoint.wanted_ipv4);
    if (!ipv4) return fail(std::move(ipv4).error());
    endpoint.ipv4 = *ipv4;
    auto ipv6 = allocate_family(network, Family::v6, endpoint.wanted_ipv6);
    if (!ipv6) {
        release(endpoint);
        return fail(std::move(ipv6).error());
    }
    endpoint.ipv6 = *ipv6;
    if (endpoint.wanted_mac) {
        endpoint.mac = endpoint.wanted_mac;
    } else if (endpoint.ipv4) {
        endpoint.mac = MacAddress::from_v4(*endpoint.ipv4);
    } else if (endpoint.ipv6) {
        // The last four bytes, as with IPv4: the same address always has the same MAC.
        endpoint.mac = MacAddress::from_v4(IpAddress::v4(endpoint.ipv6->bytes().last<4>()));
    }
    return {};
}

Result<> Addresses::restore(const registry::Endpoint& endpoint) {
    for (const auto& address : {endpoint.ipv4, endpoint.ipv6}) {
        if (!address) continue;
        net::AddressAllocator* allocator = allocator_for(endpoint.network_id, *address);
        if (allocator == nullptr) return fail(Errc::system, "address " + address->text() + " is in no subnet");
        if (auto taken = allocator->take(*address); !taken) return taken;
    }
    return {};
}

void Addresses::release(const registry::Endpoint& endpoint) {
    for (const auto& address : {endpoint.ipv4, endpoint.ipv6}) {
        if (!address) continue;
        if (auto* allocator = allocator_for(endpoint.network_id, *address)) allocator->release(*address);
    }
}

Result<std::optional<IpAddress>> Addresses::allocate_family(const registry::Network& network, Family family,
                                                            const std::optional<IpAddress>& wanted) {
    if (wanted) {
        net::AddressAllocator* allocator = allocator_for(network.id, *wanted);
        if (allocator == nullptr) {
            return fail(Errc::invalid,
                        "invalid endpoint settings: no configured subnet contains IP address " + wanted->text());
        }
        if (auto taken = allocator->take(*wanted); !taken) return fail(std::move(taken).error());
        return wanted;
    }
    bool has_pool = false;
    for (auto& allocator : by_network_[network.id]) {
        if (allocator.subnet().family() != family) continue;
        has_pool = true;
        if (const auto address = allocator.allocate()) return address;
    }
    if (!has_pool) return std::nullopt;
    return fail(Errc::conflict, std::string("no available ") + (family == Family::v4 ? "IPv4" : "IPv6") +
                                    " addresses on this network's address pools: " + network.name + " (" + network.id +
                                    ")");
}

net::AddressAllocator* Addresses::allocator_for(const std::string& network_id, const IpAddress& address) {
    const auto found = by_network_.find(network_id);
    if (found == by_network_.end()) return nullptr;
    for (auto& allocator : found->second) {
        if (allocator.subnet().contains(address)) return &allocator;
    }
    return nullptr;
}

}  // namespace nsr::daemon
