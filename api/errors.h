#pragma once

#include "common/result.h"

namespace nsr::api {

/// The one table from a failure to an HTTP status.
int status_of(Errc code);

}  // namespace nsr::api
