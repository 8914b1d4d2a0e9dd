#pragma once

#include "common/netns.h"
#include "common/result.h"
#include "netsetup/netlink/socket.h"
#include "netsetup/spec.h"

namespace nsr::net {

// `inside` is a socket of the sandbox.

/// The sysctls of docker-behaviour N-44.
Result<> set_sandbox_sysctls(const NetNs& sandbox);

/// See NetSetup: only lo up.
Result<> ensure_loopback(netlink::Socket& inside);

/// See NetSetup: our default routes are these, and others' stay. `fresh`: there were none before. An unspecified
/// gateway (0.0.0.0, ::) is a route by the device alone, as links that ask no neighbours have.
Result<bool> set_default_routes(netlink::Socket& inside, const SandboxRoutes& routes, bool fresh);

}  // namespace nsr::net
