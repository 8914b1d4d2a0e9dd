#pragma once

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
    bool scope_link = false;  ///< connected: the destination is on the link itself
    bool advertised = false;  ///< learned from a router's advertisement (RFC 4861)
};

/// The unicast routes of the main table.
Result<std::vector<Route>> list_routes(Socket& socket, Family family);

/// Whether a route has this gateway; an unspecified one stands for none.
bool leads_by(const Route& route, const IpAddress& gateway);

/// The default route of the family, in place of one that is there; by the link alone if the gateway is unspecified.
Reply replace_default_route(Socket& socket, const IpAddress& gateway, int link);
Reply delete_default_route(Socket& socket, const Route& route);

}  // namespace nsr::net::netlink
