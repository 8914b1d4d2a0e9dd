#include "netsetup/sweep.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include "netsetup/netlink/link.h"
#include "netsetup/spec.h"

namespace nsr::net {
namespace {

using netlink::Link;

/// What we put into the dying group. Anything else in it (a person's mistake) must not be deleted with the group.
bool could_be_ours(const Link& link) {
    return link.kind == "veth" || link.kind == "bridge" || link.kind == "vlan" || link.kind == "dummy";
}

/// Moves what nobody wants into the dying group; how many.
Result<unsigned> condemn(netlink::Socket& host, std::vector<Link>& links, const std::set<std::string>& wanted) {
    unsigned count = 0;
    for (Link& link : links) {
        if (link.group != kLinkGroup || wanted.contains(link.name)) continue;
        const auto changed =
            netlink::change_link(host, link.index, {.group = kDyingLinkGroup, .master = 0, .up = false});
        if (!changed && changed.error().number == ENODEV) continue;
        if (!changed) return netlink::refuse("take leftover link '" + link.name + "' down", changed.error());
        link.group = kDyingLinkGroup;
        ++count;
    }
    return count;
}

Result<> delete_one_by_one(netlink::Socket& host, const std::vector<Link>& dying) {
    for (const Link& link : dying) {
        if (!could_be_ours(link)) continue;
        const auto deleted = netlink::delete_link(host, link.index);
        if (!deleted && deleted.error().number != ENODEV)
            return netlink::refuse("delete '" + link.name + "'", deleted.error());
    }
    return {};
}

Result<> delete_dying(netlink::Socket& host, const std::vector<Link>& links) {
    std::vector<Link> dying;
    std::ranges::copy_if(links, std::back_inserter(dying),
                         [](const Link& link) { return link.group == kDyingLinkGroup; });
    if (dying.empty()) return {};
    if (!std::ranges::all_of(dying, could_be_ours)) return delete_one_by_one(host, dying);
    const auto deleted = netlink::delete_group(host, kDyingLinkGroup);
    if (!deleted && deleted.error().number != ENODEV) return netlink::refuse("delete the dying links", deleted.error());
    return {};
}

}  // namespace

Result<> sweep_dying(netlink::Socket& host) {
    const auto links = netlink::list_links(host);
    if (!links) return fail(links.error());
    return delete_dying(host, *links);
}

Result<unsigned> sweep(netlink::Socket& host, const std::set<std::string>& wanted) {
    auto links = netlink::list_links(host);
    if (!links) return fail(links.error());
    const auto count = condemn(host, *links, wanted);
    if (!count) return fail(count.error());
    if (auto deleted = delete_dying(host, *links); !deleted) return fail(deleted.error());
    return *count;
}

}  // namespace nsr::net
