#pragma once

#include <cstdint>
#include <string>

#include "common/result.h"

namespace nsr::daemon {

/// A container's files, and the process at whose /etc/hosts and /etc/resolv.conf they shall stand.
struct ProcessFiles {
    std::int64_t pid = 0;
    std::string hosts;
    std::string resolv_conf;
};

/// Mounts the files over those of the process, in its mount namespace and under its root. No-op where they are mounted
/// already. Both or none.
///
/// Symbolic links are followed first, inside the process's root. Refused if the mounts would reach others: the process
/// shares the machine's mount namespace, or what a file lies on propagates to it. Refused if a file is not there and
/// cannot be made (a read-only root). A thread of its own enters the namespace and ends there; see open_tree(2),
/// move_mount(2).
Result<> put_process_files(const ProcessFiles& files);

/// Takes the mounts away again. No-op if the process is gone.
Result<> remove_process_files(const ProcessFiles& files);

}  // namespace nsr::daemon
