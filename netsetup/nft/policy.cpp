#include "netsetup/nft/policy.h"

#include <fmt/format.h>

#include <string_view>

namespace nsr::net {
namespace {

std::string quoted(const std::string& interface) { return "\"" + interface + "\""; }

/// "masquerade" -> "masquerade4"
std::string of_family(std::string_view name, Family family) {
    return fmt::format("{}{}", name, family == Family::v4 ? '4' : '6');
}

GatewayMode mode_of(const BridgeSpec& bridge, Family family) {
    return family == Family::v4 ? bridge.mode4 : bridge.mode6;
}

std::string_view name_of(registry::Protocol protocol) {
    switch (protocol) {
        case registry::Protocol::tcp:
            return "tcp";
        case registry::Protocol::udp:
            return "udp";
        case registry::Protocol::sctp:
            return "sctp";
    }
    return "tcp";
}

void add_subnet(HostPolicy& policy, const BridgeSpec& bridge, const IpPrefix& subnet) {
    const Family family = subnet.family();
    const std::string text = subnet.network().text();
    policy[of_family("hairpin", family)].insert(text + " . " + quoted(bridge.name));
    if (mode_of(bridge, family) == GatewayMode::routed) {
        policy[of_family("routed", family)].insert(text);
    } else if (bridge.masquerade) {
        policy[of_family("masquerade", family)].insert(text);
    }
}

/// In mode routed a published port is only let in, under its own number.
void open_port(HostPolicy& policy, const PublishedPort& port) {
    auto& open = policy[of_family("open", port.container.family())];
    for (unsigned step = 0; step < port.count; ++step) {
        open.insert(
            fmt::format("{} . {} . {}", port.container.text(), name_of(port.protocol), port.container_port + step));
    }
}

/// A range with equal numbers is one element that keeps the port; a shifted one has an element for every port.
void publish_port(HostPolicy& policy, const PublishedPort& port) {
    std::string map = of_family("publish", port.container.family());
    std::string key;
    if (port.host_address && !port.host_address->is_unspecified()) {
        map += "_at";
        key = port.host_address->text() + " . ";
    }
    key += std::string(name_of(port.protocol)) + " . ";
    const std::string to = port.container.text();
    if (port.count > 1 && port.host_port == port.container_port) {
        const unsigned last = port.host_port + port.count - 1U;
        policy[map + "_ranges"].insert(fmt::format("{}{}-{} : {}", key, port.host_port, last, to));
        return;
    }
    for (unsigned step = 0; step < port.count; ++step) {
        policy[map].insert(fmt::format("{}{} : {} . {}", key, port.host_port + step, to, port.container_port + step));
    }
}

/// ADDRESS . PROTOCOL . PORT[-PORT] of the host, for a set of intervals.
std::string host_side(const IpAddress& host, const PublishedPort& port) {
    const std::string address = host.is_unspecified() ? host.text() + "/0" : host.text();
    const std::string last = port.count > 1 ? fmt::format("-{}", port.host_port + port.count - 1U) : "";
    return fmt::format("{} . {} . {}{}", address, name_of(port.protocol), port.host_port, last);
}

bool is_loopback4(const IpAddress& address) { return address.is_v4() && address.bytes()[0] == 127; }

void add_port(HostPolicy& policy, const BridgeSpec& bridge, const PublishedPort& port) {
    if (port.host_address && port.host_address->family() != port.container.family()) {
        if (port.host_address->is_v6()) policy["proxied6"].insert(host_side(*port.host_address, port));
        return;
    }
    if (mode_of(bridge, port.container.family()) == GatewayMode::routed) return open_port(policy, port);
    publish_port(policy, port);
    if (!bridge.icc && port.carried) {
        const Family family = port.container.family();
        const IpAddress any = family == Family::v4 ? IpAddress() : *IpAddress::parse("::");
        policy[of_family("beside", family)].insert(quoted(bridge.name) + " . " +
                                                   host_side(port.host_address.value_or(any), port));
    }
    if (port.host_address && is_loopback4(*port.host_address)) {
        policy["loopback4"].insert(host_side(*port.host_address, port));
    }
}

}  // namespace

HostPolicy policy_of(const std::vector<BridgeSpec>& bridges) {
    HostPolicy policy;
    for (const BridgeSpec& bridge : bridges) {
        const std::string name = quoted(bridge.name);
        policy["inside"].insert(fmt::format("{0} . {0} : {1}", name, bridge.icc ? "accept" : "drop"));
        policy[bridge.internal ? "internal" : "networks"].insert(name);
        if (bridge.internal) continue;
        for (const IpPrefix& subnet : bridge.subnets) add_subnet(policy, bridge, subnet);
        for (const PublishedPort& port : bridge.published) add_port(policy, bridge, port);
    }
    return policy;
}

void keep_apart(HostPolicy& policy, const KeptApart& links) {
    for (const auto& name : links.v4) policy["apart4"].insert(quoted(name));
    for (const auto& name : links.v6) policy["apart6"].insert(quoted(name));
}

HostPolicy ports_policy_of(const std::vector<BridgeSpec>& bridges) {
    HostPolicy policy;
    for (const BridgeSpec& bridge : bridges) {
        if (bridge.internal) continue;
        for (const PublishedPort& port : bridge.published) add_port(policy, bridge, port);
    }
    return policy;
}

}  // namespace nsr::net
