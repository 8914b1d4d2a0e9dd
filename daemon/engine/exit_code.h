#pragma once

#include <cstdint>

namespace nsr::daemon {

inline constexpr int kExitUnknown = 255;    ///< nobody could tell; what Docker shows then, too
inline constexpr int kExitSignalled = 128;  ///< and the signal's number, as shells and Docker have it

/// The exit status of a process that has ended and that somebody else may have waited for, or not yet; kExitUnknown if
/// the kernel does not tell (it was waited for, and the kernel is older than 6.15). `pidfd` was opened while it lived.
int exit_code_of(int pidfd, std::int64_t pid, std::uint64_t start_time);

}  // namespace nsr::daemon
