#pragma once

#include <cstdint>
#include <set>
#include <utility>

#include "netsetup/netlink/socket.h"
#include "netsetup/proxy/port_proxy.h"

namespace nsr::net {

/// Ports whose flows lead elsewhere now than the kernel remembers. Only UDP: a flow of another protocol ends with its
/// connection.
struct StalePorts {
    std::set<HostPort> opened;                             ///< lead to a container since now; flows to the host itself
    std::set<std::pair<IpAddress, std::uint16_t>> closed;  ///< of a container; flows that host ports have led there

    bool empty() const { return opened.empty() && closed.empty(); }
};

/// Makes the kernel forget flows by `conntrack`, a netfilter socket of the host; both return how many. Without this, a
/// client that goes on sending from the same port would reach what was there before for as long as it sends.
///
/// In the host's namespace: if nothing is tracked at all, nothing is asked. Of addresses only flows that were answered
/// are forgotten; others end soon by themselves.
Result<unsigned> forget_addresses(netlink::Socket& conntrack, const std::set<IpAddress>& addresses);
Result<unsigned> forget_ports(netlink::Socket& conntrack, const StalePorts& ports);

}  // namespace nsr::net
