#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/ip.h"
#include "netsetup/netlink/socket.h"

/// Links that stand on another link (macvlan, ipvlan, vlan) or on none (dummy).
namespace nsr::net::netlink {

/// A macvlan or ipvlan link to be made, at once in the namespace behind `target_namespace`, still down.
struct NewUpperLink {
    std::string kind;  ///< "macvlan" or "ipvlan"
    std::string name;
    std::uint32_t group = 0;
    int parent = 0;                 ///< index in the socket's namespace
    std::string mode;               ///< macvlan: bridge, private, vepa, passthru; ipvlan: l2, l3, l3s
    std::string flag = {};          ///< ipvlan: bridge, private, vepa
    std::optional<MacAddress> mac;  ///< absent: the parent's (ipvlan has no other)
    std::optional<std::uint32_t> mtu;
    int target_namespace = -1;  ///< file descriptor
};

/// A sub-interface (802.1Q), up.
struct NewVlan {
    std::string name;
    std::uint32_t group = 0;
    int parent = 0;
    std::uint16_t id = 0;
};

// The requests, as values.
Message new_upper_link_request(const NewUpperLink& link);
Message new_vlan_request(const NewVlan& vlan);
Message new_dummy_request(const std::string& name, std::uint32_t group);

Reply add_upper_link(Socket& socket, const NewUpperLink& link);
Reply add_vlan(Socket& socket, const NewVlan& vlan);
Reply add_dummy(Socket& socket, const std::string& name, std::uint32_t group);

}  // namespace nsr::net::netlink
