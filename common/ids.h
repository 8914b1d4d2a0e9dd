#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nsr {

/// How many hex digits an id has, and its short form (Docker's).
inline constexpr std::size_t kIdSize = 64;
inline constexpr std::size_t kShortIdSize = 12;

/// A new random id: 64 lower-case hex digits, never only decimal ones in its short form (Docker's rule, so that a
/// short id is never taken for a number).
std::string make_id();

/// The first 12 digits.
inline std::string_view short_id(std::string_view id) { return id.substr(0, kShortIdSize); }

/// `count` random lower-case hex digits.
std::string random_hex(std::size_t count);

/// A new random name of the kind "adjective_surname" for a container that was given none.
std::string make_name();

}  // namespace nsr
