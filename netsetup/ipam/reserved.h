#pragma once

#include <vector>

#include "common/ip.h"

namespace nsr::net {

/// Addresses of a subnet that no host may have: of IPv4 the network and the broadcast address, of IPv6 the
/// subnet-router anycast address (RFC 4291 §2.6.1). None in a point-to-point subnet, /31 (RFC 3021) or /127 (RFC 6164).
std::vector<IpAddress> unusable_addresses(const IpPrefix& subnet);

}  // namespace nsr::net
