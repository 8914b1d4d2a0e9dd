#pragma once

#include "common/netns.h"
#include "common/result.h"
#include "netsetup/netlink/socket.h"

namespace nsr::net {

/// See NetSetup: the resolver's table in a sandbox. Other tables there are left alone.
Result<> ensure_dns_rewrite(const NetNs& sandbox);

/// Whether the table is there, and as it should be.
Result<bool> has_dns_rewrite(const NetNs& sandbox);

/// The socket that it was done with comes back open: closing it waits 15 ms for the kernel to clean up, closing it a
/// second later does not.
Result<netlink::Socket> remove_dns_rewrite(const NetNs& sandbox);

}  // namespace nsr::net
