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

constexpr const char* kLoopback = "lo";

/// docker-behaviour N-44: unprivileged programs may bind low ports and ping; IPv6 is off except where an interface has
/// an IPv6 address, but lo has ::1.
constexpr std::array<std::pair<const char*, const char*>, 2> kSysctls4{{
    {"net/ipv4/ip_unprivileged_port_start", "0"},
    {"net/ipv4/ping_group_range", "0 2147483647"},
}};
constexpr std::array<std::pair<const char*, const char*>, 2> kSysctls6{{
    {"net/ipv6/conf/all/disable_ipv6", "1"},  // sets "default" as well
    {"net/ipv6/conf/lo/disable_ipv6", "0"},
}};

Result<> set_all(const auto& sysctls) {
    for (const auto& [name, value] : sysctls) {
        if (auto set = write_sysctl(name, value); !set) return set;
    }
    return {};
}

Result<> set_sysctls() {
    if (auto set = set_all(kSysctls4); !set) return set;
    if (!has_sysctl("net/ipv6")) return {};
    return set_all(kSysctls6);
}

Result<> raise_loopback(netlink::Socket& socket) {
    const auto link = netlink::find_link(socket, kLoopback);
    if (!link) return fail(link.error());
    if (!*link) return fail(Errc::system, "the namespace has no loopback interface 'lo'");
    if ((*link)->up) return {};
    const auto raised = netlink::change_link(socket, (*link)->index, {.up = true});
    if (!raised) return netlink::refuse("set 'lo' up", raised.error());
    return {};
}

/// The default route of one family: through `gateway` on `interface`, or none at all.
Result<> set_default_route(netlink::Socket& socket, Family family, const std::optional<IpAddress>& gateway,
                           const std::string& interface) {
    const auto link =
        gateway ? netlink::find_link(socket, interface) : Result<std::optional<netlink::Link>>(std::nullopt);
    if (!link) return fail(link.error());
    if (gateway && !*link)
        return fail(Errc::not_found, "interface '" + interface + "' does not exist in the container's namespace");

    const auto routes = netlink::list_routes(socket, family);
    if (!routes) return fail(routes.error());
    bool present = false;
    for (const netlink::Route& route : *routes) {
        if (route.destination.length() != 0) continue;
        if (gateway && route.gateway == gateway && route.link == (*link)->index) {
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

Result<> prepare_sandbox(const NetNs& sandbox) {
    if (auto set = sandbox.call(set_sysctls); !set) return fail(set.error(), "set the sysctls of the namespace");
    return ensure_loopback(sandbox);
}

Result<> ensure_loopback(const NetNs& sandbox) {
    auto socket = netlink::Socket::open_in(sandbox);
    if (!socket) return fail(socket.error());
    return raise_loopback(*socket);
}

Result<> set_default_routes(const NetNs& sandbox, const SandboxRoutes& routes) {
    auto socket = netlink::Socket::open_in(sandbox);
    if (!socket) return fail(socket.error());
    if (auto set = set_default_route(*socket, Family::v4, routes.gateway4, routes.interface4); !set) return set;
    return set_default_route(*socket, Family::v6, routes.gateway6, routes.interface6);
}

}  // namespace nsr::net
