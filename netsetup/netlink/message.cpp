#include "netsetup/netlink/message.h"

#include <netlink/attr.h>
#include <sys/socket.h>

#include <new>

namespace nsr::net::netlink {

Message::Message(std::uint16_t type, int flags) : message_(nlmsg_alloc_simple(type, flags)) {
    if (!message_) throw std::bad_alloc();
}

std::span<const std::uint8_t> Message::bytes() const {
    const nlmsghdr* const header = nlmsg_hdr(message_.get());
    return {reinterpret_cast<const std::uint8_t*>(header), header->nlmsg_len};
}

void Message::append(const void* data, std::size_t size) {
    // libnl takes the data as void*, and only reads it.
    whole_ = nlmsg_append(message_.get(), const_cast<void*>(data), size, NLMSG_ALIGNTO) == 0 && whole_;
}

void Message::put_data(int attribute, const void* data, std::size_t size) {
    whole_ = nla_put(message_.get(), attribute, static_cast<int>(size), data) == 0 && whole_;
}

nlattr* Message::begin(int attribute) {
    nlattr* const start = nla_nest_start(message_.get(), attribute);
    whole_ = start != nullptr && whole_;
    return start;
}

void Message::end(nlattr* start) {
    if (start != nullptr) nla_nest_end_keep_empty(message_.get(), start);
}

std::optional<IpAddress> address_in(nlattr* attribute) {
    if (attribute == nullptr) return std::nullopt;
    const auto* const bytes = static_cast<const std::uint8_t*>(nla_data(attribute));
    if (nla_len(attribute) == 4) return IpAddress::v4(std::span<const std::uint8_t, 4>(bytes, 4));
    if (nla_len(attribute) == 16) return IpAddress::v6(std::span<const std::uint8_t, 16>(bytes, 16));
    return std::nullopt;
}

std::uint8_t number_of(Family family) { return family == Family::v4 ? AF_INET : AF_INET6; }

}  // namespace nsr::net::netlink
