#pragma once

#include "common/netns.h"
#include "common/result.h"
#include "netsetup/spec.h"

namespace nsr::net {

/// See NetSetup: lo up and the sysctls of docker-behaviour N-44.
Result<> prepare_sandbox(const NetNs& sandbox);

/// See NetSetup: only lo up.
Result<> ensure_loopback(const NetNs& sandbox);

/// See NetSetup: the default routes are exactly these.
Result<> set_default_routes(const NetNs& sandbox, const SandboxRoutes& routes);

}  // namespace nsr::net
