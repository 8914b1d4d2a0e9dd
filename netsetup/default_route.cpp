#include "netsetup/default_route.h"

#include <algorithm>
#include <set>

#include "netsetup/netlink/link.h"

namespace nsr::net {
namespace {

using netlink::Route;

/// The indexes of our interfaces that are there.
Result<std::set<int>> own_links(netlink::Socket& sandbox, const SandboxRoutes& routes) {
    const auto links = netlink::list_links(sandbox);
    if (!links) return fail(links.error());
    std::set<int> own;
    for (const netlink::Link& link : *links) {
        const bool listed = std::ranges::find(routes.interfaces, link.name) != routes.interfaces.end();
        if (listed || link.name == routes.interface4 || link.name == routes.interface6) own.insert(link.index);
    }
    return own;
}

Result<int> index_of(netlink::Socket& sandbox, const std::string& name) {
    const auto link = netlink::find_link(sandbox, name);
    if (!link) return fail(link.error());
    return *link ? (*link)->index : 0;
}

}  // namespace

WantedRoute wanted_route(const SandboxRoutes& routes, Family family) {
    if (family == Family::v4) return {family, routes.gateway4, routes.interface4};
    return {family, routes.gateway6, routes.interface6};
}

Result<DefaultRoutes> survey_default_routes(netlink::Socket& sandbox, const WantedRoute& wanted,
                                            const SandboxRoutes& routes, bool fresh) {
    DefaultRoutes found;
    if (wanted.gateway) {
        const auto index = index_of(sandbox, wanted.interface);
        if (!index) return fail(index.error());
        found.link = *index;
    }
    if (fresh) return found;
    auto present = netlink::list_routes(sandbox, wanted.family);
    if (!present) return fail(present.error());
    std::erase_if(*present, [](const Route& route) { return route.destination.length() != 0; });
    const std::uint32_t metric = netlink::usual_metric(wanted.family);
    std::vector<Route> others;
    for (const Route& route : *present) {
        const bool is_wanted = wanted.gateway && netlink::leads_by(route, *wanted.gateway) && route.link == found.link;
        if (is_wanted && route.metric == metric)
            found.present = true;
        else
            others.push_back(route);
    }
    if (others.empty()) return found;
    const auto own = own_links(sandbox, routes);
    if (!own) return fail(own.error());
    bool slot_taken = false;
    for (const Route& route : others) {
        const bool usual = route.metric == metric;
        const bool is_own = own->contains(route.link);
        if (usual && is_own) found.wrong.push_back(route);
        slot_taken = slot_taken || (usual && !is_own);
    }
    // Whose default route has been ours so far keeps having ours.
    const bool had_ours = found.present || !found.wrong.empty();
    found.barred = !found.present && (slot_taken || (routes.owned_by_others && !had_ours));
    return found;
}

}  // namespace nsr::net
