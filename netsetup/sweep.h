#pragma once

#include <set>
#include <string>

#include "common/result.h"
#include "netsetup/netlink/socket.h"

namespace nsr::net {

/// See NetSetup::sweep: how many links of ours were too many, the dying ones not counted.
Result<unsigned> sweep(netlink::Socket& host, const std::set<std::string>& wanted);

/// Deletes only the dying ones.
Result<> sweep_dying(netlink::Socket& host);

}  // namespace nsr::net
