#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "common/result.h"
#include "common/unique_fd.h"

namespace nsr::net {

/// Sets /proc/sys/`name` ("net/ipv4/ip_forward") of the calling thread's namespace, if it has another value.
/// Errc::not_found if the kernel has no such setting.
Result<> set_sysctl(const std::string& name, std::string_view value);

/// A directory below /proc/sys/net of a namespace. The kernel finds ipv4 and ipv6 among those of all namespaces that
/// were used by the same procfs, one by one (0.5 ms with a thousand of them). So each is looked up once and not for
/// each setting, and in a procfs of the thread's own, which is replaced before it has known many.
class SysctlDirectory {
public:
    /// Of the calling thread's namespace; `name`: "ipv4", "ipv6/conf". Errc::not_found if the kernel has no such
    /// directory.
    static Result<SysctlDirectory> open(const std::string& name);

    /// Sets `name` ("ip_forward") without looking first. Errc::not_found if there is no such setting.
    Result<> write(const std::string& name, std::string_view value) const;

private:
    SysctlDirectory(UniqueFd directory, std::string path) : directory_(std::move(directory)), path_(std::move(path)) {}

    UniqueFd directory_;
    std::string path_;
};

/// What is set, of the calling thread's namespace; "" if there is no such setting.
std::string get_sysctl(const std::string& name);

/// Whether the calling thread's namespace has the setting at all.
bool has_sysctl(const std::string& name);

}  // namespace nsr::net
