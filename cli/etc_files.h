#pragma once

#include <string>

#include "common/result.h"

namespace nsr::cli {

/// Files to stand at /etc/hosts and /etc/resolv.conf; "": the machine's own.
struct EtcFiles {
    std::string hosts;
    std::string resolv_conf;
};

/// Mounts them over the machine's, in this process's mount namespace, which must be its own. What the machine has not,
/// or has as a symbolic link that leads nowhere, comes to stand there all the same: /etc is then a directory in memory
/// with the machine's entries mounted one by one.
Result<> put_etc_files(const EtcFiles& files);

}  // namespace nsr::cli
