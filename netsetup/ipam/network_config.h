#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/ip.h"
#include "common/result.h"
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

/// Decides the subnets and gateways of a new network (docker-behaviour 5.1). `own` are the subnets of the networks that
/// exist, `avoid` what automatic choice must skip besides (on-link routes and name servers of the host).
/// `host_id` makes the ULA /48 of automatic IPv6 subnets stable for a host.
Result<std::vector<registry::IpamConfig>> plan_ipam(const IpamRequest& request, std::span<const IpPrefix> own,
                                                    std::span<const IpPrefix> avoid, std::string_view host_id);

}  // namespace nsr::net
