#pragma once

#include <string>

#include "netsetup/spec.h"
#include "registry/model.h"

/// What the options of a network mean for the kernel. Pure.
namespace nsr::daemon {

/// Name of the bridge of a network: as the user wants, else nsr0 for the default network, else br-<id12>.
std::string bridge_name(const registry::Network& network);

/// How a family of a bridge network meets the outside (docker-behaviour N-45).
net::GatewayMode gateway_mode_of(const registry::Network& network, Family family);

/// As the option com.docker.network.driver.mtu says; absent or 0: whatever the kernel gives.
std::optional<std::uint32_t> mtu_of(const registry::Network& network);

net::BridgeSpec bridge_of(const registry::Network& network);

/// The veth pair of an endpoint that has its addresses; with published ports it needs `hairpin`.
net::InterfaceSpec interface_of(const registry::Network& network, const registry::Endpoint& endpoint, bool hairpin);

/// Whether a network has the family if its creator does not say (N-45): as the option com.docker.network.enable_ipv4 or
/// enable_ipv6 says, else IPv4 alone.
bool wants_family(const registry::StringMap& options, Family family);

/// Where ports without a host address are published: as the user wants, else at 0.0.0.0, which is everywhere.
IpAddress host_binding_of(const registry::Network& network);

/// "eth", or as the option com.docker.network.container_iface_prefix says.
std::string interface_prefix(const registry::Network& network);

inline bool has_bridge(const registry::Network& network) { return network.driver == "bridge"; }

/// Whether the containers' links stand on a parent link of the host.
inline bool has_parent(const registry::Network& network) {
    return network.driver == "macvlan" || network.driver == "ipvlan";
}

/// Whether endpoints on the network have a link (not on host and none).
inline bool has_links(const registry::Network& network) { return has_bridge(network) || has_parent(network); }

/// The parent of a macvlan or ipvlan network: as the user wants, else a dummy link dm-<id12> (docker-behaviour M-15).
net::ParentSpec parent_of(const registry::Network& network);

/// How the links of a macvlan or ipvlan network stand on it.
net::UpperLink upper_of(const registry::Network& network);

inline constexpr const char* kBridgeNameOption = "com.docker.network.bridge.name";
inline constexpr const char* kParentOption = "parent";
inline constexpr const char* kInterfaceNameOption = "com.docker.network.endpoint.ifname";

}  // namespace nsr::daemon
