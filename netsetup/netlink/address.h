#pragma once

#include <vector>

#include "common/ip.h"
#include "netsetup/netlink/socket.h"

namespace nsr::net::netlink {

constexpr int kAnyLink = 0;

/// The addresses of a link, or of all links, both families, those included that the kernel gave itself (fe80::).
Result<std::vector<IpPrefix>> list_addresses(Socket& socket, int link);

/// IPv6 addresses are usable at once: no duplicate address detection, for we know who has which.
Reply add_address(Socket& socket, int link, const IpPrefix& address);
Reply delete_address(Socket& socket, int link, const IpPrefix& address);

/// The link `name` (index `link`) has exactly these addresses; link-local IPv6 ones that nobody asked for may stay.
Result<> ensure_addresses(Socket& socket, int link, const std::string& name, const std::vector<IpPrefix>& wanted);

/// The link has these addresses at least; what else it has stays. `made`: it was made just now and has none.
Result<> add_addresses(Socket& socket, int link, const std::string& name, const std::vector<IpPrefix>& wanted,
                       bool made = false);

}  // namespace nsr::net::netlink
