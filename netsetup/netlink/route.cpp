#include "netsetup/netlink/route.h"

#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>

namespace nsr::net::netlink {
namespace {

IpAddress unspecified(Family family) {
    constexpr std::array<std::uint8_t, 16> kZero{};
    return family == Family::v4 ? IpAddress() : IpAddress::v6(kZero);
}

rtmsg header_of(Family family) {
    rtmsg header{};
    header.rtm_family = number_of(family);
    return header;
}

/// A default route through a gateway, as `ip route` would write it.
rtmsg default_header(Family family) {
    rtmsg header = header_of(family);
    header.rtm_table = RT_TABLE_MAIN;
    header.rtm_protocol = RTPROT_BOOT;
    header.rtm_scope = RT_SCOPE_UNIVERSE;
    header.rtm_type = RTN_UNICAST;
    return header;
}

void collect(nlmsghdr* message, Family family, unsigned char type, std::vector<Route>& routes) {
    if (message->nlmsg_type != RTM_NEWROUTE) return;
    const auto& header = *static_cast<const rtmsg*>(nlmsg_data(message));
    const bool plain = header.rtm_family == number_of(family) && header.rtm_type == type &&
                       header.rtm_table == RT_TABLE_MAIN && (header.rtm_flags & RTM_F_CLONED) == 0;
    if (!plain) return;
    std::array<nlattr*, RTA_MAX + 1> attributes{};
    nlmsg_parse(message, sizeof header, attributes.data(), RTA_MAX, nullptr);

    Route route;
    route.destination = IpPrefix(address_in(attributes[RTA_DST]).value_or(unspecified(family)), header.rtm_dst_len);
    route.gateway = address_in(attributes[RTA_GATEWAY]);
    route.link = attributes[RTA_OIF] == nullptr ? 0 : static_cast<int>(nla_get_u32(attributes[RTA_OIF]));
    route.metric = attributes[RTA_PRIORITY] == nullptr ? 0 : nla_get_u32(attributes[RTA_PRIORITY]);
    // IPv6 has no scopes: what is on-link has no gateway.
    route.scope_link = family == Family::v4 ? header.rtm_scope == RT_SCOPE_LINK
                                            : !route.gateway && attributes[RTA_MULTIPATH] == nullptr;
    route.advertised = header.rtm_protocol == RTPROT_RA;
    routes.push_back(route);
}

Result<std::vector<Route>> list_routes(Socket& socket, Family family, unsigned char type) {
    return socket.dump<Route>(
        "list the routes",
        [family, type] {
            rtmsg header = header_of(family);
            header.rtm_type = type;  // the kernel leaves out the others, three for each address (Linux 4.20)
            return Message(RTM_GETROUTE, NLM_F_DUMP, header);
        },
        [family, type](nlmsghdr* answer, std::vector<Route>& routes) { collect(answer, family, type, routes); });
}

/// As the kernel makes it together with an address.
Reply add_connected_route(Socket& socket, const IpPrefix& address, int link) {
    constexpr std::uint32_t kConnected6 = 256;  // include/net/ip6_route.h: IP6_RT_PRIO_ADDRCONF
    const IpPrefix subnet = address.network();
    rtmsg header = default_header(address.family());
    header.rtm_protocol = RTPROT_KERNEL;
    header.rtm_scope = RT_SCOPE_LINK;
    header.rtm_dst_len = static_cast<std::uint8_t>(subnet.length());
    Message message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_APPEND, header);
    message.put(RTA_DST, subnet.address());
    message.put(RTA_OIF, static_cast<std::uint32_t>(link));
    if (address.family() == Family::v4)
        message.put(RTA_PREFSRC, address.address());
    else
        message.put(RTA_PRIORITY, kConnected6);
    return socket.exchange(std::move(message));
}

}  // namespace

Result<std::vector<Route>> list_routes(Socket& socket, Family family) {
    return list_routes(socket, family, RTN_UNICAST);
}

Result<std::vector<IpPrefix>> list_sinks(Socket& socket, Family family) {
    std::vector<IpPrefix> sinks;
    for (const unsigned char type : {RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_PROHIBIT}) {
        const auto routes = list_routes(socket, family, type);
        if (!routes) return fail(routes.error());
        std::ranges::transform(*routes, std::back_inserter(sinks), &Route::destination);
    }
    return sinks;
}

Result<std::vector<IpPrefix>> without_connected_route(Socket& socket, int link,
                                                      const std::vector<IpPrefix>& addresses) {
    std::vector<IpPrefix> missing;
    for (const Family family : {Family::v4, Family::v6}) {
        std::vector<IpPrefix> wanted;
        std::ranges::copy_if(addresses, std::back_inserter(wanted), [family](const IpPrefix& address) {
            return address.family() == family && address.host_bits() > 0;
        });
        if (wanted.empty()) continue;
        const auto routes = list_routes(socket, family);
        if (!routes) return fail(routes.error());
        for (const IpPrefix& address : wanted) {
            const bool connected = std::ranges::any_of(*routes, [&](const Route& route) {
                return route.link == link && !route.gateway && route.destination == address.network();
            });
            if (!connected) missing.push_back(address);
        }
    }
    return missing;
}

Result<> ensure_connected_routes(Socket& socket, int link, const std::string& name,
                                 const std::vector<IpPrefix>& addresses) {
    const auto missing = without_connected_route(socket, link, addresses);
    if (!missing) return fail(missing.error());
    for (const IpPrefix& address : *missing) {
        const Reply added = add_connected_route(socket, address, link);
        if (!added && added.error().number != EEXIST) {
            return refuse("route to " + address.network().text() + " on '" + name + "'", added.error());
        }
    }
    return {};
}

bool leads_by(const Route& route, const IpAddress& gateway) {
    return route.gateway ? route.gateway == gateway : gateway.is_unspecified();
}

std::uint32_t usual_metric(Family family) {
    constexpr std::uint32_t kUsual6 = 1024;  // include/net/ip6_route.h: IP6_RT_PRIO_USER
    return family == Family::v4 ? 0 : kUsual6;
}

Reply add_default_route(Socket& socket, const IpAddress& gateway, int link) {
    rtmsg header = default_header(gateway.family());
    const bool by_link = gateway.is_unspecified();
    if (by_link && gateway.is_v4()) header.rtm_scope = RT_SCOPE_LINK;
    Message message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, header);
    if (!by_link) message.put(RTA_GATEWAY, gateway);
    message.put(RTA_OIF, static_cast<std::uint32_t>(link));
    return socket.exchange(std::move(message));
}

Reply delete_default_route(Socket& socket, const Route& route) {
    rtmsg header = default_header(route.destination.family());
    header.rtm_protocol = RTPROT_UNSPEC;
    header.rtm_scope = RT_SCOPE_NOWHERE;
    Message message(RTM_DELROUTE, 0, header);
    if (route.gateway) message.put(RTA_GATEWAY, *route.gateway);
    if (route.link != 0) message.put(RTA_OIF, static_cast<std::uint32_t>(route.link));
    if (route.metric != 0) message.put(RTA_PRIORITY, route.metric);
    return socket.exchange(std::move(message));
}

}  // namespace nsr::net::netlink
