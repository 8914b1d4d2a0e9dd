#pragma once

#include <span>
#include <string>
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

/// The lowest subnet of the pools that overlaps none of `taken` (N-02, N-04).
/// "all predefined address pools have been fully subnetted" (Errc::conflict).
Result<IpPrefix> choose_subnet(std::span<const AddressPoolRange> pools, std::span<const IpPrefix> taken);

}  // namespace nsr::net
