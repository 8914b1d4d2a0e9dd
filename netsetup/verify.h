#pragma once

#include <string>
#include <vector>

#include "common/netns.h"
#include "common/result.h"
#include "netsetup/netlink/socket.h"
#include "netsetup/spec.h"

/// How the kernel differs from a spec, a sentence each; see NetSetup. Reads only.
namespace nsr::net {

Result<std::vector<std::string>> verify_bridge(netlink::Socket& host, const BridgeSpec& spec);

Result<std::vector<std::string>> verify_interface(netlink::Socket& host, const InterfaceSpec& spec,
                                                  const NetNs& sandbox);

Result<std::vector<std::string>> verify_default_routes(const NetNs& sandbox, const SandboxRoutes& routes);

}  // namespace nsr::net
