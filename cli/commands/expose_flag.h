#pragma once

#include <string>

#include "common/result.h"

namespace nsr::cli {

/// Whether --expose has a port or a range, with or without a protocol; refusals are Docker's words.
Result<> check_expose(const std::string& text);

}  // namespace nsr::cli
