#pragma once

#include "common/ip.h"
#include "netsetup/netlink/socket.h"

namespace nsr::net::netlink {

/// Where an address is on a link now, if the kernel has a neighbour entry for it; ENOENT if it has none.
Reply correct_neighbour(Socket& socket, int link, const IpAddress& address, const MacAddress& mac);

}  // namespace nsr::net::netlink
