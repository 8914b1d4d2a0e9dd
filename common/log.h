#pragma once

#include <string>
#include <string_view>

#include <spdlog/spdlog.h>

namespace nsr::log {

/// Sends the log to standard error, one line an event. `level`: trace, debug, info, warn, error, off.
void start(std::string_view level);

/// A value from outside, quoted and with control characters escaped, for `key="value"` in a log line.
std::string quoted(std::string_view value);

}  // namespace nsr::log
