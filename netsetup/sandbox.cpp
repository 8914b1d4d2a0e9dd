#include "netsetup/sandbox.h"

#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "netsetup/netlink/link.h"
#include "netsetup/netlink/route.h"
#include "netsetup/sysctl.h"

namespace nsr::net {
namespace {

constexpr int kLoopback = 1;  // index of lo in every namespace (LOOPBACK_IFINDEX)

/// docker-behaviour N-44: unprivileged programs may bind low ports and ping; IPv6 is off except where an interface has
/// an IPv6 address, but lo has ::1.
constexpr std::array<std::pair<const char*, const char*>, 2> kSysctls4{{
    {"ipv4/ip_unprivileged_port_start", "0"},
    {"ipv4/ping_group_range", "0 2147483647"},
}};
constexpr std::array<std::pair<const char*, const char*>, 2> kSysctls6{{
    {"ipv6/conf/all/disable_ipv6", "1"},  // sets "default" as well
    {"ipv6/conf/lo/disable_ipv6", "0"},
}};

Result<> set_all(const NewSysctls& present, const auto& sysctls) {
    for (const auto& [name, value] : sysctls) {
        if (auto set = present.write(name, value); !set) return set;
    }
    return {};
}

Result<> set_sysctls() {
    const auto present = NewSysctls::open();
    if (!present) return fail(present.error());
    if (auto set = set_all(*present, kSysctls4); !set) return set;
    if (!present->has("ipv6")) return {};
    return set_all(*present, kSysctls6);
}

/// The default route of one family: through `gateway` on `interface`, or none at all.
Result<> set_default_route(netlink::Socket& socket, Family family, const std::optional<IpAddress>& gateway,
                           const std::string& interface, bool fresh) {
    if (fresh && !gateway) return {};
    const auto link =
        gateway ? netlink::find_link(socket, interface) : Result<std::optional<netlink::Link>>(std::nullopt);
    if (!link) return fail(link.error());
    if (gateway && !*link)
        return fail(Errc::not_found, "interface '" + interface + "' does not exist in the container's namespace");

    const auto routes =
        fresh ? Result<std::vector<netlink::Route>>(std::in_place) : netlink::list_routes(socket, family);
    if (!routes) return fail(routes.error());
    bool present = false;
    for (const netlink::Route& route : *routes) {
        if (route.destination.length() != 0) continue;
        if (gateway && netlink::leads_by(route, *gateway) && route.link == (*link)->index) {
            present = true;
            continue;
        }
        const auto deleted = netlink::delete_default_route(socket, route);
        if (!deleted && deleted.error().number != ESRCH)
            return netlink::refuse("delete the default route", deleted.error());
    }
    if (!gateway || present) return {};
    const auto added = netlink::replace_default_route(socket, *gateway, (*link)->index);
    if (!added)
        return netlink::refuse("default route via '" + gateway->text() + "' on '" + interface + "'", added.error());
    return {};
}

}  // namespace

Result<> set_sandbox_sysctls(const NetNs& sandbox) {
    if (auto set = sandbox.call(set_sysctls); !set) return fail(set.error(), "set the sysctls of the namespace");
    return {};
}

Result<> ensure_loopback(netlink::Socket& inside) {
    const auto raised = netlink::change_link(inside, kLoopback, {.up = true});
    if (!raised) return netlink::refuse("set 'lo' up", raised.error());
    return {};
}

Result<> set_default_routes(netlink::Socket& inside, const SandboxRoutes& routes, bool fresh) {
    if (auto set = set_default_route(inside, Family::v4, routes.gateway4, routes.interface4, fresh); !set) return set;
    return set_default_route(inside, Family::v6, routes.gateway6, routes.interface6, fresh);
}

}  // namespace nsr::net
