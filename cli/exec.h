#pragma once

#include <string>
#include <vector>

#include "common/result.h"

namespace nsr::cli {

/// Where a command shall run, and what it shall find there.
struct Place {
    std::string sandbox;                 ///< path of the network namespace
    std::string hosts_path;              ///< a file to stand at /etc/hosts; "": the machine's own
    std::string resolv_conf_path;        ///< a file to stand at /etc/resolv.conf; "": the machine's own
    std::string hostname;                ///< "": the machine's own
    std::vector<std::string> variables;  ///< "NAME=VALUE", over those of the caller
    std::string user;                    ///< NAME|UID[:GROUP|GID]; "": the caller
    std::string directory;               ///< to start in; "": where the caller is
    bool has_terminal = false;           ///< standard input is a terminal made for the command, which the user gets
    int parent = 0;                      ///< killed when this process, its parent, dies; 0: outlives it
};

/// Becomes the command, in the network namespace and in mount and UTS namespaces of its own with these files in place.
/// Returns only if that failed: Errc::not_found if there is no such command or directory, Errc::forbidden if it cannot
/// be run, Errc::invalid if there is no such user.
Error execute(const Place& place, const std::vector<std::string>& command);

}  // namespace nsr::cli
