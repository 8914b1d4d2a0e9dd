#pragma once

#include <string>

#include "cli/exec.h"
#include "common/result.h"

namespace nsr::cli {

/// The config.json of an OCI bundle (runtime-spec, config.md), changed so that its process runs at `place`: path of the
/// network namespace, mounts of hosts and resolv.conf, variables (those of the place win), and the host name if the
/// bundle has a UTS namespace of its own. Doing it twice changes nothing more. Pure. Errc::invalid if it is not one.
Result<std::string> patch_oci_config(const std::string& config, const Place& place);

}  // namespace nsr::cli
