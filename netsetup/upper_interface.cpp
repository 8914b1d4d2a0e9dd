#include "netsetup/upper_interface.h"

#include <cerrno>
#include <charconv>

#include "common/undo.h"
#include "netsetup/announce.h"
#include "netsetup/interface.h"
#include "netsetup/netlink/link.h"
#include "netsetup/netlink/upper_link.h"
#include "netsetup/upper_parent.h"

namespace nsr::net {
namespace {

using netlink::Link;

struct Kind {
    const char* name;
    const char* config;  ///< of the kernel
};

constexpr Kind kMacvlan{"macvlan", "CONFIG_MACVLAN"};
constexpr Kind kIpvlan{"ipvlan", "CONFIG_IPVLAN"};
constexpr Kind kVlan{"vlan", "CONFIG_VLAN_8021Q"};
constexpr Kind kDummy{"dummy", "CONFIG_DUMMY"};

std::unexpected<Error> refuse(const std::string& what, const Kind& kind, const netlink::Refusal& refusal) {
    if (refusal.number != EOPNOTSUPP) return netlink::refuse(what, refusal);
    return fail(Errc::unsupported,
                what + ": the kernel does not support " + kind.name + " links (" + kind.config + ")");
}

/// The id of "eth0.10"; what is wrong in Docker's words (docker-behaviour M-13, M-14).
Result<std::uint16_t> vlan_id_of(const std::string& name, std::size_t dot) {
    const char* const end = name.data() + name.size();
    unsigned id = 0;
    const auto [parsed, error] = std::from_chars(name.data() + dot + 1, end, id);
    if (error != std::errc{} || parsed != end) {
        return fail(Errc::invalid,
                    "unable to parse a valid vlan id from: " + name.substr(dot + 1) + " (ex. eth0.10 for vlan 10)");
    }
    if (id < 1 || id > 4094) {
        return fail(Errc::invalid, "vlan id must be between 1-4094, received: " + std::to_string(id));
    }
    return static_cast<std::uint16_t>(id);
}

Result<> add_vlan(netlink::Socket& host, const std::string& name) {
    const std::size_t dot = name.rfind('.');
    if (dot == std::string::npos) {
        return fail(Errc::invalid, "invalid subinterface vlan name " + name + ", example formatting is eth0.10");
    }
    const auto id = vlan_id_of(name, dot);
    if (!id) return fail(id.error());
    const std::string base = name.substr(0, dot);
    const auto parent = netlink::find_link(host, base);
    if (!parent) return fail(parent.error());
    if (!*parent) return fail(Errc::invalid, "-o parent interface was not found on the host: " + base);
    const auto added =
        netlink::add_vlan(host, {.name = name, .group = kLinkGroup, .parent = (*parent)->index, .id = *id});
    if (!added) return refuse("failed to create " + name + " vlan link", kVlan, added.error());
    return {};
}

/// The group alone does not say what a link of ours was made for.
bool is_made_parent(const Link& link) {
    return link.group == kLinkGroup && (link.kind == kVlan.name || link.kind == kDummy.name);
}

/// A bridge of ours or the cable of a container.
bool is_of_a_network(const Link& link) {
    return (link.group == kLinkGroup || link.group == kDyingLinkGroup) && !is_made_parent(link);
}

bool is_upper(const Link& link) { return link.kind == kMacvlan.name || link.kind == kIpvlan.name; }

Result<Link> parent_of(netlink::Socket& host, const UpperLink& upper) {
    const auto parent = netlink::find_link(host, upper.parent);
    if (!parent) return fail(parent.error());
    if (!*parent) return fail(Errc::not_found, "-o parent interface was not found on the host: " + upper.parent);
    return **parent;
}

/// True if the link that is wanted is there; what of ours is there instead is deleted.
Result<bool> settle_existing(netlink::Socket& inside, const InterfaceSpec& spec, const Link& parent) {
    const auto found = netlink::find_link(inside, spec.name);
    if (!found) return fail(found.error());
    if (!*found) return false;
    const Link& link = **found;
    if (!is_upper(link) || link.group != kLinkGroup) {
        return fail(Errc::conflict, "interface '" + spec.name + "' exists already in the container's namespace");
    }
    const bool mac_right = spec.upper->has_parents_mac() || link.mac == spec.mac;
    const bool mtu_right = !spec.mtu || link.mtu == *spec.mtu;
    if (link.kind == spec.upper->kind && link.peer == parent.index && mac_right && mtu_right) return true;
    const auto deleted = netlink::delete_link(inside, link.index);
    if (!deleted) return netlink::refuse("delete link '" + spec.name + "'", deleted.error());
    return false;
}

Result<> add_upper(netlink::Socket& host, const InterfaceSpec& spec, const Link& parent, const NetNs& sandbox) {
    const bool is_ipvlan = spec.upper->kind == kIpvlan.name;
    const auto added =
        netlink::add_upper_link(host, {.kind = spec.upper->kind,
                                       .name = spec.name,
                                       .group = kLinkGroup,
                                       .parent = parent.index,
                                       .mode = spec.upper->mode,
                                       .flag = spec.upper->flag,
                                       .mac = spec.upper->has_parents_mac() ? std::nullopt : std::optional(spec.mac),
                                       .mtu = spec.mtu,
                                       .target_namespace = sandbox.fd()});
    if (added) return {};
    const std::string what =
        "failed to create the " + spec.upper->kind + " link '" + spec.name + "' on '" + parent.name + "'";
    if (added.error().number == EOPNOTSUPP) return refuse(what, is_ipvlan ? kIpvlan : kMacvlan, added.error());
    return fail(explain_refusal(host, spec, parent, added.error()), what);
}

}  // namespace

Result<> ensure_parent(netlink::Socket& host, const ParentSpec& spec) {
    const auto present = netlink::find_link(host, spec.name);
    if (!present) return fail(present.error());
    if (*present && is_of_a_network(**present)) {
        return fail(Errc::conflict, "link '" + spec.name + "' belongs to a network of ours and cannot be a parent");
    }
    if (*present) return {};
    if (!spec.dummy) return add_vlan(host, spec.name);
    const auto added = netlink::add_dummy(host, spec.name, kLinkGroup);
    if (!added) return refuse("failed to create " + spec.name + " dummy link", kDummy, added.error());
    return {};
}

Result<MacAddress> mac_of_parent(netlink::Socket& host, const UpperLink& upper) {
    const auto parent = parent_of(host, upper);
    if (!parent) return fail(parent.error());
    return parent->mac;
}

Result<> check_parent(netlink::Socket& host, const UpperLink& upper, std::optional<std::uint32_t> mtu) {
    const auto parent = parent_of(host, upper);
    if (!parent) return fail(parent.error());
    return check_parent(host, *parent, mtu);
}

Result<> remove_parent(netlink::Socket& host, const std::string& name) {
    const auto link = netlink::find_link(host, name);
    if (!link) return fail(link.error());
    if (!*link || !is_made_parent(**link)) return {};
    const auto deleted = netlink::delete_link(host, (*link)->index);
    if (!deleted && deleted.error().number != ENODEV)
        return netlink::refuse("delete link '" + name + "'", deleted.error());
    return {};
}

Result<> ensure_upper_interface(netlink::Socket& host, const InterfaceSpec& spec, const NetNs& sandbox) {
    auto inside = netlink::Socket::open_in(sandbox);
    if (!inside) return fail(inside.error());
    const auto parent = parent_of(host, *spec.upper);
    if (!parent) return fail(parent.error());
    const auto there = settle_existing(*inside, spec, *parent);
    if (!there) return fail(there.error());
    Undo undo;
    if (!*there) {
        if (auto added = add_upper(host, spec, *parent, sandbox); !added) return added;
        undo.add([&] { (void)remove_upper_interface(spec.name, sandbox); });
    }
    if (auto raised = raise_inside(*inside, spec, sandbox, false); !raised) return raised;
    undo.commit();
    if (*there) return {};
    return sandbox.call([&]() -> Result<> {
        announce_upper(*inside, spec);
        return {};
    });
}

Result<> remove_upper_interface(const std::string& name, const NetNs& sandbox) {
    auto inside = netlink::Socket::open_in(sandbox);
    if (!inside) return fail(inside.error());
    const auto link = netlink::find_link(*inside, name);
    if (!link) return fail(link.error());
    if (!*link || !is_upper(**link) || (*link)->group != kLinkGroup) return {};
    const auto deleted = netlink::delete_link(*inside, (*link)->index);
    if (!deleted && deleted.error().number != ENODEV)
        return netlink::refuse("delete link '" + name + "'", deleted.error());
    return {};
}

Result<> sweep_upper_interfaces(const NetNs& sandbox, const std::set<std::string>& wanted) {
    auto inside = netlink::Socket::open_in(sandbox);
    if (!inside) return fail(inside.error());
    const auto links = netlink::list_links(*inside);
    if (!links) return fail(links.error());
    for (const Link& link : *links) {
        if (!is_upper(link) || link.group != kLinkGroup || wanted.contains(link.name)) continue;
        const auto deleted = netlink::delete_link(*inside, link.index);
        if (!deleted) return netlink::refuse("delete link '" + link.name + "'", deleted.error());
    }
    return {};
}

}  // namespace nsr::net
