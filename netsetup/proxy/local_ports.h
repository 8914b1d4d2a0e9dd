#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"

namespace nsr::net {

/// The ports from which the host gives any free one (net.ipv4.ip_local_port_range), less the reserved ones.
struct LocalPorts {
    std::uint16_t first = 32768;
    std::uint16_t last = 60999;
    std::vector<std::pair<std::uint16_t, std::uint16_t>> reserved;  ///< first and last

    bool contains(std::uint16_t port) const;
    bool operator==(const LocalPorts&) const = default;
};

/// From the texts of ip_local_port_range ("32768\t60999\n") and ip_local_reserved_ports ("8080,9000-9100\n").
Result<LocalPorts> parse_local_ports(std::string_view range, std::string_view reserved);

/// Of the calling thread's namespace.
Result<LocalPorts> read_local_ports();

}  // namespace nsr::net
