#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "registry/model.h"

/// The bodies of the Docker Engine API as plain structs. Text from the client stays text here; what it means is decided
/// by registry/validate. JSON is known to api/json.cpp only.
namespace nsr::api {

using registry::StringMap;

/// `filters` of the query string: {"label": ["a=b"], "name": [...]}; {"label": {"a=b": true}} is read, too.
using Filters = std::map<std::string, std::vector<std::string>>;

// ---------------------------------------------------------------- networks

struct IpamConfigBody {
    std::string subnet;
    std::string ip_range;
    std::string gateway;
    StringMap aux;
};

struct NetworkCreateBody {
    std::string name;
    std::string driver;  ///< "" means bridge
    std::string scope;
    bool internal = false;
    bool attachable = false;
    bool ingress = false;
    bool config_only = false;
    std::string config_from;
    std::optional<bool> enable_ipv4;
    std::optional<bool> enable_ipv6;
    std::string ipam_driver;
    std::vector<IpamConfigBody> ipam;
    StringMap options;
    StringMap labels;
};

struct NetworkContainer {
    std::string name;
    std::string endpoint_id;
    std::string mac;
    std::string ipv4;  ///< with prefix length
    std::string ipv6;
};

/// `network inspect`, and one element of `network ls`.
struct NetworkResource {
    registry::Network network;
    std::map<std::string, NetworkContainer> containers;  ///< by container id; attached ones only
};

/// EndpointSettings of the API: what a client asks for, and in inspect what it got.
struct EndpointSettings {
    std::string ipam_ipv4;  ///< IPAMConfig.IPv4Address
    std::string ipam_ipv6;
    std::vector<std::string> link_local_ips;
    std::vector<std::string> links;
    std::vector<std::string> aliases;
    bool exclusive_aliases = false;  ///< DriverOpts "ns-register.alias-exclusive"
    std::string mac;
    int gw_priority = 0;
    StringMap driver_options;

    // in inspect only
    std::string network_id;
    std::string endpoint_id;
    std::string gateway;
    std::string ip_address;
    unsigned ip_prefix_length = 0;
    std::string ipv6_gateway;
    std::string ipv6_address;
    unsigned ipv6_prefix_length = 0;
    std::vector<std::string> dns_names;
};

struct ConnectBody {
    std::string container;
    EndpointSettings endpoint;
};

struct DisconnectBody {
    std::string container;
    bool force = false;
};

// ---------------------------------------------------------------- containers

struct PortBindingBody {
    std::string host_ip;
    std::string host_port;  ///< "", "8080" or "8080-8090"
};

struct ContainerCreateBody {
    std::string name;  ///< from the query string; "" asks for a generated one
    std::string image;
    std::vector<std::string> command;
    std::vector<std::string> env;
    StringMap labels;
    std::string hostname;
    std::string domainname;
    std::string mac;                         ///< Config.MacAddress (deprecated by Docker) for the first network
    std::vector<std::string> exposed_ports;  ///< "80/tcp", "8000-8010/udp"
    // HostConfig
    std::string network_mode;
    std::map<std::string, std::vector<PortBindingBody>> port_bindings;  ///< by "80/tcp"
    bool publish_all_ports = false;
    std::vector<std::string> dns;
    std::vector<std::string> dns_search;
    std::vector<std::string> dns_options;
    std::vector<std::string> extra_hosts;
    std::string stop_signal;
    std::optional<int> stop_timeout;  ///< seconds
    std::string user;
    std::string directory;  ///< Docker's WorkingDir
    std::vector<std::string> links;
    // NetworkingConfig.EndpointsConfig
    std::map<std::string, EndpointSettings> endpoints;
};

/// One published port as it is now.
struct PortMapping {
    registry::PortProto container;
    std::string host_ip;
    std::uint16_t host_port = 0;
};

struct ContainerInspect {
    registry::Container container;
    std::int64_t pid = 0;
    std::string sandbox_id;
    std::string sandbox_key;  ///< a path that `nsenter --net=` takes; "" while it does not run
    std::string hosts_path;
    std::string resolv_conf_path;
    std::vector<PortMapping> ports;
    std::vector<std::string> ports_not_held;           ///< long rows, as "0.0.0.0:8000-9999/tcp"
    std::map<std::string, EndpointSettings> networks;  ///< by network name
};

struct ContainerCreated {
    std::string id;
    std::vector<std::string> warnings;
};

struct NetworkCreated {
    std::string id;
    std::string warning;
};

// ---------------------------------------------------------------- our own routes (/ns-register/...)

struct ResolveQuery {
    std::string name;
    std::string type = "A";
    std::string from;  ///< container; "": every network
};

/// What `network plan`, `verify` and `repair` say: a sentence each.
struct KernelReport {
    struct Network {
        std::string id;
        std::string name;
        std::vector<std::string> lines;
    };
    std::vector<Network> networks;
    std::vector<std::string> firewall;  ///< what concerns the table that all networks share
};

/// Something that `doctor` has looked at.
struct HostFinding {
    std::string check;
    bool ok = true;
    std::string text;
    std::string fix;  ///< what mends it; empty if nothing is wrong
};

/// What became of a master file.
struct RecordsImported {
    std::size_t added = 0;
    std::size_t left_out = 0;  ///< SOA and NS
};

/// One answer of `resolve`.
struct ResolvedRecord {
    std::string network;  ///< "" when an upstream answered
    std::string name;
    std::string type;
    std::string data;
    std::uint32_t ttl = 0;
};

struct ResolveResult {
    std::string rcode;  ///< "NOERROR", "NXDOMAIN", ...
    std::vector<ResolvedRecord> records;
    std::vector<std::string> trace;  ///< how it came to this, a sentence per step
};

struct SystemInfo {
    std::string version;
    std::string git_commit;
    std::string kernel;
    std::string host_name;
    std::string state_dir;
    std::uint64_t containers = 0;
    std::uint64_t running = 0;
    std::uint64_t stopped = 0;
    unsigned cpus = 0;
    std::uint64_t memory_bytes = 0;
};

}  // namespace nsr::api
