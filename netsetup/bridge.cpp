#include "netsetup/bridge.h"

#include <algorithm>
#include <cerrno>
#include <optional>

#include "common/undo.h"
#include "netsetup/netlink/address.h"
#include "netsetup/netlink/link.h"
#include "netsetup/netlink/route.h"
#include "netsetup/sysctl.h"

namespace nsr::net {
namespace {

constexpr std::uint32_t kUsualMtu = 1500;
constexpr std::uint32_t kMinimumMtu6 = 1280;  // RFC 8200 section 5

std::unexpected<Error> foreign(const std::string& name) {
    return fail(Errc::conflict, "link '" + name + "' exists on this host and is not ours");
}

/// A bridge that is there gets what it lacks.
Result<netlink::Link> mend(netlink::Socket& host, const BridgeSpec& spec, netlink::Link link) {
    if (link.group != kLinkGroup || link.kind != "bridge") return foreign(spec.name);
    netlink::LinkChange change;
    if (!link.up) change.up = true;
    if (const auto mtu = wanted_mtu(spec, link.mtu); mtu != link.mtu) change.mtu = mtu;
    if (!change.up && !change.mtu) return link;
    const auto changed = netlink::change_link(host, link.index, change);
    if (!changed) return netlink::refuse("change bridge '" + spec.name + "'", changed.error());
    return link;
}

/// The MTU of the link behind the host's default route: packets of containers leave by it.
std::uint32_t inherited_mtu(netlink::Socket& host) {
    for (const Family family : {Family::v4, Family::v6}) {
        const auto routes = netlink::list_routes(host, family);
        if (!routes) return kUsualMtu;
        const auto way_out =
            std::ranges::find_if(*routes, [](const auto& route) { return route.destination.length() == 0; });
        if (way_out == routes->end()) continue;
        const auto link = netlink::find_link(host, way_out->link);
        return link && *link ? (*link)->mtu : kUsualMtu;
    }
    return kUsualMtu;
}

Result<netlink::Link> add(netlink::Socket& host, const BridgeSpec& spec) {
    const std::uint32_t mtu = wanted_mtu(spec, spec.mtu ? *spec.mtu : inherited_mtu(host));
    // A bridge whose MTU was never changed takes that of its ports (net/bridge/br_device.c: BROPT_MTU_SET_BY_USER).
    // Until it has the right one it is among those that a crash leaves to be deleted.
    const std::uint32_t another = mtu > kMinimumMtu6 ? mtu - 1 : mtu + 1;
    const auto added = netlink::add_bridge(
        host, {.name = spec.name, .group = kDyingLinkGroup, .mac = bridge_mac(spec.network_id), .mtu = another});
    if (!added) return netlink::refuse("add bridge '" + spec.name + "'", added.error());
    auto link = netlink::find_link(host, spec.name);
    if (!link) return fail(link.error());
    if (!*link) return fail(Errc::system, "bridge '" + spec.name + "' vanished while it was being made");
    if (const auto changed = netlink::change_link(host, (*link)->index, {.group = kLinkGroup, .mtu = mtu}); !changed) {
        (void)netlink::delete_link(host, (*link)->index);
        return netlink::refuse("set the MTU of bridge '" + spec.name + "'", changed.error());
    }
    return **link;
}

/// What a kernel without IPv6 needs not be told.
Result<> set_if_there(const std::string& setting, std::string_view value) {
    return has_sysctl(setting) ? set_sysctl(setting, value) : Result<>();
}

/// The host is a router and no host on this link: it takes no address and no route from anybody's advertisements. The
/// kernel gives a link-local address to every link; where the network is isolated, containers are not to reach the host
/// by that either.
Result<> guard_v6(const BridgeSpec& spec) {
    const std::string conf = "net/ipv6/conf/" + spec.name + "/";
    if (auto set = set_if_there(conf + "accept_ra", "0"); !set) return set;
    return spec.mode6 == GatewayMode::isolated ? set_if_there(conf + "disable_ipv6", "1") : Result<>();
}

Result<> set_v6(const std::string& bridge) {
    const std::string conf = "net/ipv6/conf/" + bridge + "/";
    if (!has_sysctl("net/ipv6/conf/all/disable_ipv6")) {
        return fail(Errc::unsupported,
                    "IPv6 on bridge '" + bridge + "': the kernel does not support IPv6 here (CONFIG_IPV6)");
    }
    if (auto set = set_sysctl(conf + "disable_ipv6", "0"); !set) return fail(set.error(), "IPv6 on '" + bridge + "'");
    return set_sysctl(conf + "accept_dad", "0");
}

}  // namespace

bool has_v6(const BridgeSpec& spec) {
    return std::ranges::any_of(spec.addresses, [](const IpPrefix& address) { return address.family() == Family::v6; });
}

std::uint32_t wanted_mtu(const BridgeSpec& spec, std::uint32_t present) {
    if (spec.mtu) return *spec.mtu;
    return has_v6(spec) ? std::max(present, kMinimumMtu6) : present;
}

MacAddress bridge_mac(const std::string& network_id) {
    // FNV-1a: the ids of networks are random already, those of the predefined ones need not be.
    std::uint32_t hash = 2166136261U;
    for (const char character : network_id) hash = (hash ^ static_cast<unsigned char>(character)) * 16777619U;
    return MacAddress::from_v4(IpAddress::v4(hash));
}

namespace {

/// The link that has the bridge's name, if any. Of ours that was about to go, or was never finished, nothing is left.
Result<std::optional<netlink::Link>> find_present(netlink::Socket& host, const std::string& name) {
    auto present = netlink::find_link(host, name);
    if (!present || !*present || (*present)->group != kDyingLinkGroup || (*present)->kind != "bridge") return present;
    const auto deleted = netlink::delete_link(host, (*present)->index);
    if (!deleted && deleted.error().number != ENODEV) {
        return netlink::refuse("delete bridge '" + name + "'", deleted.error());
    }
    return std::nullopt;
}

}  // namespace

Result<> ensure_bridge(netlink::Socket& host, const BridgeSpec& spec) {
    auto present = find_present(host, spec.name);
    if (!present) return fail(present.error());

    Undo undo;
    auto link = *present ? mend(host, spec, **present) : add(host, spec);
    if (!link) return fail(link.error());
    if (!*present) undo.add([&host, index = link->index] { (void)netlink::delete_link(host, index); });

    if (auto set = guard_v6(spec); !set) return set;
    if (has_v6(spec)) {
        if (auto set = set_v6(spec.name); !set) return set;
    }
    if (auto set = netlink::ensure_addresses(host, link->index, spec.name, spec.addresses); !set) return set;
    if (*present) {
        auto routed = netlink::ensure_connected_routes(host, link->index, spec.name, spec.addresses);
        if (!routed) return routed;
    }
    undo.commit();
    return {};
}

Result<> remove_bridge(netlink::Socket& host, const std::string& name) {
    const auto link = netlink::find_link(host, name);
    if (!link) return fail(link.error());
    if (!*link) return {};
    const bool unfinished = (*link)->group == kDyingLinkGroup && (*link)->kind == "bridge";
    if ((*link)->group != kLinkGroup && !unfinished) return foreign(name);
    const auto deleted = netlink::delete_link(host, (*link)->index);
    if (!deleted && deleted.error().number != ENODEV)
        return netlink::refuse("delete bridge '" + name + "'", deleted.error());
    return {};
}

}  // namespace nsr::net
