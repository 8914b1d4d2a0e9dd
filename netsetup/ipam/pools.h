#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "common/ip.h"
#include "common/result.h"

namespace nsr::net {

/// A range of addresses that is cut into subnets of one size: base 172.17.0.0/16 of size 16 is one subnet, base
/// 192.168.0.0/16 of size 20 is sixteen.
struct AddressPoolRange {
    IpPrefix base;
    unsigned subnet_length;
};

/// Docker's default pools (N-01): 172.17.0.0/16 to 172.31.0.0/16, then 192.168.0.0/16 in /20.
std::vector<AddressPoolRange> default_pools_v4();

/// The pool of automatic IPv6 subnets (N-16): a ULA /48 (RFC 4193 §3.2) whose global id are bits 24 to 63 of the
/// SHA-256 of the host's id, so that it is the same at each start and other hosts have another one; cut into /64.
AddressPoolRange ula_pool(std::string_view host_id);

/// The lowest subnet of the pools that overlaps none of `taken` (N-02, N-04).
/// "all predefined address pools have been fully subnetted" (Errc::conflict).
Result<IpPrefix> choose_subnet(std::span<const AddressPoolRange> pools, std::span<const IpPrefix> taken);

}  // namespace nsr::net
