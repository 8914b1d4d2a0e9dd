#pragma once

#include <cstddef>

namespace nsr::api {

/// The largest body of most requests, in bytes.
inline constexpr std::size_t kBodyMax = std::size_t{1} << 20;

/// Of those that list published ports: Docker's command line sends an entry for each port, twice, and a container may
/// publish all 65 535 of TCP and of UDP; an entry has up to 128 bytes.
inline constexpr std::size_t kPortsBodyMax = std::size_t{16} << 20;
static_assert(kPortsBodyMax >= 2UL * 65535 * 128);

/// Of a master file of records.
inline constexpr std::size_t kRecordsBodyMax = std::size_t{16} << 20;

}  // namespace nsr::api
