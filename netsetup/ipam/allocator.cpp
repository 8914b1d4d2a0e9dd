#include "netsetup/ipam/allocator.h"

#include <algorithm>
#include <map>
#include <set>

#include "netsetup/ipam/reserved.h"

namespace nsr::net {
namespace {

IpAddress previous(const IpAddress& address) {
    std::array<std::uint8_t, 16> bytes{};
    std::ranges::copy(address.bytes(), bytes.begin());
    for (std::size_t index = address.bytes().size(); index-- > 0;) {
        if (bytes[index]-- != 0) break;
    }
    return address.is_v4() ? IpAddress::v4(std::span<const std::uint8_t, 4>(bytes.data(), 4)) : IpAddress::v6(bytes);
}

/// A set of addresses as intervals that neither touch nor overlap.
class AddressSet {
public:
    /// The last address of the interval that has `address`; absent if none has.
    std::optional<IpAddress> end_of_run(const IpAddress& address) const {
        auto after = runs_.upper_bound(address);
        if (after == runs_.begin()) return std::nullopt;
        const IpAddress last = std::prev(after)->second;
        if (last < address) return std::nullopt;
        return last;
    }

    void insert(const IpAddress& address) {
        IpAddress first = address;
        IpAddress last = address;
        auto after = runs_.upper_bound(address);
        if (after != runs_.end() && previous(after->first) == address) {
            last = after->second;
            after = runs_.erase(after);
        }
        if (after != runs_.begin() && std::prev(after)->second.plus(1) == address) {
            first = std::prev(after)->first;
        }
        runs_.insert_or_assign(first, last);
    }

    void erase(const IpAddress& address) {
        if (!end_of_run(address)) return;
        const auto run = std::prev(runs_.upper_bound(address));
        const auto [first, last] = *run;
        if (first == address) {
            runs_.erase(run);
        } else {
            run->second = previous(address);
        }
        if (last != address) runs_.emplace(address.plus(1), last);
    }

private:
    std::map<IpAddress, IpAddress> runs_;  // first -> last
};

}  // namespace

struct AddressAllocator::Data {
    IpPrefix subnet;
    IpPrefix range;
    std::set<IpAddress> reserved;
    AddressSet taken;

    void reserve(const IpAddress& address) {
        if (reserved.insert(address).second) taken.insert(address);
    }
};

AddressAllocator::AddressAllocator(const registry::IpamConfig& config) : data_(std::make_unique<Data>()) {
    data_->subnet = config.subnet;
    data_->range = config.ip_range.value_or(config.subnet);
    for (const IpAddress& address : unusable_addresses(config.subnet)) data_->reserve(address);
    if (config.gateway) data_->reserve(*config.gateway);
    for (const auto& [name, address] : config.aux) data_->reserve(address);
}

AddressAllocator::AddressAllocator(AddressAllocator&&) noexcept = default;
AddressAllocator& AddressAllocator::operator=(AddressAllocator&&) noexcept = default;
AddressAllocator::~AddressAllocator() = default;

std::optional<IpAddress> AddressAllocator::allocate() {
    IpAddress lowest = data_->range.first();
    if (const auto last = data_->taken.end_of_run(lowest)) {
        if (*last >= data_->range.last()) return std::nullopt;
        lowest = last->plus(1);
    }
    data_->taken.insert(lowest);
    return lowest;
}

Result<> AddressAllocator::take(const IpAddress& address) {
    if (!data_->subnet.contains(address)) {
        return fail(Errc::invalid, "no configured subnet contains IP address " + address.text());
    }
    if (data_->taken.end_of_run(address)) return fail(Errc::forbidden, "Address already in use");
    data_->taken.insert(address);
    return {};
}

void AddressAllocator::release(const IpAddress& address) {
    if (!data_->reserved.contains(address)) data_->taken.erase(address);
}

const IpPrefix& AddressAllocator::subnet() const { return data_->subnet; }

}  // namespace nsr::net
