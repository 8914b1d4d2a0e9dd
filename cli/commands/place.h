#pragma once

#include <string>

#include "cli/exec.h"
#include "cli/session.h"

namespace nsr::cli {

/// Where commands of a running container run. Refused with Docker's words if it does not.
Result<Place> place_of(Session& session, const std::string& container);

}  // namespace nsr::cli
