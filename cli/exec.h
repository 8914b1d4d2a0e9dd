#pragma once

#include <string>
#include <vector>

#include "common/result.h"

namespace nsr::cli {

/// Where a command shall run, and what it shall find there.
struct Place {
    std::string sandbox;      ///< path of the network namespace
    std::string resolv_conf;  ///< content for /etc/resolv.conf
    std::string hosts_path;   ///< a file to stand at /etc/hosts; "": the machine's own
};

/// Becomes the command, in the network namespace and in a mount namespace of its own with these files in place. Returns
/// only if that failed: Errc::not_found if there is no such command, Errc::forbidden if it cannot be run.
Error execute(const Place& place, const std::vector<std::string>& command);

}  // namespace nsr::cli
