#pragma once

#include <chrono>
#include <string>

#include "common/result.h"
#include "common/unique_fd.h"

namespace nsr::daemon {

/// There is one daemon for a state directory (flock on STATE_DIR/lock) and one for a network namespace (the abstract
/// socket @ns-register, which the kernel keeps for each network namespace). Both are gone with the process, however it
/// ends.
struct InstanceLock {
    UniqueFd state_directory;
    UniqueFd network_namespace;

    /// How long a daemon that was killed may take to be gone: it has namespaces and sockets to close.
    static constexpr std::chrono::seconds kWait{3};

    /// Makes the directory if need be. Waits for up to `wait`; Errc::conflict with one sentence if another daemon has
    /// either, and then nothing has been made.
    static Result<InstanceLock> take(const std::string& state_dir, std::chrono::milliseconds wait = kWait);
};

}  // namespace nsr::daemon
