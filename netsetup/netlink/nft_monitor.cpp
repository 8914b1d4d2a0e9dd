#include "netsetup/netlink/nft_monitor.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace nsr::net::netlink {
namespace {

/// Room for the events of a large change of somebody's; more than that is reported as lost.
constexpr int kReceiveBuffer = 1 << 20;
/// The kernel makes no event longer (NLMSG_GOODSIZE).
constexpr std::size_t kMessageBuffer = 1 << 15;
/// linux/netfilter/nf_tables.h: every object but the generation has its table's name as attribute number 1.
constexpr int kTableAttribute = NFTA_TABLE_NAME;
static_assert(kTableAttribute == NFTA_RULE_TABLE && kTableAttribute == NFTA_CHAIN_TABLE &&
              kTableAttribute == NFTA_SET_TABLE && kTableAttribute == NFTA_SET_ELEM_LIST_TABLE &&
              kTableAttribute == NFTA_OBJ_TABLE);

Result<UniqueFd> listen() {
    UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER));
    if (!fd) return fail_errno("open a socket for changes of nftables");
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = 1U << (NFNLGRP_NFTABLES - 1);
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        return fail_errno("listen to changes of nftables");
    }
    // Root gets what it asks for, others the system's maximum.
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer) != 0) {
        ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
    }
    return fd;
}

}  // namespace

Result<NftMonitor> NftMonitor::open_in(const NetNs& netns, std::string table) {
    auto fd = netns.call(listen);
    if (!fd) return fail(fd.error());
    return NftMonitor(std::move(*fd), std::move(table));
}

TableEvents NftMonitor::read() {
    TableEvents events;
    alignas(nlmsghdr) std::array<std::uint8_t, kMessageBuffer> buffer;
    for (;;) {
        const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_TRUNC);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0 && errno == ENOBUFS) {
            events.lost = true;
            continue;
        }
        if (size <= 0) return events;
        if (static_cast<std::size_t>(size) > buffer.size()) {
            events.lost = true;
            continue;
        }
        count(buffer.data(), static_cast<std::size_t>(size), events);
    }
}

void NftMonitor::count(const void* data, std::size_t size, TableEvents& events) {
    auto* header = static_cast<nlmsghdr*>(const_cast<void*>(data));
    for (int left = static_cast<int>(size); nlmsg_ok(header, left); header = nlmsg_next(header, &left)) {
        if (NFNL_SUBSYS_ID(header->nlmsg_type) != NFNL_SUBSYS_NFTABLES) continue;
        if (NFNL_MSG_TYPE(header->nlmsg_type) == NFT_MSG_NEWGEN) {
            (touched_ ? events.transactions : events.others) += 1;
            touched_ = false;
            continue;
        }
        nlattr* const name = nlmsg_find_attr(header, sizeof(nfgenmsg), kTableAttribute);
        touched_ = touched_ || (name != nullptr && table_ == nla_get_string(name));
    }
}

}  // namespace nsr::net::netlink
