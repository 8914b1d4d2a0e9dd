#pragma once

#include <string>
#include <vector>

#include "resolver/zone/spec.h"

namespace nsr::daemon {

/// What the operator decided: configuration file and flags, checked and merged (flags win).
struct Settings {
    std::string state_dir = "/var/lib/ns-register";
    std::string run_dir = "/run/ns-register";
    std::string socket;  ///< default: RUN_DIR/ns-register.sock
    std::string log_level = "info";
    bool is_default_run_dir = true;  ///< then namespaces are shown under /run/netns, too

    /// Servers given with --upstream: what dockerd's --dns is. Empty: those of the host's resolv.conf.
    std::vector<resolver::Upstream> upstreams;
    std::vector<resolver::DomainUpstreams> domains;  ///< [[forward]]
    std::vector<std::string> dns_search;
    std::vector<std::string> dns_options;
    std::string resolv_conf = "/etc/resolv.conf";  ///< of the host
};

inline constexpr const char* kDefaultRunDir = "/run/ns-register";
inline constexpr const char* kDefaultConfigFile = "/etc/ns-register/ns-register.toml";

}  // namespace nsr::daemon
