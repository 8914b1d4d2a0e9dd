#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/ip.h"
#include "common/result.h"
#include "netsetup/ipam/pools.h"
#include "registry/model.h"

namespace nsr::net {

/// One --subnet/--ip-range/--gateway/--aux-address group of a new network, as text.
struct SubnetRequest {
    std::string subnet;
    std::string ip_range;
    std::string gateway;
    registry::StringMap aux;
};

struct IpamRequest {
    std::string driver = "bridge";
    bool enable_ipv4 = true;
    bool enable_ipv6 = false;
    std::vector<SubnetRequest> configs;
};

/// What automatic subnets are cut from.
struct AddressPools {
    std::vector<AddressPoolRange> v4;
    std::vector<AddressPoolRange> v6;
};

/// Decides the subnets and gateways of a new network (docker-behaviour 5.1). `own` are the subnets of the networks that
/// exist, `avoid` what automatic choice must skip besides (on-link routes and name servers of the host).
/// A range, gateway or auxiliary address belongs to the subnet that holds it, in whatever group it came. IPv6
/// subnets are ignored if IPv6 is not enabled, as Docker does (N-16). IPv4 comes first in the result. Refused:
/// Errc::invalid for input that makes no sense (IPv4 subnets without IPv4 among it), Errc::forbidden for what is taken
/// (overlap, "Address already in use") and several subnets of one family on a bridge, Errc::conflict for exhausted
/// pools.
Result<std::vector<registry::IpamConfig>> plan_ipam(const IpamRequest& request, std::span<const IpPrefix> own,
                                                    std::span<const IpPrefix> avoid, const AddressPools& pools);

/// The same with Docker's default pools. `host_id` makes the ULA /48 of automatic IPv6 subnets stable for a host.
Result<std::vector<registry::IpamConfig>> plan_ipam(const IpamRequest& request, std::span<const IpPrefix> own,
                                                    std::span<const IpPrefix> avoid, std::string_view host_id);

}  // namespace nsr::net
