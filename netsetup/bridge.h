#pragma once

#include <cstdint>
#include <string>

#include "common/ip.h"
#include "common/result.h"
#include "netsetup/netlink/socket.h"
#include "netsetup/spec.h"

namespace nsr::net {

/// The MAC of a network's bridge: 02:42 and four bytes of the network's id. Fixed, because a bridge otherwise takes the
/// lowest MAC of its ports and changes it with them, and every neighbour entry of the gateway becomes wrong.
MacAddress bridge_mac(const std::string& network_id);

/// Whether the host has an IPv6 address on the bridge.
bool has_v6(const BridgeSpec& spec);

/// The MTU in bytes that a bridge with this one should have: that of the spec, else its own if IPv6 can do with it.
std::uint32_t wanted_mtu(const BridgeSpec& spec, std::uint32_t present);

/// See NetSetup::ensure_bridge. Runs on the host, sysctls included.
Result<> ensure_bridge(netlink::Socket& host, const BridgeSpec& spec);

/// Removes our bridge of that name; no-op if there is none. A foreign link of that name stays.
Result<> remove_bridge(netlink::Socket& host, const std::string& name);

}  // namespace nsr::net
