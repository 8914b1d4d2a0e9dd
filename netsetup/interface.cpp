#include "netsetup/interface.h"

#include <algorithm>
#include <cerrno>
#include <optional>

#include "common/ids.h"
#include "common/undo.h"
#include "netsetup/netlink/address.h"
#include "netsetup/netlink/link.h"
#include "netsetup/netlink/route.h"
#include "netsetup/sysctl.h"

namespace nsr::net {
namespace {

using netlink::Link;

/// net/bridge/br_private.h: BR_MAX_PORTS is 1 << 10, and number 0 is not used.
constexpr int kBridgePorts = 1023;

std::unexpected<Error> refuse_veth(const InterfaceSpec& spec, const netlink::Refusal& refusal) {
    if (refusal.number == EXFULL) {
        return fail(Errc::conflict, "bridge '" + spec.bridge + "' is full: a Linux bridge has at most " +
                                        std::to_string(kBridgePorts) + " ports");
    }
    return netlink::refuse("add veth pair '" + spec.host_name + "' with '" + spec.name + "'", refusal);
}

/// Whether the two are the ends of one pair. Indexes are of two namespaces, but the kernel gives each end the other's.
bool is_pair(const Link& host_end, const Link& inside) {
    return inside.kind == "veth" && host_end.peer == inside.index && inside.peer == host_end.index;
}

bool is_right(const InterfaceSpec& spec, const Link& bridge, const Link& host_end, const Link& inside) {
    const bool host_right = host_end.group == kLinkGroup && host_end.master == bridge.index && host_end.up;
    return host_right && is_pair(host_end, inside) && inside.mac == spec.mac;
}

/// Deletes our own host end that is not what it should be (and with it the other one).
Result<> delete_wrong(netlink::Socket& host, const Link& link) {
    if (link.group != kLinkGroup && link.group != kDyingLinkGroup) {
        return fail(Errc::conflict, "link '" + link.name + "' exists on this host and is not ours");
    }
    const auto deleted = netlink::delete_link(host, link.index);
    if (!deleted && deleted.error().number != ENODEV)
        return netlink::refuse("delete link '" + link.name + "'", deleted.error());
    return {};
}

/// Of a pair that is right but for it, in place: connections go on.
Result<> mend_mtu(netlink::Socket& socket, const Link& link, std::uint32_t mtu) {
    if (link.mtu == mtu) return {};
    const auto changed = netlink::change_link(socket, link.index, {.mtu = mtu});
    if (!changed) return netlink::refuse("set the MTU of '" + link.name + "'", changed.error());
    return {};
}

/// What stands in the way of a new pair: our own remains are cleared; true if the pair that is there is right already.
Result<bool> settle_existing(netlink::Socket& host, netlink::Socket& inside, const InterfaceSpec& spec,
                             const Link& bridge) {
    const auto host_end = netlink::find_link(host, spec.host_name);
    if (!host_end) return fail(host_end.error());
    const auto inside_end = netlink::find_link(inside, spec.name);
    if (!inside_end) return fail(inside_end.error());
    if (*host_end && *inside_end && is_right(spec, bridge, **host_end, **inside_end)) {
        const auto mtu = spec.mtu.value_or(bridge.mtu);
        if (auto set = mend_mtu(host, **host_end, mtu); !set) return fail(set.error());
        if (auto set = mend_mtu(inside, **inside_end, mtu); !set) return fail(set.error());
        return true;
    }

    const bool belongs_together = *host_end && *inside_end && is_pair(**host_end, **inside_end);
    if (*inside_end && !belongs_together) {
        return fail(Errc::conflict, "interface '" + spec.name + "' exists already in the container's namespace");
    }
    if (*host_end) {
        if (auto deleted = delete_wrong(host, **host_end); !deleted) return fail(deleted.error());
    }
    return false;
}

/// An interface with an IPv6 address has IPv6 on, whatever the namespace's default; others are left as they are.
Result<> allow_v6(const InterfaceSpec& spec, const NetNs& sandbox) {
    const auto is_v6 = [](const IpPrefix& address) { return address.family() == Family::v6; };
    if (!std::ranges::any_of(spec.addresses, is_v6)) return {};
    return sandbox.call([&spec]() -> Result<> {
        const auto conf = SysctlDirectory::open("ipv6/conf/" + spec.name);
        if (!conf) return fail(conf.error());
        // Addresses are ours to give: no autoconfiguration, and no second of tentative link-local address.
        if (auto set = conf->write("accept_dad", "0"); !set) return set;
        if (auto set = conf->write("accept_ra", "0"); !set) return set;
        return conf->write("disable_ipv6", "0");
    });
}

/// Makes the pair unless it is there; whether it was made.
Result<bool> ensure_pair(netlink::Socket& host, netlink::Socket& inside, const InterfaceSpec& spec,
                         const NetNs& sandbox) {
    const auto bridge = netlink::find_link(host, spec.bridge);
    if (!bridge) return fail(bridge.error());
    if (!*bridge) return fail(Errc::not_found, "bridge '" + spec.bridge + "' does not exist");
    if ((*bridge)->group != kLinkGroup || (*bridge)->kind != "bridge") {
        return fail(Errc::conflict, "link '" + spec.bridge + "' exists on this host and is not ours");
    }

    const netlink::NewVeth pair{.name = spec.host_name,
                                .group = kLinkGroup,
                                .master = (*bridge)->index,
                                .mtu = spec.mtu ? spec.mtu : (*bridge)->mtu,
                                .peer_name = spec.name,
                                .peer_mac = spec.mac,
                                .peer_namespace = sandbox.fd()};
    // Asking for the pair at once and looking only when something is in the way saves the usual case two requests.
    auto added = netlink::add_veth(host, pair);
    if (added) return true;
    if (added.error().number != EEXIST) return refuse_veth(spec, added.error());
    const auto right = settle_existing(host, inside, spec, **bridge);
    if (!right) return fail(right.error());
    if (*right) return false;
    added = netlink::add_veth(host, pair);
    if (!added) return refuse_veth(spec, added.error());
    return true;
}

/// Set before anything inside is up, so that no packet slips past the isolation of a network without icc.
Result<> ensure_port_flags(netlink::Socket& host, const InterfaceSpec& spec, bool made) {
    const netlink::PortFlags wanted{.hairpin = spec.hairpin, .isolated = spec.isolated};
    if (made && wanted == netlink::PortFlags{}) return {};
    const auto link = netlink::find_link(host, spec.host_name);
    if (!link) return fail(link.error());
    if (!*link) return fail(Errc::system, "link '" + spec.host_name + "' vanished while it was being made");
    if ((*link)->port == wanted) return {};
    const auto set = netlink::set_port_flags(host, (*link)->index, wanted);
    if (!set) return netlink::refuse("set the bridge port '" + spec.host_name + "'", set.error());
    return {};
}

/// A port of a bridge needs no IPv6 of its own, and it must never have any: with a link-local address each port has
/// four routes on the host, all of which the kernel looks through whenever one comes up.
Result<> raise_port(netlink::Socket& host, const std::optional<SysctlDirectory>& host_conf6,
                    const InterfaceSpec& spec) {
    if (host_conf6) {
        const auto set = host_conf6->write(spec.host_name + "/disable_ipv6", "1");
        // With an MTU that is too small for IPv6 there is no such setting.
        if (!set && set.error().code() != Errc::not_found) return set;
    }
    const auto raised = netlink::raise_link(host, spec.host_name);
    if (!raised) return netlink::refuse("set '" + spec.host_name + "' up", raised.error());
    return {};
}

}  // namespace

Result<> raise_inside(netlink::Socket& inside, const InterfaceSpec& spec, const NetNs& sandbox, bool made) {
    const auto end = netlink::find_link(inside, spec.name);
    if (!end) return fail(end.error());
    if (!*end) return fail(Errc::system, "interface '" + spec.name + "' vanished while it was being made");
    if (auto allowed = allow_v6(spec, sandbox); !allowed) return fail(allowed.error(), "IPv6 on '" + spec.name + "'");
    if (!(*end)->up) {
        const auto raised = netlink::change_link(inside, (*end)->index, {.up = true});
        if (!raised && raised.error().number == EADDRINUSE && spec.upper) {
            return fail(Errc::conflict, "MAC address '" + spec.mac.text() + "' is in use on parent interface '" +
                                            spec.upper->parent + "' already");
        }
        if (!raised) return netlink::refuse("set '" + spec.name + "' up", raised.error());
    }
    // What else the container has there is its own.
    auto added = netlink::add_addresses(inside, (*end)->index, spec.name, spec.addresses, made);
    if (!added || made) return added;
    return netlink::ensure_connected_routes(inside, (*end)->index, spec.name, spec.addresses);
}

Result<> ensure_interface(netlink::Socket& host, const std::optional<SysctlDirectory>& host_conf6,
                          netlink::Socket& inside, const InterfaceSpec& spec, const NetNs& sandbox) {
    const auto made = ensure_pair(host, inside, spec, sandbox);
    if (!made) return fail(made.error());

    Undo undo;
    if (*made) {
        undo.add([&host, &spec] {
            if (const auto link = netlink::find_link(host, spec.host_name); link && *link) {
                (void)netlink::delete_link(host, (*link)->index);
            }
        });
        if (auto raised = raise_port(host, host_conf6, spec); !raised) return raised;
    }
    if (auto set = ensure_port_flags(host, spec, *made); !set) return set;
    if (auto raised = raise_inside(inside, spec, sandbox, *made); !raised) return raised;
    undo.commit();
    return {};
}

namespace {

/// Inside, the name and the addresses are free at once: the kernel deletes the link itself only later.
Result<> put_aside(const Link& host_end, const std::string& name, const NetNs& sandbox) {
    auto inside = netlink::Socket::open_in(sandbox);
    if (!inside) return fail(inside.error());
    const auto end = netlink::find_link(*inside, name);
    if (!end) return fail(end.error());
    if (!*end || !is_pair(host_end, **end)) return {};
    const auto down = netlink::change_link(*inside, (*end)->index, {.up = false});
    if (!down) return netlink::refuse("set '" + name + "' down", down.error());
    const auto renamed = netlink::change_link(*inside, (*end)->index, {.name = "gone" + random_hex(7)});
    if (!renamed) return netlink::refuse("rename '" + name + "'", renamed.error());
    return {};
}

/// What the inside end sends its pair receives.
Removal dying_end(const Link& host_end) {
    return {.dying = true, .traffic = host_end.received == 0 ? Traffic::none : Traffic::some};
}

/// Our host end, if there is one that lives.
Result<std::optional<Link>> find_living(netlink::Socket& host, const std::string& name) {
    auto link = netlink::find_link(host, name, true);
    if (!link || !*link || (*link)->group == kLinkGroup) return link;
    if ((*link)->group == kDyingLinkGroup) return std::nullopt;
    return fail(Errc::conflict, "link '" + name + "' exists on this host and is not ours");
}

Result<Removal> leave_bridge(netlink::Socket& host, const Link& host_end, const std::string& name,
                             const NetNs& sandbox) {
    const auto changed =
        netlink::change_link(host, host_end.index, {.group = kDyingLinkGroup, .master = 0, .up = false});
    if (!changed && changed.error().number == ENODEV) return Removal{};
    if (!changed) return netlink::refuse("take '" + host_end.name + "' out of its bridge", changed.error());
    if (auto aside = put_aside(host_end, name, sandbox); !aside) return fail(aside.error());
    return dying_end(host_end);
}

}  // namespace

Result<Removal> remove_interface(netlink::Socket& host, const std::string& host_name, const std::string& name,
                                 const NetNs& sandbox) {
    const auto link = find_living(host, host_name);
    if (!link) return fail(link.error());
    return *link ? leave_bridge(host, **link, name, sandbox) : Result<Removal>();
}

Result<Removal> abandon_interface(netlink::Socket& host, const std::string& host_name, const std::string& name,
                                  const NetNs& sandbox) {
    const auto link = find_living(host, host_name);
    if (!link) return fail(link.error());
    if (!*link) return Removal{};
    // In this order: with any change of the link the kernel looks at its carrier, and opens a closed port again.
    const auto changed = netlink::change_link(host, (*link)->index, {.group = kDyingLinkGroup});
    if (!changed && changed.error().number == ENODEV) return Removal{};
    if (changed && netlink::close_port(host, (*link)->index)) return dying_end(**link);
    return leave_bridge(host, **link, name, sandbox);
}

}  // namespace nsr::net
