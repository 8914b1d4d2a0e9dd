#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "netsetup/spec.h"

namespace nsr::net {

/// What varies in the host's table: the elements of its sets and maps, in nft's words. The chains are the same for one
/// network and for a thousand, so a change of policy is a handful of elements.
///
/// A map's elements are "KEY : VALUE", a set's "KEY".
using HostPolicy = std::map<std::string, std::set<std::string>>;

/// A set or map of the host's table.
struct NamedSet {
    const char* kind;  ///< "set" or "map"
    const char* name;
    const char* type;  ///< and flags, in nft's words
};

/// All of them, in the order in which the table declares them.
inline constexpr std::array kHostSets{
    NamedSet{"set", "networks", "type ifname"},  // bridges that reach the outside
    NamedSet{"set", "internal", "type ifname"},  // bridges that do not
    NamedSet{"set", "apart4", "type ifname"},    // links of others that the host did not connect
    NamedSet{"set", "apart6", "type ifname"},
    NamedSet{"map", "inside", "type ifname . ifname : verdict"},  // a bridge to itself: accept, or drop without icc
    NamedSet{"set", "masquerade4", "type ipv4_addr; flags interval"},  // subnets that leave under the host's address
    NamedSet{"set", "masquerade6", "type ipv6_addr; flags interval"},
    NamedSet{"set", "hairpin4", "type ipv4_addr . ifname; flags interval"},  // subnet and its bridge
    NamedSet{"set", "hairpin6", "type ipv6_addr . ifname; flags interval"},
    NamedSet{"set", "routed4", "type ipv4_addr; flags interval"},  // subnets of mode routed
    NamedSet{"set", "routed6", "type ipv6_addr; flags interval"},
    NamedSet{"set", "open4", "type ipv4_addr . inet_proto . inet_service"},  // their published ports
    NamedSet{"set", "open6", "type ipv6_addr . inet_proto . inet_service"},
    NamedSet{"set", "loopback4", "type ipv4_addr . inet_proto . inet_service; flags interval"},  // at 127.0.0.0/8
    NamedSet{"set", "proxied6", "type ipv6_addr . inet_proto . inet_service; flags interval"},  // to IPv4, by the proxy
    // Ports of the proxy that neighbours without icc ask for.
    NamedSet{"set", "beside4", "type ifname . ipv4_addr . inet_proto . inet_service; flags interval"},
    NamedSet{"set", "beside6", "type ifname . ipv6_addr . inet_proto . inet_service; flags interval"},
    NamedSet{"map", "publish4", "type inet_proto . inet_service : ipv4_addr . inet_service"},
    NamedSet{"map", "publish6", "type inet_proto . inet_service : ipv6_addr . inet_service"},
    NamedSet{"map", "publish4_ranges", "type inet_proto . inet_service : ipv4_addr; flags interval"},
    NamedSet{"map", "publish6_ranges", "type inet_proto . inet_service : ipv6_addr; flags interval"},
    NamedSet{"map", "publish4_at", "type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service"},
    NamedSet{"map", "publish6_at", "type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service"},
    NamedSet{"map", "publish4_at_ranges", "type ipv4_addr . inet_proto . inet_service : ipv4_addr; flags interval"},
    NamedSet{"map", "publish6_at_ranges", "type ipv6_addr . inet_proto . inet_service : ipv6_addr; flags interval"},
};

HostPolicy policy_of(const std::vector<BridgeSpec>& bridges);

/// Of it, only what the published ports of these bridges add.
HostPolicy ports_policy_of(const std::vector<BridgeSpec>& bridges);

/// Links of the host between which nothing is forwarded (netsetup/forwarding.h).
struct KeptApart {
    std::set<std::string> v4;
    std::set<std::string> v6;

    bool operator==(const KeptApart&) const = default;
};
void keep_apart(HostPolicy& policy, const KeptApart& links);

}  // namespace nsr::net
