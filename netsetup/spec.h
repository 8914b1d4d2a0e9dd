#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/ip.h"
#include "registry/model.h"

/// What should be in the kernel, as plain data.
namespace nsr::net {

/// Every host-side link of ours carries this group, set in the request that creates it (IFLA_GROUP); only links of this
/// group are ever changed or removed. A name proves nothing: names are Docker's.
inline constexpr std::uint32_t kLinkGroup = 7238514;
/// Host ends that are already detached and wait to be deleted in one batch.
inline constexpr std::uint32_t kDyingLinkGroup = 7238515;

/// Where containers ask for names, and the port behind it where the server listens; what the rewrite in a sandbox
/// rewrites. The resolver has the same numbers (resolver/resolver.h); the daemon, which alone sees both, checks that
/// they agree.
inline constexpr const char* kDnsAddress = "127.0.0.11";
inline constexpr std::uint16_t kDnsPort = 53;
inline constexpr std::uint16_t kHiddenDnsPort = 13053;

/// How one family of a network meets the outside.
enum class GatewayMode : std::uint8_t {
    nat,       ///< under the host's address; in only by published ports
    routed,    ///< under its own addresses; in at published ports and by ping
    isolated,  ///< the host has no address on the bridge (internal networks only)
};

/// A published port, or several in a row from both numbers upward.
struct PublishedPort {
    registry::Protocol protocol = registry::Protocol::tcp;
    std::optional<IpAddress>
        host_address;  ///< absent or unspecified: every address of the host, of the container's family
    std::uint16_t host_port = 0;
    IpAddress container;  ///< a host address of the other family is the proxy's business, not NAT's
    std::uint16_t container_port = 0;
    std::uint16_t count = 1;
    bool carried = false;  ///< by the port proxy, too: who must not be translated gets there all the same

    bool operator==(const PublishedPort&) const = default;
};

/// A network with a bridge on the host.
struct BridgeSpec {
    std::string network_id;
    std::string name;                 ///< br-<id12>, or as the user wants
    std::vector<IpPrefix> addresses;  ///< gateway/length: the host's own addresses on the bridge
    std::vector<IpPrefix> subnets;
    std::optional<std::uint32_t> mtu;  ///< absent: the kernel's default
    bool internal = false;
    bool icc = true;  ///< containers of the network reach each other
    bool masquerade = true;
    GatewayMode mode4 = GatewayMode::nat;
    GatewayMode mode6 = GatewayMode::nat;
    std::vector<PublishedPort> published;  ///< of all containers whose ports go through this network

    bool operator==(const BridgeSpec&) const = default;
};

/// Whether the host itself reaches containers of the network at its own loopback address, which the kernel routes only
/// where the bridge has the setting route_localnet.
inline bool needs_route_localnet(const BridgeSpec& bridge) { return !bridge.internal && !bridge.published.empty(); }

/// A macvlan or ipvlan link on a parent link of the host.
struct UpperLink {
    std::string kind;       ///< "macvlan" or "ipvlan"
    std::string parent;     ///< name of the link that it stands on
    std::string mode;       ///< macvlan: bridge, private, vepa, passthru; ipvlan: l2, l3, l3s
    std::string flag = {};  ///< ipvlan: bridge, private, vepa

    /// Whether the kernel gives such a link the MAC of its parent, whatever is asked for.
    bool has_parents_mac() const { return kind == "ipvlan" || mode == "passthru"; }

    bool operator==(const UpperLink&) const = default;
};

/// The parent of macvlan and ipvlan links.
struct ParentSpec {
    std::string name;    ///< "eth0"; "eth0.10" is made as a sub-interface if it is not there
    bool dummy = false;  ///< made as a dummy link: no way to the outside

    bool operator==(const ParentSpec&) const = default;
};

/// A container's presence on a network: a veth pair with one end in a bridge, or an upper link.
struct InterfaceSpec {
    std::string endpoint_id;
    std::string bridge;               ///< name of the bridge
    std::string host_name;            ///< of the host end, unique per attach
    std::string name;                 ///< inside the container: eth0
    MacAddress mac;                   ///< of the inside end
    std::vector<IpPrefix> addresses;  ///< of the inside end
    std::optional<std::uint32_t> mtu;
    bool hairpin = false;   ///< the container has published ports, by which it reaches itself through the host
    bool isolated = false;  ///< the network has no icc: this port of the bridge reaches the host and no other such port
    std::optional<UpperLink> upper = {};  ///< present: no veth pair, so no bridge and no host end

    bool operator==(const InterfaceSpec&) const = default;
};

/// Whether an interface has ever sent a packet.
enum class Traffic : std::uint8_t { none, some };

/// The default routes of a sandbox; absent: none (internal networks).
struct SandboxRoutes {
    std::optional<IpAddress> gateway4 = {};
    std::string interface4 = {};
    std::optional<IpAddress> gateway6 = {};
    std::string interface6 = {};
    std::vector<std::string> interfaces = {};  ///< all of ours: default routes of the usual metric on them are ours
    bool owned_by_others = false;              ///< a default route that its owner has made goes before ours

    bool operator==(const SandboxRoutes&) const = default;
};

}  // namespace nsr::net
