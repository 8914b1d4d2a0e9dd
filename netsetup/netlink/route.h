#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/ip.h"
#include "netsetup/netlink/socket.h"

namespace nsr::net::netlink {

/// A route of the main table.
struct Route {
    IpPrefix destination;              ///< 0.0.0.0/0 or ::/0 for a default route
    std::optional<IpAddress> gateway;  ///< absent: on-link
    int link = 0;
    bool scope_link = false;   ///< connected: the destination is on the link itself
    bool advertised = false;   ///< learned from a router's advertisement (RFC 4861)
    std::uint32_t metric = 0;  ///< smaller goes first
};

/// The unicast routes of the main table.
Result<std::vector<Route>> list_routes(Socket& socket, Family family);

/// Where routes of the main table let nothing through: blackhole, unreachable, prohibit.
Result<std::vector<IpPrefix>> list_sinks(Socket& socket, Family family);

/// Whether a route has this gateway; an unspecified one stands for none.
bool leads_by(const Route& route, const IpAddress& gateway);

/// The metric that the kernel gives to a route without one.
std::uint32_t usual_metric(Family family);

/// A default route with the usual metric, by the link alone if the gateway is unspecified; EEXIST if there is one with
/// that metric already.
Reply add_default_route(Socket& socket, const IpAddress& gateway, int link);
Reply delete_default_route(Socket& socket, const Route& route);

/// Those of `addresses` whose subnet has no connected route by that link any more; the kernel makes one with each
/// address, and none for an address alone (/32, /128).
Result<std::vector<IpPrefix>> without_connected_route(Socket& socket, int link, const std::vector<IpPrefix>& addresses);

/// Puts back, as the kernel makes them, those that are missing. The link is up.
Result<> ensure_connected_routes(Socket& socket, int link, const std::string& name,
                                 const std::vector<IpPrefix>& addresses);

}  // namespace nsr::net::netlink
