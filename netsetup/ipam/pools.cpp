#include "netsetup/ipam/pools.h"

#include <algorithm>
#include <optional>

#include "common/sha256.h"

namespace nsr::net {
namespace {

constexpr unsigned kFirstDefaultPool = 17;  // 172.17.0.0/16
constexpr unsigned kLastDefaultPool = 31;
constexpr unsigned kUlaLength = 48;
constexpr unsigned kUlaSubnetLength = 64;

/// The subnet after `used`, of the size of `candidate` and aligned to it; absent at the end of the address space.
std::optional<IpPrefix> subnet_after(const IpPrefix& candidate, const IpPrefix& used) {
    const IpAddress last = std::max(candidate.last(), used.last());
    const IpAddress next = last.plus(1);
    if (next < last) return std::nullopt;
    return IpPrefix(next, candidate.length());
}

std::optional<IpPrefix> choose_in(const AddressPoolRange& pool, std::span<const IpPrefix> taken) {
    std::optional<IpPrefix> candidate = IpPrefix(pool.base.first(), pool.subnet_length);
    while (candidate && pool.base.contains(*candidate)) {
        const auto used = std::ranges::find_if(taken, [&](const auto& other) { return other.overlaps(*candidate); });
        if (used == taken.end()) return candidate;
        candidate = subnet_after(*candidate, *used);
    }
    return std::nullopt;
}

}  // namespace

std::vector<AddressPoolRange> default_pools_v4() {
    std::vector<AddressPoolRange> pools;
    for (unsigned second = kFirstDefaultPool; second <= kLastDefaultPool; ++second) {
        pools.push_back({IpPrefix(IpAddress::v4((172U << 24) | (second << 16)), 16), 16});
    }
    pools.push_back({IpPrefix(IpAddress::v4((192U << 24) | (168U << 16)), 16), 20});
    return pools;
}

AddressPoolRange ula_pool(std::string_view host_id) {
    const auto digest = sha256(host_id);
    std::array<std::uint8_t, 16> bytes{0xfd};
    std::copy_n(digest.begin() + 3, 5, bytes.begin() + 1);
    return {IpPrefix(IpAddress::v6(bytes), kUlaLength), kUlaSubnetLength};
}

Result<IpPrefix> choose_subnet(std::span<const AddressPoolRange> pools, std::span<const IpPrefix> taken) {
    for (const AddressPoolRange& pool : pools) {
        if (const auto subnet = choose_in(pool, taken)) return *subnet;
    }
    return fail(Errc::conflict, "all predefined address pools have been fully subnetted");
}

}  // namespace nsr::net
