#include "common/clock.h"

#include <ctime>

#include <fmt/format.h>

namespace nsr {

WallTime wall_now() {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count();
}

std::string rfc3339(WallTime time) {
    constexpr WallTime kSecond = 1'000'000'000;
    if (time == 0) return "0001-01-01T00:00:00Z";
    const std::time_t seconds = time / kSecond;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                       utc.tm_hour, utc.tm_min, utc.tm_sec, time % kSecond);
}

}  // namespace nsr
