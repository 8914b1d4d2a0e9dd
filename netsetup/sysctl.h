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

/// /proc/sys/net of a namespace that is new. The kernel finds this directory among those of all namespaces that are in
/// use, one by one (0.3 ms with a thousand of them), so it is looked up once and not for each setting.
class NewSysctls {
public:
    /// Of the calling thread's namespace.
    static Result<NewSysctls> open();

    /// Sets `name` ("ipv4/ip_forward") without looking first.
    Result<> write(const std::string& name, std::string_view value) const;
    bool has(const std::string& name) const;

private:
    explicit NewSysctls(UniqueFd directory) : directory_(std::move(directory)) {}

    UniqueFd directory_;
};

/// What is set, of the calling thread's namespace; "" if there is no such setting.
std::string get_sysctl(const std::string& name);

/// Whether the calling thread's namespace has the setting at all.
bool has_sysctl(const std::string& name);

}  // namespace nsr::net
