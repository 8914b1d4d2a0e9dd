#pragma once

#include <string>

#include "common/result.h"

namespace nsr::daemon {

/// A signal as Docker's clients write it: "SIGTERM", "term", "15", "RTMIN+1". Errc::invalid: "Invalid signal: X".
Result<int> parse_signal(const std::string& text);

}  // namespace nsr::daemon
