#pragma once

#include <set>
#include <string>
#include <vector>

#include "netsetup/finding.h"
#include "netsetup/netlink/socket.h"
#include "netsetup/spec.h"

namespace nsr::net {

/// Settings of the kernel that our networks depend on, one finding each, right or wrong. Runs on the host.
std::vector<Finding> examine_settings(const std::vector<BridgeSpec>& bridges);

/// Links of our groups whose names are not in `wanted`.
Result<Finding> examine_leftovers(netlink::Socket& host, const std::set<std::string>& wanted);

}  // namespace nsr::net
