#include "netsetup/ipam/reserved.h"

namespace nsr::net {

std::vector<IpAddress> unusable_addresses(const IpPrefix& subnet) {
    if (subnet.host_bits() == 1) return {};
    if (subnet.family() == Family::v6) return {subnet.first()};
    return {subnet.first(), subnet.last()};
}

}  // namespace nsr::net
