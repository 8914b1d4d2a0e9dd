#include "netsetup/netlink/link.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netlink/attr.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

namespace nsr::net::netlink {
namespace {

ifinfomsg header_for(int index) {
    ifinfomsg header{};
    header.ifi_family = AF_UNSPEC;
    header.ifi_index = index;
    return header;
}

ifinfomsg header_up() {
    ifinfomsg header = header_for(0);
    header.ifi_flags = IFF_UP;
    header.ifi_change = IFF_UP;
    return header;
}

/// An attribute within a nest, or none.
nlattr* inside(nlattr* nest, int attribute) {
    return nest == nullptr ? nullptr : nla_find(static_cast<nlattr*>(nla_data(nest)), nla_len(nest), attribute);
}

std::string kind_of(nlattr* info) {
    nlattr* const kind = inside(info, IFLA_INFO_KIND);
    return kind == nullptr ? std::string() : std::string(nla_get_string(kind));
}

PortFlags port_flags_in(nlattr* info) {
    nlattr* const data = inside(info, IFLA_INFO_SLAVE_DATA);
    const auto is_on = [data](int attribute) {
        nlattr* const flag = inside(data, attribute);
        return flag != nullptr && nla_get_u8(flag) != 0;
    };
    return {.hairpin = is_on(IFLA_BRPORT_MODE), .isolated = is_on(IFLA_BRPORT_ISOLATED)};
}

int number(nlattr* attribute) { return attribute == nullptr ? 0 : static_cast<int>(nla_get_u32(attribute)); }

Link parse(nlmsghdr* message) {
    const auto& header = *static_cast<const ifinfomsg*>(nlmsg_data(message));
    std::array<nlattr*, IFLA_MAX + 1> attributes{};
    nlmsg_parse(message, sizeof header, attributes.data(), IFLA_MAX, nullptr);

    Link link;
    link.index = header.ifi_index;
    link.up = (header.ifi_flags & IFF_UP) != 0;
    if (nlattr* const name = attributes[IFLA_IFNAME]) link.name = nla_get_string(name);
    link.kind = kind_of(attributes[IFLA_LINKINFO]);
    link.port = port_flags_in(attributes[IFLA_LINKINFO]);
    link.group = static_cast<std::uint32_t>(number(attributes[IFLA_GROUP]));
    link.mtu = static_cast<std::uint32_t>(number(attributes[IFLA_MTU]));
    link.master = number(attributes[IFLA_MASTER]);
    link.peer = number(attributes[IFLA_LINK]);
    if (nlattr* const counts = attributes[IFLA_STATS64]; counts != nullptr && nla_len(counts) > 0) {
        rtnl_link_stats64 statistics{};
        nla_memcpy(&statistics, counts, sizeof statistics);
        link.received = statistics.rx_packets;
    }
    if (nlattr* const mac = attributes[IFLA_ADDRESS]; mac != nullptr && nla_len(mac) == 6) {
        std::array<std::uint8_t, 6> bytes{};
        std::copy_n(static_cast<const std::uint8_t*>(nla_data(mac)), bytes.size(), bytes.begin());
        link.mac = MacAddress(bytes);
    }
    return link;
}

}  // namespace

Message new_bridge_request(const NewBridge& bridge) {
    Message message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, header_up());
    message.put(IFLA_IFNAME, bridge.name);
    message.put(IFLA_GROUP, bridge.group);
    message.put(IFLA_ADDRESS, bridge.mac);
    if (bridge.mtu) message.put(IFLA_MTU, *bridge.mtu);
    // Snooping needs somebody who asks for members, and we make no such bridge: multicast goes to every port anyway.
    // But with every new port the kernel would set up a timer at each that there is.
    message.nest(IFLA_LINKINFO, [&] {
        message.put(IFLA_INFO_KIND, std::string("bridge"));
        message.nest(IFLA_INFO_DATA, [&] { message.put(IFLA_BR_MCAST_SNOOPING, std::uint8_t{0}); });
    });
    return message;
}

namespace {

/// What the kernel uses of a pair's queues anyway. Left to itself it makes one for each CPU and takes all but the first
/// back, for which it waits until no CPU can use them any more.
void put_one_queue(Message& message) {
    message.put(IFLA_NUM_TX_QUEUES, std::uint32_t{1});
    message.put(IFLA_NUM_RX_QUEUES, std::uint32_t{1});
}

}  // namespace

Message new_veth_request(const NewVeth& veth) {
    Message message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, header_for(0));
    message.put(IFLA_IFNAME, veth.name);
    message.put(IFLA_GROUP, veth.group);
    message.put(IFLA_MASTER, static_cast<std::uint32_t>(veth.master));
    put_one_queue(message);
    if (veth.mtu) message.put(IFLA_MTU, *veth.mtu);
    const auto put_peer = [&] {
        message.put_raw(header_for(0));
        message.put(IFLA_IFNAME, veth.peer_name);
        message.put(IFLA_ADDRESS, veth.peer_mac);
        message.put(IFLA_NET_NS_FD, static_cast<std::uint32_t>(veth.peer_namespace));
        put_one_queue(message);
        if (veth.mtu) message.put(IFLA_MTU, *veth.mtu);
    };
    message.nest(IFLA_LINKINFO, [&] {
        message.put(IFLA_INFO_KIND, std::string("veth"));
        message.nest(IFLA_INFO_DATA, [&] { message.nest(VETH_INFO_PEER, put_peer); });
    });
    return message;
}

