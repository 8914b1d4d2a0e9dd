#include "netsetup/netlink/address.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace nsr::net::netlink {
namespace {

ifaddrmsg header_for(int link, std::uint8_t family, unsigned length) {
    ifaddrmsg header{};
    header.ifa_family = family;
    header.ifa_prefixlen = static_cast<std::uint8_t>(length);
    header.ifa_index = static_cast<std::uint32_t>(link);
    return header;
}

ifaddrmsg header_for(int link, const IpPrefix& address) {
    return header_for(link, number_of(address.family()), address.length());
}

void collect(nlmsghdr* message, int link, std::vector<IpPrefix>& addresses) {
    if (message->nlmsg_type != RTM_NEWADDR) return;
    const auto& header = *static_cast<const ifaddrmsg*>(nlmsg_data(message));
    if (link != kAnyLink && static_cast<int>(header.ifa_index) != link) return;
    std::array<nlattr*, IFA_MAX + 1> attributes{};
    nlmsg_parse(message, sizeof header, attributes.data(), IFA_MAX, nullptr);
    // IPv4 has its own address in IFA_LOCAL (IFA_ADDRESS is the other side of a point-to-point link).
    auto address = address_in(attributes[IFA_LOCAL]);
    if (!address) address = address_in(attributes[IFA_ADDRESS]);
    if (address) addresses.emplace_back(*address, header.ifa_prefixlen);
}

/// The last address of the subnet, which `ip` and Docker set too; a /31 and a /32 have none (RFC 3021).
std::optional<IpAddress> broadcast_of(const IpPrefix& address) {
    if (address.family() != Family::v4 || address.length() > 30) return std::nullopt;
    return address.last();
}

bool among(const std::vector<IpPrefix>& list, const IpPrefix& one) {
    return std::ranges::find(list, one) != list.end();
}

Result<> add_missing(Socket& socket, int link, const std::string& name, const std::vector<IpPrefix>& wanted,
                     const std::vector<IpPrefix>& present) {
    for (const IpPrefix& address : wanted) {
        if (among(present, address)) continue;
        const Reply added = add_address(socket, link, address);
        if (!added && added.error().number != EEXIST) {
            return refuse("give address '" + address.text() + "' to '" + name + "'", added.error());
        }
    }
    return {};
}

}  // namespace

Result<std::vector<IpPrefix>> list_addresses(Socket& socket, int link) {
    return socket.dump<IpPrefix>(
        "list the addresses", [link] { return Message(RTM_GETADDR, NLM_F_DUMP, header_for(link, AF_UNSPEC, 0)); },
        [link](nlmsghdr* answer, std::vector<IpPrefix>& addresses) { collect(answer, link, addresses); });
}

Reply add_address(Socket& socket, int link, const IpPrefix& address) {
    Message message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, header_for(link, address));
    message.put(IFA_LOCAL, address.address());
    message.put(IFA_ADDRESS, address.address());
    if (const auto broadcast = broadcast_of(address)) message.put(IFA_BROADCAST, *broadcast);
    if (address.family() == Family::v6) message.put(IFA_FLAGS, std::uint32_t{IFA_F_NODAD});
    return socket.exchange(std::move(message));
}

Reply delete_address(Socket& socket, int link, const IpPrefix& address) {
    Message message(RTM_DELADDR, 0, header_for(link, address));
    message.put(IFA_LOCAL, address.address());
    return socket.exchange(std::move(message));
}

Result<> ensure_addresses(Socket& socket, int link, const std::string& name, const std::vector<IpPrefix>& wanted) {
    const auto present = list_addresses(socket, link);
    if (!present) return fail(present.error());
    for (const IpPrefix& address : *present) {
        const bool kernels_own = address.family() == Family::v6 && address.address().is_link_local();
        if (among(wanted, address) || kernels_own) continue;
        const Reply deleted = delete_address(socket, link, address);
        if (!deleted && deleted.error().number != EADDRNOTAVAIL) {
            return refuse("take address '" + address.text() + "' from '" + name + "'", deleted.error());
        }
    }
    return add_missing(socket, link, name, wanted, *present);
}

Result<> add_addresses(Socket& socket, int link, const std::string& name, const std::vector<IpPrefix>& wanted,
                       bool made) {
    const auto present = made ? Result<std::vector<IpPrefix>>(std::in_place) : list_addresses(socket, link);
    if (!present) return fail(present.error());
    return add_missing(socket, link, name, wanted, *present);
}

}  // namespace nsr::net::netlink
