#include "netsetup/netlink/upper_link.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <map>

namespace nsr::net::netlink {
namespace {

ifinfomsg header(bool up) {
    ifinfomsg header{};
    header.ifi_family = AF_UNSPEC;
    header.ifi_flags = up ? IFF_UP : 0;
    header.ifi_change = up ? IFF_UP : 0;
    return header;
}

std::uint32_t macvlan_mode(const std::string& mode) {
    static const std::map<std::string, std::uint32_t> kModes{{"private", MACVLAN_MODE_PRIVATE},
                                                             {"vepa", MACVLAN_MODE_VEPA},
                                                             {"bridge", MACVLAN_MODE_BRIDGE},
                                                             {"passthru", MACVLAN_MODE_PASSTHRU}};
    return kModes.at(mode);
}

std::uint16_t ipvlan_mode(const std::string& mode) {
    static const std::map<std::string, std::uint16_t> kModes{
        {"l2", IPVLAN_MODE_L2}, {"l3", IPVLAN_MODE_L3}, {"l3s", IPVLAN_MODE_L3S}};
    return kModes.at(mode);
}

std::uint16_t ipvlan_flags(const std::string& flag) {
    if (flag == "private") return IPVLAN_F_PRIVATE;
    return flag == "vepa" ? IPVLAN_F_VEPA : 0;
}

}  // namespace

Message new_upper_link_request(const NewUpperLink& link) {
    Message message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, header(false));
    message.put(IFLA_IFNAME, link.name);
    message.put(IFLA_GROUP, link.group);
    message.put(IFLA_LINK, static_cast<std::uint32_t>(link.parent));
    message.put(IFLA_NET_NS_FD, static_cast<std::uint32_t>(link.target_namespace));
    if (link.mac) message.put(IFLA_ADDRESS, *link.mac);
    if (link.mtu) message.put(IFLA_MTU, *link.mtu);
    message.nest(IFLA_LINKINFO, [&] {
        message.put(IFLA_INFO_KIND, link.kind);
        message.nest(IFLA_INFO_DATA, [&] {
            if (link.kind == "macvlan") {
                message.put(IFLA_MACVLAN_MODE, macvlan_mode(link.mode));
                return;
            }
            message.put(IFLA_IPVLAN_MODE, ipvlan_mode(link.mode));
            message.put(IFLA_IPVLAN_FLAGS, ipvlan_flags(link.flag));
        });
    });
    return message;
}

Message new_vlan_request(const NewVlan& vlan) {
    Message message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, header(true));
    message.put(IFLA_IFNAME, vlan.name);
    message.put(IFLA_GROUP, vlan.group);
    message.put(IFLA_LINK, static_cast<std::uint32_t>(vlan.parent));
    message.nest(IFLA_LINKINFO, [&] {
        message.put(IFLA_INFO_KIND, std::string("vlan"));
        message.nest(IFLA_INFO_DATA, [&] { message.put(IFLA_VLAN_ID, vlan.id); });
    });
    return message;
}

Message new_dummy_request(const std::string& name, std::uint32_t group) {
    Message message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, header(true));
    message.put(IFLA_IFNAME, name);
    message.put(IFLA_GROUP, group);
    message.nest(IFLA_LINKINFO, [&] { message.put(IFLA_INFO_KIND, std::string("dummy")); });
    return message;
}

Reply add_upper_link(Socket& socket, const NewUpperLink& link) { return socket.exchange(new_upper_link_request(link)); }
Reply add_vlan(Socket& socket, const NewVlan& vlan) { return socket.exchange(new_vlan_request(vlan)); }
Reply add_dummy(Socket& socket, const std::string& name, std::uint32_t group) {
    return socket.exchange(new_dummy_request(name, group));
}

}  // namespace nsr::net::netlink
