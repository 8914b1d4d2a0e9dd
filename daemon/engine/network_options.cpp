#include "daemon/engine/network_options.h"

#include "common/ids.h"
#include "daemon/engine/order.h"
#include "registry/validate.h"

namespace nsr::daemon {
namespace {

constexpr const char* kMtuOption = "com.docker.network.driver.mtu";
constexpr const char* kIccOption = "com.docker.network.bridge.enable_icc";
constexpr const char* kMasqueradeOption = "com.docker.network.bridge.enable_ip_masquerade";
constexpr const char* kInterfacePrefixOption = "com.docker.network.container_iface_prefix";
constexpr const char* kHostBindingOption = "com.docker.network.bridge.host_binding_ipv4";
constexpr const char* kGatewayModeOption4 = "com.docker.network.bridge.gateway_mode_ipv4";
constexpr const char* kGatewayModeOption6 = "com.docker.network.bridge.gateway_mode_ipv6";
constexpr const char* kEnableOption4 = "com.docker.network.enable_ipv4";
constexpr const char* kEnableOption6 = "com.docker.network.enable_ipv6";
constexpr const char* kDefaultBridge = "nsr0";
constexpr const char* kDefaultInterfacePrefix = "eth";

std::string text_option(const registry::Network& network, const std::string& key, const std::string& otherwise) {
    const auto option = network.options.find(key);
    return option == network.options.end() || option->second.empty() ? otherwise : option->second;
}

}  // namespace

std::optional<std::uint32_t> mtu_of(const registry::Network& network) {
    const auto mtu = registry::number_option(network.options, kMtuOption);
    return mtu && *mtu > 0 ? mtu : std::nullopt;
}

std::string bridge_name(const registry::Network& network) {
    const auto option = network.options.find(kBridgeNameOption);
    if (option != network.options.end() && !option->second.empty()) return option->second;
    if (network.name == registry::kBridgeNetwork) return kDefaultBridge;
    return "br-" + std::string(short_id(network.id));
}

bool wants_family(const registry::StringMap& options, Family family) {
    const bool v4 = family == Family::v4;
    return registry::bool_option(options, v4 ? kEnableOption4 : kEnableOption6).value_or(v4);
}

net::GatewayMode gateway_mode_of(const registry::Network& network, Family family) {
    const std::string mode = text_option(network, family == Family::v4 ? kGatewayModeOption4 : kGatewayModeOption6, "");
    if (mode == "routed") return net::GatewayMode::routed;
    return mode == "isolated" ? net::GatewayMode::isolated : net::GatewayMode::nat;
}

net::BridgeSpec bridge_of(const registry::Network& network) {
    net::BridgeSpec bridge;
    bridge.network_id = network.id;
    bridge.name = bridge_name(network);
    bridge.mtu = mtu_of(network);
    bridge.internal = network.internal;
    bridge.mode4 = gateway_mode_of(network, Family::v4);
    bridge.mode6 = gateway_mode_of(network, Family::v6);
    bridge.icc = registry::bool_option(network.options, kIccOption).value_or(true);
    bridge.masquerade = registry::bool_option(network.options, kMasqueradeOption).value_or(true) && !network.internal;
    for (const auto& config : network.ipam) {
        bridge.subnets.push_back(config.subnet);
        const bool isolated = gateway_mode_of(network, config.subnet.family()) == net::GatewayMode::isolated;
        if (config.gateway && !isolated) bridge.addresses.emplace_back(*config.gateway, config.subnet.length());
    }
    return bridge;
}

net::ParentSpec parent_of(const registry::Network& network) {
    const std::string parent = text_option(network, kParentOption, "");
    if (!parent.empty()) return {.name = parent};
    return {.name = "dm-" + std::string(short_id(network.id)), .dummy = true};
}

net::UpperLink upper_of(const registry::Network& network) {
    const bool is_macvlan = network.driver == "macvlan";
    return {.kind = network.driver,
            .parent = parent_of(network).name,
            .mode = text_option(network, network.driver + "_mode", is_macvlan ? "bridge" : "l2"),
            .flag = text_option(network, "ipvlan_flag", "bridge")};
}

net::InterfaceSpec interface_of(const registry::Network& network, const registry::Endpoint& endpoint, bool hairpin) {
    net::InterfaceSpec interface;
    interface.endpoint_id = endpoint.id;
    if (has_parent(network)) {
        interface.upper = upper_of(network);
    } else {
        interface.bridge = bridge_name(network);
        interface.host_name = endpoint.host_interface;
    }
    interface.name = endpoint.interface;
    interface.mac = endpoint.mac.value_or(MacAddress());
    interface.mtu = mtu_of(network);
    interface.hairpin = hairpin;
    interface.isolated = !registry::bool_option(network.options, kIccOption).value_or(true);
    for (const auto& address : {endpoint.ipv4, endpoint.ipv6}) {
        if (!address) continue;
        if (const auto* config = subnet_of(network, *address)) {
            interface.addresses.emplace_back(*address, config->subnet.length());
        }
    }
    return interface;
}

IpAddress host_binding_of(const registry::Network& network) {
    const auto option = network.options.find(kHostBindingOption);
    return option == network.options.end() ? IpAddress() : IpAddress::parse(option->second).value_or(IpAddress());
}

std::string interface_prefix(const registry::Network& network) {
    const auto option = network.options.find(kInterfacePrefixOption);
    return option == network.options.end() || option->second.empty() ? kDefaultInterfacePrefix : option->second;
}

}  // namespace nsr::daemon
