#pragma once

#include <string>

#include "common/netns.h"
#include "common/result.h"
#include "netsetup/netlink/socket.h"
#include "netsetup/spec.h"

namespace nsr::net {

/// See NetSetup::ensure_interface.
Result<> ensure_interface(netlink::Socket& host, const InterfaceSpec& spec, const NetNs& sandbox);

/// The inside end, which is there, is up and has its addresses.
Result<> raise_inside(netlink::Socket& inside, const InterfaceSpec& spec, const NetNs& sandbox);

/// Whether remove_interface() left a link to be swept.
enum class Removal { nothing_there, dying };

/// See NetSetup::remove_interface.
Result<Removal> remove_interface(netlink::Socket& host, const std::string& host_name, const std::string& name,
                                 const NetNs& sandbox);

}  // namespace nsr::net
