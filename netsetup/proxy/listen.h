#pragma once

#include <cstdint>
#include <string>

#include "common/ip.h"
#include "common/result.h"
#include "common/unique_fd.h"
#include "registry/model.h"

namespace nsr::net {

/// "0.0.0.0:8080", "[::]:8080".
std::string host_port_text(const IpAddress& address, std::uint16_t port);

/// A socket of the calling thread's namespace that holds a port of the host against all others: bound, and for TCP
/// listening. An IPv6 socket holds IPv6 only.
/// Errc::conflict, in Docker's words (docker-behaviour P-20, P-21): "failed to bind host port 0.0.0.0:9000/tcp: address
/// already in use"; Errc::unsupported for a protocol that the kernel lacks (P-09: "failed to create socket for ...").
Result<UniqueFd> hold_port(registry::Protocol protocol, const IpAddress& address, std::uint16_t port);

}  // namespace nsr::net
