#pragma once

#include <cstdint>
#include <optional>

#include "common/result.h"
#include "netsetup/netlink/link.h"
#include "netsetup/netlink/socket.h"
#include "netsetup/spec.h"

/// Why a link cannot carry macvlan or ipvlan links, of which the kernel says no more than "Invalid argument" and
/// "Device or resource busy" (drivers/net/macvlan.c, drivers/net/ipvlan/ipvlan_main.c).
namespace nsr::net {

/// See NetSetup::check_parent. Only what can be seen of the parent itself.
Result<> check_parent(netlink::Socket& host, const netlink::Link& parent, std::optional<std::uint32_t> mtu);

/// The reason for which the kernel did not put an upper link on the parent, as far as it can be told.
Error explain_refusal(netlink::Socket& host, const InterfaceSpec& spec, const netlink::Link& parent,
                      const netlink::Refusal& refusal);

}  // namespace nsr::net
