#pragma once

#include <memory>
#include <optional>

#include "common/ip.h"
#include "common/result.h"
#include "registry/model.h"

namespace nsr::net {

/// Which addresses of one subnet are taken. Lowest free first (N-20). Kept as merged intervals of taken addresses, for
/// both families alike: each call takes time logarithmic in the number of gaps (one look-up when there is none, also on
/// a full /16), and an IPv6 /64 costs what is in use.
/// The network address, IPv4 broadcast (except /31), the gateway and the auxiliary addresses are never given out.
class AddressAllocator {
public:
    explicit AddressAllocator(const registry::IpamConfig& config);
    AddressAllocator(AddressAllocator&&) noexcept;
    AddressAllocator& operator=(AddressAllocator&&) noexcept;
    ~AddressAllocator();

    /// The lowest free address of the ip_range (or subnet). Absent: exhausted.
    std::optional<IpAddress> allocate();

    /// A certain address: "Address already in use" (Errc::forbidden) when taken or reserved. It must be inside the
    /// subnet.
    Result<> take(const IpAddress& address);

    /// No-op if it is not taken.
    void release(const IpAddress& address);

    const IpPrefix& subnet() const;

private:
    struct Data;
    std::unique_ptr<Data> data_;
};

}  // namespace nsr::net
