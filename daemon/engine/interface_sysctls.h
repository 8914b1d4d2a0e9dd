#pragma once

#include <string>

#include "common/netns.h"
#include "common/result.h"
#include "registry/model.h"

/// Settings of a container's interface under /proc/sys/net, whatever its name comes to be:
/// com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1,net.ipv6.conf.IFNAME.accept_ra=2
namespace nsr::daemon {

inline constexpr const char* kInterfaceSysctlsOption = "com.docker.network.endpoint.sysctls";

/// Errc::invalid in Docker's words unless all are NAME=VALUE with a name of that form.
Result<> check_interface_sysctls(const std::string& text);

/// Sets those of an endpoint, whose interface is there. No-op if it has none.
Result<> apply_interface_sysctls(const registry::Endpoint& endpoint, const NetNs& sandbox);

}  // namespace nsr::daemon
