#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace nsr {

/// SHA-256 (FIPS 180-4) of a whole text. For derived identifiers and "has it changed", not for secrets.
std::array<std::uint8_t, 32> sha256(std::string_view text);

}  // namespace nsr
