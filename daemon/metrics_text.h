#pragma once

#include <string>

#include "common/metrics.h"

namespace nsr::daemon {

/// Everything that is counted, as Prometheus text (version 0.0.4); names begin with "nsr_".
std::string metrics_text(const Metrics& metrics);

}  // namespace nsr::daemon
