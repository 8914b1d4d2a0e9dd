#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/ip.h"
#include "registry/model.h"

/// What the rest of the program tells the resolver, as plain data.
namespace nsr::resolver {

/// Which names of a network the embedded server answers (-o ns-register.dns=...).
enum class DnsMode : std::uint8_t { full, forward_only, off };

/// The names of one network.
struct ZoneSpec {
    std::string network_id;
    std::string network_name;
    std::vector<IpPrefix> reverse_subnets;  ///< of bridge networks: reverse names in here are never forwarded (D-44)
    std::uint32_t ttl_seconds = 5;
    std::uint32_t negative_ttl_seconds = 5;
    DnsMode mode = DnsMode::full;
    std::vector<registry::Record> records;
};

/// What one endpoint contributes to the zone of its network.
struct EndpointNames {
    std::string container_id;        ///< the key: a container is on a network at most once
    std::string container_name;      ///< first of its names, and what PTR answers
    std::vector<std::string> names;  ///< the others: aliases, hostname, short id; any case, duplicates are harmless
    std::optional<IpAddress> ipv4;   ///< both absent while it does not run: its names stay owned (D-26)
    std::optional<IpAddress> ipv6;
    std::vector<registry::PortProto> ports;  ///< exposed and published, for SRV

    bool operator==(const EndpointNames&) const = default;
};

/// A DNS server outside.
struct Upstream {
    IpAddress address;
    std::uint16_t port = 53;
    std::string zone;        ///< IPv6 scope ("eth0" of "fe80::1%eth0"), or ""
    bool from_host = false;  ///< asked from the host's namespace, not the container's (D-65)

    auto operator<=>(const Upstream&) const = default;
};

/// Servers for one domain and what is below it; the longest match wins.
struct DomainUpstreams {
    std::string domain;
    std::vector<Upstream> upstreams;

    bool operator==(const DomainUpstreams&) const = default;
};

/// One of the networks that a container is on, as it sees it.
struct ViewNetwork {
    std::string network_id;
    std::vector<registry::Link> links;  ///< private aliases on this network: alias -> name on it

    bool operator==(const ViewNetwork&) const = default;
};

/// Of one network, in all workers together (-o ns-register.dns.cache=MiB).
inline constexpr std::size_t kCacheBytes = 4UL * 1024 * 1024;

/// What one container may see.
struct ViewSpec {
    std::string container_id;
    std::vector<ViewNetwork>
        networks;                     ///< in the order of lookup (D-50); only those with names (not the default bridge)
    std::vector<Upstream> upstreams;  ///< in order
    std::vector<DomainUpstreams> domains;
    bool keep_single_labels = false;  ///< unknown single labels are NXDOMAIN (user-set ndots above 0, D-61)
    bool can_forward = true;          ///< false: not on any network, so nothing can be asked (D-04)
    bool outside = true;              ///< on some network that is not internal: servers of the host may be asked (D-88)
    std::size_t cache_bytes = kCacheBytes;  ///< for what upstreams say, of its first network; 0: not kept

    bool operator==(const ViewSpec&) const = default;
};

}  // namespace nsr::resolver
