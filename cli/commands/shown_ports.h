#pragma once

#include <string>

#include "cli/commands/json.h"

namespace nsr::cli {

/// "[::1]" of "::1"; IPv4 as it is.
std::string bracketed(const std::string& address);

/// The field "Ports" of a container as `docker ps` shows it: "0.0.0.0:80-82->80-82/tcp, 9988/tcp". Rows of ports are
/// one where both numbers go up by one at the same address; Docker joins those alone whose two numbers are equal.
std::string shown_ports(const Json& ports);

}  // namespace nsr::cli