Message change_link_request(int index, const LinkChange& change) {
    ifinfomsg header = header_for(index);
    if (change.up) {
        header.ifi_flags = *change.up ? IFF_UP : 0;
        header.ifi_change = IFF_UP;
    }
    Message message(RTM_SETLINK, 0, header);
    if (change.name) message.put(IFLA_IFNAME, *change.name);
    if (change.group) message.put(IFLA_GROUP, *change.group);
    if (change.mtu) message.put(IFLA_MTU, *change.mtu);
    if (change.master) message.put(IFLA_MASTER, static_cast<std::uint32_t>(*change.master));
    return message;
}

Message port_flags_request(int index, const PortFlags& flags) {
    Message message(RTM_NEWLINK, 0, header_for(index));
    message.nest(IFLA_LINKINFO, [&] {
        message.put(IFLA_INFO_SLAVE_KIND, std::string("bridge"));
        message.nest(IFLA_INFO_SLAVE_DATA, [&] {
            message.put(IFLA_BRPORT_MODE, static_cast<std::uint8_t>(flags.hairpin ? 1 : 0));
            message.put(IFLA_BRPORT_ISOLATED, static_cast<std::uint8_t>(flags.isolated ? 1 : 0));
        });
    });
    return message;
}

Message close_port_request(int index) {
    ifinfomsg header = header_for(index);
    header.ifi_family = AF_BRIDGE;
    Message message(RTM_SETLINK, 0, header);
    message.nest(IFLA_PROTINFO | NLA_F_NESTED, [&] {
        message.put(IFLA_BRPORT_STATE, std::uint8_t{BR_STATE_DISABLED});
        message.put(IFLA_BRPORT_FLUSH, std::span<const std::uint8_t>());
    });
    return message;
}

namespace {

Result<std::optional<Link>> find(Socket& socket, Message message, const std::string& what) {
    std::optional<Link> found;
    const Reply reply = socket.exchange(std::move(message), [&found](nlmsghdr* answer) { found = parse(answer); });
    if (!reply && reply.error().number == ENODEV) return std::nullopt;
    if (!reply) return refuse("look up link " + what, reply.error());
    return found;
}

}  // namespace

Result<std::optional<Link>> find_link(Socket& socket, const std::string& name, bool with_statistics) {
    if (name.empty() || name.size() >= IFNAMSIZ) return std::nullopt;
    Message message(RTM_GETLINK, 0, header_for(0));
    message.put(IFLA_IFNAME, name);
    if (!with_statistics) message.put(IFLA_EXT_MASK, std::uint32_t{RTEXT_FILTER_SKIP_STATS});
    return find(socket, std::move(message), "'" + name + "'");
}

Result<std::optional<Link>> find_link(Socket& socket, int index) {
    Message message(RTM_GETLINK, 0, header_for(index));
    message.put(IFLA_EXT_MASK, std::uint32_t{RTEXT_FILTER_SKIP_STATS});
    return find(socket, std::move(message), std::to_string(index));
}

Result<std::vector<Link>> list_links(Socket& socket) {
    const auto request = [] {
        Message message(RTM_GETLINK, NLM_F_DUMP, header_for(0));
        message.put(IFLA_EXT_MASK, std::uint32_t{RTEXT_FILTER_SKIP_STATS});
        return message;
    };
    return socket.dump<Link>("list the links", request, [](nlmsghdr* answer, std::vector<Link>& links) {
        if (answer->nlmsg_type == RTM_NEWLINK) links.push_back(parse(answer));
    });
}

Reply add_bridge(Socket& socket, const NewBridge& bridge) { return socket.exchange(new_bridge_request(bridge)); }

Reply add_veth(Socket& socket, const NewVeth& veth) { return socket.exchange(new_veth_request(veth)); }

Reply change_link(Socket& socket, int index, const LinkChange& change) {
    return socket.exchange(change_link_request(index, change));
}

Reply raise_link(Socket& socket, const std::string& name) {
    Message message(RTM_SETLINK, 0, header_up());
    message.put(IFLA_IFNAME, name);
    return socket.exchange(std::move(message));
}

Reply set_port_flags(Socket& socket, int index, const PortFlags& flags) {
    return socket.exchange(port_flags_request(index, flags));
}

Reply close_port(Socket& socket, int index) { return socket.exchange(close_port_request(index)); }

Reply delete_link(Socket& socket, int index) { return socket.exchange(Message(RTM_DELLINK, 0, header_for(index))); }

Reply delete_group(Socket& socket, std::uint32_t group) {
    Message message(RTM_DELLINK, 0, header_for(0));
    message.put(IFLA_GROUP, group);
    return socket.exchange(std::move(message));
}

}  // namespace nsr::net::netlink
