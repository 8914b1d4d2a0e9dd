#pragma once

/// Labels in which a container keeps what concerns the command that it was made for (`run`), and its making.
namespace nsr::registry {

/// "true": made by `attach` or `run`, which start it at once. Goes with the start; a start of the daemon removes who
/// has it still.
inline constexpr const char* kAttachLabel = "ns-register.attach";

inline constexpr const char* kProcessLabel = "ns-register.process";           ///< pid of the command
inline constexpr const char* kRemoveLabel = "ns-register.rm";                 ///< "true": removed when it has ended
inline constexpr const char* kStopSignalLabel = "ns-register.stop-signal";    ///< Docker's StopSignal
inline constexpr const char* kStopTimeoutLabel = "ns-register.stop-timeout";  ///< Docker's StopTimeout, seconds
inline constexpr const char* kUserLabel = "ns-register.user";                 ///< Docker's User
inline constexpr const char* kDirectoryLabel = "ns-register.workdir";         ///< Docker's WorkingDir

/// Beside the hosts file of a container: the exit status of its command, written if the daemon was not there to be
/// told.
inline constexpr const char* kExitNotice = "exit";

}  // namespace nsr::registry
