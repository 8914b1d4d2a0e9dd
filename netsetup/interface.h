#pragma once

#include <optional>
#include <string>

#include "common/netns.h"
#include "common/result.h"
#include "netsetup/netlink/socket.h"
#include "netsetup/spec.h"
#include "netsetup/sysctl.h"

namespace nsr::net {

/// See NetSetup::ensure_interface. `host_conf6`: the host's ipv6/conf, if it has IPv6.
Result<> ensure_interface(netlink::Socket& host, const std::optional<SysctlDirectory>& host_conf6,
                          netlink::Socket& inside, const InterfaceSpec& spec, const NetNs& sandbox);

/// The inside end, which is there, is up and has its addresses. `made`: it was made just now and has none yet.
Result<> raise_inside(netlink::Socket& inside, const InterfaceSpec& spec, const NetNs& sandbox, bool made);

/// What remove_interface() has found and left.
struct Removal {
    bool dying = false;               ///< there is a link to be swept
    Traffic traffic = Traffic::some;  ///< of the inside end
};

/// See NetSetup::remove_interface.
Result<Removal> remove_interface(netlink::Socket& host, const std::string& host_name, const std::string& name,
                                 const NetNs& sandbox);

/// See NetSetup::abandon_interface.
Result<Removal> abandon_interface(netlink::Socket& host, const std::string& host_name, const std::string& name,
                                  const NetNs& sandbox);

}  // namespace nsr::net
