#include "daemon/engine/exit_code.h"

#include <sys/ioctl.h>
#include <sys/wait.h>

#include <charconv>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "common/files.h"

namespace nsr::daemon {
namespace {

/// linux/pidfd.h since 6.13, the exit code since 6.15; not in the headers that this is built with.
struct PidfdInfo {
    std::uint64_t mask;
    std::uint64_t cgroup;
    std::uint32_t ids[11];  // of process, thread group, parent, users and groups
    std::int32_t exit_code;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr unsigned long kPidfdGetInfo = _IOWR(0xFF, 11, PidfdInfo);
constexpr std::uint64_t kPidfdInfoExit = 1U << 3U;

int shown(int status) { return WIFSIGNALED(status) ? kExitSignalled + WTERMSIG(status) : WEXITSTATUS(status); }

/// Of a process that was waited for.
std::optional<int> reaped_status(int pidfd) {
    PidfdInfo info{};
    info.mask = kPidfdInfoExit;
    if (::ioctl(pidfd, kPidfdGetInfo, &info) != 0 || (info.mask & kPidfdInfoExit) == 0) return std::nullopt;
    return info.exit_code;
}

template <typename Number>
std::optional<Number> number_of(const std::string& text) {
    Number number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// Of a process that nobody has waited for yet (proc(5): fields 3, 22 and 52 of stat).
std::optional<int> zombie_status(std::int64_t pid, std::uint64_t start_time) {
    constexpr std::size_t kState = 0;  // counted from field 3, behind the name, which may hold anything
    constexpr std::size_t kStart = 19;
    constexpr std::size_t kExitCode = 49;
    const auto text = read_file("/proc/" + std::to_string(pid) + "/stat");
    if (!text) return std::nullopt;
    const std::size_t name_end = text->rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream words(text->substr(name_end + 1));
    std::vector<std::string> fields;
    for (std::string word; words >> word;) fields.push_back(std::move(word));
    if (fields.size() <= kExitCode || (fields[kState] != "Z" && fields[kState] != "X")) return std::nullopt;
    if (number_of<std::uint64_t>(fields[kStart]) != start_time) return std::nullopt;
    return number_of<int>(fields[kExitCode]);
}

}  // namespace

int exit_code_of(int pidfd, std::int64_t pid, std::uint64_t start_time) {
    auto status = zombie_status(pid, start_time);
    if (!status) status = reaped_status(pidfd);  // by then somebody has waited for it
    return status ? shown(*status) : kExitUnknown;
}

}  // namespace nsr::daemon
