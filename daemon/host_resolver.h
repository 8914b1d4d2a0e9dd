#pragma once

#include <string>

#include "hosts/resolv_conf.h"

namespace nsr::daemon {

/// The host's resolv.conf, or what systemd-resolved keeps behind its stub if that is its only server (D-87). A file
/// that cannot be read names no servers: nothing is invented (D-85).
hosts::ResolvConf read_host_dns(const std::string& path);

}  // namespace nsr::daemon
