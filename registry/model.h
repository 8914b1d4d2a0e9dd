#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/ip.h"

/// What is desired, as plain data: the words of the field (docs/glossary.md) with Docker's fields. The only header that
/// the resolver, the network set-up, the hosts files and the registry share; it holds no behaviour.
namespace nsr::registry {

using StringMap = std::map<std::string, std::string>;

/// Names of the networks that exist from the first start and cannot be removed.
inline constexpr const char* kBridgeNetwork = "bridge";
inline constexpr const char* kHostNetwork = "host";
inline constexpr const char* kNoneNetwork = "none";

/// One subnet of a network.
struct IpamConfig {
    IpPrefix subnet;
    std::optional<IpAddress> gateway;      ///< absent: none (a macvlan network without --gateway)
    std::optional<IpPrefix> ip_range;      ///< addresses are given out from here only
    std::map<std::string, IpAddress> aux;  ///< reserved: name -> address
    bool automatic = false;                ///< chosen by us from the default pools

    bool operator==(const IpamConfig&) const = default;
};

struct Network {
    std::string id;  ///< 64 hex digits
    std::string name;
    std::string driver = "bridge";  ///< bridge, host, null (the network "none"), macvlan
    WallTime created = 0;
    bool enable_ipv4 = true;
    bool enable_ipv6 = false;
    bool internal = false;
    bool attachable = false;
    StringMap options;  ///< as given with -o
    StringMap labels;
    std::vector<IpamConfig> ipam;

    bool operator==(const Network&) const = default;
};

enum class Protocol : std::uint8_t { tcp, udp, sctp };

struct PortProto {
    std::uint16_t port = 0;
    Protocol protocol = Protocol::tcp;

    auto operator<=>(const PortProto&) const = default;
};

/// A wish to publish a container port: `-p [HOST_IP:][HOST_PORT[-HOST_PORT]:]PORT/PROTO`.
struct PortBinding {
    PortProto container;
    std::optional<IpAddress> host_ip;   ///< absent: all addresses
    std::uint16_t host_port_first = 0;  ///< 0: any free port
    std::uint16_t host_port_last = 0;   ///< of a range to choose from; equal to first for one port

    bool operator==(const PortBinding&) const = default;
};

/// A host port that leads to a container's, or several in a row from both numbers upward.
struct BoundPort {
    PortProto container;
    IpAddress host_ip;  ///< 0.0.0.0 and :: are all addresses of their family
    std::uint16_t host_port = 0;
    std::uint16_t count = 1;

    bool operator==(const BoundPort&) const = default;
};

/// `--link TARGET[:ALIAS]`: a private alias of one container for another.
struct Link {
    std::string target;  ///< name, alias or id as given; found at each start or lookup
    std::string alias;

    bool operator==(const Link&) const = default;
};

/// Which network namespace a container lives in.
enum class SandboxKind : std::uint8_t {
    own,   ///< made and kept by the daemon
    path,  ///< label ns-register.netns
    pid,   ///< label ns-register.pid
};

enum class ContainerState : std::uint8_t { created, running, exited };

struct Container {
    std::string id;    ///< 64 hex digits
    std::string name;  ///< without the leading '/' of Docker's API
    WallTime created = 0;

    // as given at create
    std::string image;
    std::vector<std::string> command;
    std::vector<std::string> env;
    StringMap labels;
    std::string hostname;  ///< default: the short id
    std::string domainname;
    std::string network_mode;  ///< network name or id as given; "default" and "" mean bridge; "container:NAME"
    std::vector<PortProto> exposed;
    std::vector<PortBinding> published;
    bool publish_all = false;
    std::vector<std::string> dns;  ///< upstreams of its own, in order
    std::vector<std::string> dns_search;
    std::vector<std::string> dns_options;
    std::vector<std::string> extra_hosts;  ///< "NAME:ADDRESS"
    std::vector<Link> links;               ///< legacy links (default bridge)
    SandboxKind sandbox = SandboxKind::own;
    std::string sandbox_path;             ///< for path
    std::int64_t sandbox_pid = 0;         ///< for pid
    std::uint64_t sandbox_pid_start = 0;  ///< its start time (field 22 of /proc/PID/stat), against reuse of the number

    // what became of it
    ContainerState state = ContainerState::created;
    WallTime started = 0;
    WallTime finished = 0;
    int exit_code = 0;
    std::string error;
    std::uint64_t sandbox_inode = 0;  ///< of the namespace it runs in; 0 when it does not run
    std::vector<BoundPort> bound;     ///< what `published` and `publish_all` came to, while it runs

    bool operator==(const Container&) const = default;
};

/// How far an endpoint is. Committed before the kernel is changed, so that a crash leaves a trace to finish or remove.
enum class EndpointPhase : std::uint8_t {
    configured,  ///< wanted at the next start; holds no address
    attaching,   ///< addresses are taken, the kernel may have any part of it
    attached,    ///< complete
};

/// A container's presence on one network.
struct Endpoint {
    std::string id;  ///< 64 hex digits; a new one at each attach, empty while only configured
    std::string container_id;
    std::string network_id;    ///< of the network found at the last attach or connect
    std::string network_name;  ///< by which the network is found again at each start
    std::uint32_t order = 0;   ///< of connecting, within the container: decides eth0, eth1, ...

    // as given at create or connect
    std::vector<std::string> aliases;
    std::vector<Link> links;
    std::optional<IpAddress> wanted_ipv4;
    std::optional<IpAddress> wanted_ipv6;
    std::optional<MacAddress> wanted_mac;
    int gw_priority = 0;
    StringMap driver_options;

    // while attaching and attached
    EndpointPhase phase = EndpointPhase::configured;
    std::optional<IpAddress> ipv4;
    std::optional<IpAddress> ipv6;
    std::optional<MacAddress> mac;
    std::string interface;       ///< inside: eth0
    std::string host_interface;  ///< host end: veth1a2b3c4; unique per attach

    bool operator==(const Endpoint&) const = default;
};

/// A record that a user has added to a network (`record add`).
struct Record {
    std::string network_id;
    std::string name;  ///< relative to nothing: as asked, lower case, without the trailing dot
    std::string type;  ///< "A", "CNAME", ...
    std::string data;  ///< presentation format (RFC 1035 §5.1)
    std::optional<std::uint32_t> ttl;

    bool operator==(const Record&) const = default;
};

/// Everything, as loaded from the store.
struct State {
    std::string host_id;                          ///< 32 hex digits, made with the store and never changed
    std::map<std::string, Network> networks;      ///< by id
    std::map<std::string, Container> containers;  ///< by id
    std::vector<Endpoint> endpoints;              ///< by container, then order
    std::vector<Record> records;
};

}  // namespace nsr::registry
