#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace nsr {

using Duration = std::chrono::steady_clock::duration;
using TimePoint = std::chrono::steady_clock::time_point;

/// Wall-clock time for what is shown and stored: nanoseconds since 1970 UTC. 0 means "never".
using WallTime = std::int64_t;

WallTime wall_now();

/// "2026-11-21T06:41:00.123456789Z"; never is "0001-01-01T00:00:00Z", as Docker prints it (Go's zero time).
std::string rfc3339(WallTime time);

}  // namespace nsr
