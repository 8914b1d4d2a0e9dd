#include "netsetup/upper_parent.h"

#include <algorithm>
#include <cerrno>
#include <string>

namespace nsr::net {
namespace {

using netlink::Link;

/// Whose ports give their frames away before an upper link sees them. A VRF does not.
bool takes_frames(const Link& master) {
    return master.kind == "bridge" || master.kind == "bond" || master.kind == "team" || master.kind == "openvswitch";
}

std::string parent_text(const Link& parent) { return "parent interface '" + parent.name + "'"; }

}  // namespace

Result<> check_parent(netlink::Socket& host, const Link& parent, std::optional<std::uint32_t> mtu) {
    if (parent.mac == MacAddress()) {
        return fail(Errc::invalid, parent_text(parent) + " is not an Ethernet interface");
    }
    if (mtu && *mtu > parent.mtu) {
        return fail(Errc::invalid, "MTU " + std::to_string(*mtu) + " is more than the " + std::to_string(parent.mtu) +
                                       " of " + parent_text(parent));
    }
    if (parent.master == 0) return {};
    const auto links = netlink::list_links(host);
    if (!links) return fail(links.error());
    const auto master = std::ranges::find(*links, parent.master, &Link::index);
    if (master == links->end() || !takes_frames(*master)) return {};
    return fail(Errc::conflict, parent_text(parent) + " is a port of " + master->kind + " '" + master->name + "'");
}

Error explain_refusal(netlink::Socket& host, const InterfaceSpec& spec, const Link& parent,
                      const netlink::Refusal& refusal) {
    if (refusal.number != EINVAL && refusal.number != EBUSY) return {Errc::system, refusal.text};
    if (auto fit = check_parent(host, parent, spec.mtu); !fit) return std::move(fit).error();
    if (refusal.number == EBUSY) {
        return {Errc::conflict, parent_text(parent) + " is in use by a bridge, a bond or links of another kind than " +
                                    spec.upper->kind};
    }
    if (spec.upper->kind != "macvlan") return {Errc::system, refusal.text};
    if (spec.upper->mode == "passthru") {
        return {Errc::conflict,
                "mode passthru has room for one link on " + parent_text(parent) + ", and there is one already"};
    }
    return {Errc::conflict, "a link in mode passthru has " + parent_text(parent) + " to itself"};
}

}  // namespace nsr::net
