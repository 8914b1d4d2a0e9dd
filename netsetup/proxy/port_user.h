#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netsetup/proxy/port_proxy.h"

namespace nsr::net {

/// A program that listens at a port of the host.
struct PortUser {
    int pid = 0;
    std::string command;  ///< its name, as the kernel shows it

    bool operator==(const PortUser&) const = default;
};

/// Inodes of the sockets at port `port` in a table like /proc/net/tcp (proc_pid_net(5)); of TCP only listening ones.
std::vector<std::string> sockets_at(std::string_view table, std::uint16_t port, bool listening);

/// Who has the port in the calling thread's namespace; for the log, since it looks at all descriptors of all processes.
/// Nothing if it is a process of another PID namespace, or nobody's.
std::optional<PortUser> find_port_user(const HostPort& port);

}  // namespace nsr::net
