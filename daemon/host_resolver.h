#pragma once

#include <string>
#include <vector>

#include "resolver/zone/spec.h"

namespace nsr::daemon {

/// The DNS servers of the host: those of its resolv.conf, asked from its namespace. Empty if the file cannot be read or
/// names none; nothing is invented (D-85). If its only server is systemd-resolved's stub and the real list is there,
/// that is read instead (D-87).
std::vector<resolver::Upstream> host_upstreams(const std::string& path);

}  // namespace nsr::daemon
