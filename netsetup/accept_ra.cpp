#include "netsetup/accept_ra.h"

#include <algorithm>

#include "common/log.h"
#include "netsetup/netlink/link.h"
#include "netsetup/netlink/route.h"
#include "netsetup/sysctl.h"

namespace nsr::net {
namespace {

std::string conf_of(const std::string& link) { return "net/ipv6/conf/" + link + "/"; }

/// Whether the kernel listens as long as it does not forward.
bool listens_as_host(const std::string& link) { return get_sysctl(conf_of(link) + "accept_ra") == "1"; }

}  // namespace

Result<> keep_accepting_ra(const std::set<std::string>& links) {
    for (const std::string& link : links) {
        // A link that forwards by itself is a router's already: the kernel does not listen there.
        if (!listens_as_host(link) || get_sysctl(conf_of(link) + "forwarding") != "0") continue;
        if (auto set = set_sysctl(conf_of(link) + "accept_ra", "2"); !set) return set;
        spdlog::info("event=accept_ra_kept link={}", log::quoted(link));
    }
    return {};
}

Finding examine_accept_ra(netlink::Socket& host) {
    constexpr const char* kCheck = "router advertisements";
    const auto links = netlink::list_links(host);
    if (!links) return {kCheck, false, links.error().message(), ""};
    const auto routes = netlink::list_routes(host, Family::v6);
    if (!routes) return {kCheck, false, routes.error().message(), ""};
    for (const auto& route : *routes) {
        if (route.destination.length() != 0 || !route.advertised) continue;
        const auto link = std::ranges::find(*links, route.link, &netlink::Link::index);
        if (link == links->end() || !listens_as_host(link->name)) continue;
        return {kCheck, false,
                "the default route by '" + link->name +
                    "' comes from router advertisements, which a host that forwards takes only with accept_ra 2",
                "sysctl -w net.ipv6.conf." + link->name + ".accept_ra=2"};
    }
    return {kCheck, true, "no default route comes from them that will not be renewed", ""};
}

}  // namespace nsr::net
