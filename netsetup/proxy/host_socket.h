#pragma once

#include "common/result.h"
#include "common/unique_fd.h"
#include "netsetup/proxy/port_proxy.h"

namespace nsr::net {

/// What the socket of a port is for.
enum class SocketUse { hold, serve };

/// A non-blocking socket at a port of the host, IPv6 only if it is an IPv6 one; a TCP socket listens. One
/// that is only to hold takes nothing in, and refuses TCP connections. The errors of PortProxy::hold().
Result<UniqueFd> open_host_socket(const HostPort& port, SocketUse use);

/// Whether the host has IPv6 sockets at all: not if its kernel was started with ipv6.disable=1.
bool has_ipv6_sockets();

}  // namespace nsr::net
