#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/ip.h"
#include "common/netns.h"
#include "common/result.h"
#include "common/unique_fd.h"
#include "netsetup/netlink/socket.h"
#include "netsetup/spec.h"

namespace nsr::net {

/// The Ethernet frame that tells everybody where an address is: a gratuitous ARP request (RFC 5227, 3), an unsolicited
/// neighbour advertisement that overrides (RFC 4861, 7.2.6). Pure.
std::vector<std::uint8_t> announcement_of(const IpAddress& address, const MacAddress& mac);

/// Corrects what the neighbours of an address believe when it has moved to another MAC: for minutes they would send to
/// one that is gone.
///
/// An IPv4 address has a MAC made from it, unless its user wants another, so it seldom moves; an announcement costs
/// work in every container of a bridge and is sent only when one did.
class Announcer {
public:
    /// An interface of a bridge is up. On the host. Failures are logged: neighbours find out by themselves.
    void attached(const NetNs& home, netlink::Socket& host, const InterfaceSpec& spec);
    /// The bridge is gone, and all neighbours with it.
    void forget(const std::string& bridge) { macs_.erase(bridge); }

private:
    std::vector<IpAddress> moved(const InterfaceSpec& spec);
    Result<> announce(netlink::Socket& host, const InterfaceSpec& spec, const std::vector<IpAddress>& addresses);

    UniqueFd socket_;  ///< opened when it is first needed
    /// By bridge, the last MAC of addresses that do not have the one that is made from them.
    std::map<std::string, std::map<IpAddress, MacAddress>> macs_;
};

/// An upper link is up; what the segment knew of its addresses nobody can say, so they are announced. Inside its
/// namespace.
void announce_upper(netlink::Socket& inside, const InterfaceSpec& spec);

}  // namespace nsr::net
