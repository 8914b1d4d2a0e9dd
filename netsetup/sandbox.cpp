#include "netsetup/sandbox.h"

#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "netsetup/default_route.h"
#include "netsetup/netlink/link.h"
#include "netsetup/netlink/route.h"
#include "netsetup/sysctl.h"

namespace nsr::net {
namespace {

constexpr int kLoopback = 1;  // index of lo in every namespace (LOOPBACK_IFINDEX)

/// docker-behaviour N-44: unprivileged programs may bind low ports and ping; IPv6 is off except where an interface has
/// an IPv6 address, but lo has ::1.
constexpr std::array<std::pair<const char*, const char*>, 2> kSysctls4{{
    {"ip_unprivileged_port_start", "0"},
    {"ping_group_range", "0 2147483647"},
}};
constexpr std::array<std::pair<const char*, const char*>, 2> kSysctls6{{
    {"conf/all/disable_ipv6", "1"},  // sets "default" as well
    {"conf/lo/disable_ipv6", "0"},
}};

Result<> set_all(const SysctlDirectory& present, const auto& sysctls) {
    for (const auto& [name, value] : sysctls) {
        if (auto set = present.write(name, value); !set) return set;
    }
    return {};
}

Result<> set_sysctls() {
    const auto v4 = SysctlDirectory::open("ipv4");
    if (!v4) return fail(v4.error());
    if (auto set = set_all(*v4, kSysctls4); !set) return set;
    const auto v6 = SysctlDirectory::open("ipv6");
    if (!v6 && v6.error().code() == Errc::not_found) return {};
    if (!v6) return fail(v6.error());
    return set_all(*v6, kSysctls6);
}

/// The default route of one family is the wanted one, or none of ours; false if somebody else's is in its place.
Result<bool> set_default_route(netlink::Socket& socket, const WantedRoute& wanted, const SandboxRoutes& routes,
                               bool fresh) {
    if (fresh && !wanted.gateway) return true;
    const auto found = survey_default_routes(socket, wanted, routes, fresh);
    if (!found) return fail(found.error());
    if (wanted.gateway && found->link == 0) {
        return fail(Errc::not_found,
                    "interface '" + wanted.interface + "' does not exist in the container's namespace");
    }
    for (const netlink::Route& route : found->wrong) {
        const auto deleted = netlink::delete_default_route(socket, route);
        if (!deleted && deleted.error().number != ESRCH)
            return netlink::refuse("delete the default route", deleted.error());
    }
    if (!wanted.gateway || found->present) return true;
    if (found->barred) return false;
    const auto added = netlink::add_default_route(socket, *wanted.gateway, found->link);
    if (!added && added.error().number == EEXIST) return false;
    if (!added) {
        return netlink::refuse("default route via '" + wanted.gateway->text() + "' on '" + wanted.interface + "'",
                               added.error());
    }
    return true;
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

Result<bool> set_default_routes(netlink::Socket& inside, const SandboxRoutes& routes, bool fresh) {
    Result<bool> all = true;
    for (const Family family : {Family::v4, Family::v6}) {
        auto set = set_default_route(inside, wanted_route(routes, family), routes, fresh);
        // An error of one family does not keep the other from its route.
        if (all && (!set || !*set)) all = std::move(set);
    }
    return all;
}

}  // namespace nsr::net
