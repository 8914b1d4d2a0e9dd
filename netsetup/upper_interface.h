#pragma once

#include <set>
#include <string>

#include "common/netns.h"
#include "common/result.h"
#include "netsetup/netlink/socket.h"
#include "netsetup/spec.h"

namespace nsr::net {

/// See NetSetup::ensure_parent.
Result<> ensure_parent(netlink::Socket& host, const ParentSpec& spec);

/// See NetSetup::mac_of_parent.
Result<MacAddress> mac_of_parent(netlink::Socket& host, const UpperLink& upper);

/// See NetSetup::check_parent.
Result<> check_parent(netlink::Socket& host, const UpperLink& upper, std::optional<std::uint32_t> mtu);

/// See NetSetup::remove_parent.
Result<> remove_parent(netlink::Socket& host, const std::string& name);

/// NetSetup::ensure_interface for a spec with `upper`.
Result<> ensure_upper_interface(netlink::Socket& host, const InterfaceSpec& spec, const NetNs& sandbox);

/// See NetSetup::sweep_upper_interfaces.
Result<> sweep_upper_interfaces(const NetNs& sandbox, const std::set<std::string>& wanted);

/// Deletes the macvlan or ipvlan link of ours of that name in the sandbox; no-op if there is none.
Result<> remove_upper_interface(const std::string& name, const NetNs& sandbox);

}  // namespace nsr::net
