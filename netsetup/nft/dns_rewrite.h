#pragma once

#include "common/netns.h"
#include "common/result.h"

namespace nsr::net {

/// See NetSetup: the resolver's table in a sandbox. Other tables there are left alone.
Result<> ensure_dns_rewrite(const NetNs& sandbox);
Result<> remove_dns_rewrite(const NetNs& sandbox);

}  // namespace nsr::net
