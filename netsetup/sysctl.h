#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace nsr::net {

/// Sets /proc/sys/`name` ("net/ipv4/ip_forward") of the calling thread's namespace, if it has another value.
/// Errc::not_found if the kernel has no such setting.
Result<> set_sysctl(const std::string& name, std::string_view value);

/// The same without looking first, for a namespace that is new.
Result<> write_sysctl(const std::string& name, std::string_view value);

/// What is set, of the calling thread's namespace; "" if there is no such setting.
std::string get_sysctl(const std::string& name);

/// Whether the calling thread's namespace has the setting at all.
bool has_sysctl(const std::string& name);

}  // namespace nsr::net
