#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hosts/resolv_conf.h"
#include "netsetup/ipam/pools.h"
#include "resolver/zone/spec.h"

namespace nsr::daemon {

/// What becomes of rules, links and addresses of ours that another program has changed while we run.
enum class Repair : std::uint8_t {
    automatic,  ///< they are put in place again, and a log line says so
    report,     ///< a log line says so; `network repair` mends them
};

/// [nft]
struct NftSettings {
    Repair repair = Repair::automatic;
    bool docker_user = false;  ///< our networks' traffic is accepted in Docker's chain DOCKER-USER
};

/// What the operator decided: configuration file and flags, checked and merged (flags win).
struct Settings {
    std::string state_dir = "/var/lib/ns-register";
    std::string run_dir = "/run/ns-register";
    std::string socket;  ///< default: RUN_DIR/ns-register.sock
    std::string log_level = "info";
    bool is_default_run_dir = true;  ///< then namespaces are shown under /run/netns, too

    bool userland_proxy = true;                   ///< carry what the firewall's rules do not
    unsigned forward_limit = 16384;               ///< questions that wait for servers outside
    unsigned forward_limit_per_container = 1024;  ///< of these, of one container
    bool udp_segmentation = true;                 ///< DNS datagrams to one address may leave as one packet
    unsigned proxy_range_limit = 256;  ///< longer rows of published ports are not held against other programs

    /// --upstream (what dockerd's --dns is), dns_search and dns_option; what is empty is the host's.
    hosts::DnsSettings dns;
    std::vector<resolver::DomainUpstreams> domains;  ///< [[forward]]
    NftSettings nft;
    std::vector<net::AddressPoolRange> pools;  ///< of automatic subnets; a family without one has Docker's
    std::string resolv_conf{hosts::kHostResolvConf};
};

inline constexpr const char* kDefaultRunDir = "/run/ns-register";
inline constexpr const char* kDefaultConfigFile = "/etc/ns-register/ns-register.toml";

}  // namespace nsr::daemon
