#pragma once

#include <set>
#include <string>

#include "common/result.h"
#include "netsetup/finding.h"
#include "netsetup/netlink/socket.h"

namespace nsr::net {

/// A host that forwards IPv6 listens to router advertisements only where net.ipv6.conf.LINK.accept_ra is 2, and forgets
/// the default routes that it has learned elsewhere. Before the host begins to forward: 2 on those of `links` that have
/// 1. Runs on the host.
Result<> keep_accepting_ra(const std::set<std::string>& links);

/// Whether a default route that advertisements bring will be renewed though the host forwards. Runs on the host.
Finding examine_accept_ra(netlink::Socket& host);

}  // namespace nsr::net
