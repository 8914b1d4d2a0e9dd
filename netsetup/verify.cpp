#include "netsetup/verify.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "netsetup/bridge.h"
#include "netsetup/default_route.h"
#include "netsetup/netlink/address.h"
#include "netsetup/netlink/link.h"
#include "netsetup/netlink/route.h"
#include "netsetup/sysctl.h"

namespace nsr::net {
namespace {

using netlink::Link;
using Differences = std::vector<std::string>;

void compare_mtu(const std::optional<std::uint32_t>& wanted, const Link& link, Differences& differences) {
    if (!wanted || link.mtu == *wanted) return;
    differences.push_back("link '" + link.name + "' has the MTU " + std::to_string(link.mtu) + ", not " +
                          std::to_string(*wanted));
}

void compare_up(const Link& link, Differences& differences) {
    if (!link.up) differences.push_back("link '" + link.name + "' is down");
}

bool among(const std::vector<IpPrefix>& list, const IpPrefix& one) {
    return std::ranges::find(list, one) != list.end();
}

/// Of the addresses that are there; a link that is down has no routes.
Result<> compare_connected(netlink::Socket& socket, const Link& link, const std::vector<IpPrefix>& present,
                           const std::vector<IpPrefix>& wanted, Differences& differences) {
    if (!link.up) return {};
    std::vector<IpPrefix> addresses;
    std::ranges::copy_if(wanted, std::back_inserter(addresses),
                         [&present](const IpPrefix& each) { return among(present, each); });
    const auto missing = netlink::without_connected_route(socket, link.index, addresses);
    if (!missing) return fail(missing.error());
    for (const IpPrefix& address : *missing) {
        differences.push_back("the route to " + address.network().text() + " on '" + link.name + "' is missing");
    }
    return {};
}

/// Of mode isolated: a link-local address is one, too.
void compare_isolation(const BridgeSpec& spec, Differences& differences) {
    if (spec.mode6 != GatewayMode::isolated) return;
    if (get_sysctl("net/ipv6/conf/" + spec.name + "/disable_ipv6") != "0") return;
    differences.push_back("bridge '" + spec.name + "' has IPv6, from which its network is isolated");
}

void compare_missing(const Link& link, const std::vector<IpPrefix>& present, const std::vector<IpPrefix>& wanted,
                     Differences& differences) {
    for (const IpPrefix& address : wanted) {
        if (among(present, address)) continue;
        differences.push_back("link '" + link.name + "' lacks the address " + address.text());
    }
}

Result<> compare_addresses(netlink::Socket& socket, const Link& link, const std::vector<IpPrefix>& wanted,
                           Differences& differences) {
    const auto present = netlink::list_addresses(socket, link.index);
    if (!present) return fail(present.error());
    compare_missing(link, *present, wanted, differences);
    for (const IpPrefix& address : *present) {
        const bool kernels_own = address.family() == Family::v6 && address.address().is_link_local();
        if (kernels_own || among(wanted, address)) continue;
        differences.push_back("link '" + link.name + "' has the address " + address.text() + ", which is not ours");
    }
    return compare_connected(socket, link, *present, wanted, differences);
}

/// What the kernel forgets with a bridge, and what others turn off. In the host's namespace.
void compare_settings(const BridgeSpec& spec, Differences& differences) {
    std::vector<std::string> wanted{"net/ipv4/ip_forward"};
    if (has_v6(spec)) wanted.push_back("net/ipv6/conf/all/forwarding");
    if (needs_route_localnet(spec)) wanted.push_back("net/ipv4/conf/" + spec.name + "/route_localnet");
    for (const std::string& name : wanted) {
        if (get_sysctl(name) == "0") differences.push_back("the setting " + name + " is 0");
    }
}

/// That of the bridge where the network says nothing.
std::optional<std::uint32_t> mtu_of(const InterfaceSpec& spec, const std::optional<Link>& bridge) {
    return spec.mtu || !bridge ? spec.mtu : std::optional(bridge->mtu);
}

void compare_host_end(const InterfaceSpec& spec, const std::optional<Link>& bridge, const Link& link,
                      Differences& differences) {
    if (link.group != kLinkGroup) differences.push_back("link '" + link.name + "' is not ours");
    compare_up(link, differences);
    compare_mtu(mtu_of(spec, bridge), link, differences);
    if (bridge && link.master != bridge->index) {
        differences.push_back("link '" + link.name + "' is not in bridge '" + spec.bridge + "'");
    }
    if (link.port != netlink::PortFlags{.hairpin = spec.hairpin, .isolated = spec.isolated}) {
        differences.push_back("the bridge port '" + link.name + "' has other settings");
    }
}

Result<> compare_inside(netlink::Socket& inside, const InterfaceSpec& spec, const std::optional<Link>& bridge,
                        const std::optional<Link>& host_end, Differences& differences) {
    const auto link = netlink::find_link(inside, spec.name);
    if (!link) return fail(link.error());
    if (!*link) {
        differences.push_back("interface '" + spec.name + "' is missing in the container's namespace");
        return {};
    }
    if (host_end && ((*link)->peer != host_end->index || host_end->peer != (*link)->index)) {
        differences.push_back("interface '" + spec.name + "' is not the other end of '" + spec.host_name + "'");
    }
    const bool mac_is_parents = spec.upper && spec.upper->has_parents_mac();
    if (!mac_is_parents && (*link)->mac != spec.mac) {
        differences.push_back("interface '" + spec.name + "' has the MAC " + (*link)->mac.text() + ", not " +
                              spec.mac.text());
    }
    compare_up(**link, differences);
    compare_mtu(mtu_of(spec, bridge), **link, differences);
    const auto present = netlink::list_addresses(inside, (*link)->index);
    if (!present) return fail(present.error());
    // What else the container has there is its own.
    compare_missing(**link, *present, spec.addresses, differences);
    return compare_connected(inside, **link, *present, spec.addresses, differences);
}

Result<> compare_loopback(netlink::Socket& inside, Differences& differences) {
    const auto loopback = netlink::find_link(inside, "lo");
    if (!loopback) return fail(loopback.error());
    if (*loopback) compare_up(**loopback, differences);
    return {};
}

Result<> compare_default_route(netlink::Socket& socket, const WantedRoute& wanted, const SandboxRoutes& routes,
                               Differences& differences) {
    const auto found = survey_default_routes(socket, wanted, routes);
    if (!found) return fail(found.error());
    for (const auto& route : found->wrong) {
        differences.push_back("there is a default route" +
                              (route.gateway ? " via " + route.gateway->text() : std::string()) +
                              " that is not ours in the container's namespace");
    }
    if (wanted.gateway && !found->present && !found->barred) {
        differences.push_back("the default route via " + wanted.gateway->text() + " on '" + wanted.interface +
                              "' is missing in the container's namespace");
    }
    return {};
}

}  // namespace

Result<Differences> verify_bridge(netlink::Socket& host, const BridgeSpec& spec) {
    const auto link = netlink::find_link(host, spec.name);
    if (!link) return fail(link.error());
    if (!*link) return Differences{"link '" + spec.name + "' is missing"};
    if ((*link)->group != kLinkGroup || (*link)->kind != "bridge") {
        return Differences{"link '" + spec.name + "' is not ours"};
    }
    Differences differences;
    compare_up(**link, differences);
    compare_mtu(wanted_mtu(spec, (*link)->mtu), **link, differences);
    compare_isolation(spec, differences);
    compare_settings(spec, differences);
    if (auto compared = compare_addresses(host, **link, spec.addresses, differences); !compared) {
        return fail(compared.error());
    }
    return differences;
}

Result<Differences> verify_interface(netlink::Socket& host, const InterfaceSpec& spec, const NetNs& sandbox) {
    auto inside = netlink::Socket::open_in(sandbox);
    if (!inside) return fail(inside.error());
    Differences differences;
    if (auto compared = compare_loopback(*inside, differences); !compared) return fail(compared.error());
    if (spec.upper) {
        if (auto compared = compare_inside(*inside, spec, {}, {}, differences); !compared)
            return fail(compared.error());
        return differences;
    }
    const auto bridge = netlink::find_link(host, spec.bridge);
    if (!bridge) return fail(bridge.error());
    const auto host_end = netlink::find_link(host, spec.host_name);
    if (!host_end) return fail(host_end.error());
    if (*host_end)
        compare_host_end(spec, *bridge, **host_end, differences);
    else
        differences.push_back("link '" + spec.host_name + "' is missing");
    if (auto compared = compare_inside(*inside, spec, *bridge, *host_end, differences); !compared) {
        return fail(compared.error());
    }
    return differences;
}

Result<Differences> verify_default_routes(const NetNs& sandbox, const SandboxRoutes& routes) {
    auto socket = netlink::Socket::open_in(sandbox);
    if (!socket) return fail(socket.error());
    Differences differences;
    for (const Family family : {Family::v4, Family::v6}) {
        auto compared = compare_default_route(*socket, wanted_route(routes, family), routes, differences);
        if (!compared) return fail(compared.error());
    }
    return differences;
}

}  // namespace nsr::net
