#include "resolver/forward/datagrams.h"

#include <algorithm>
#include <cstring>

namespace nsr::resolver {
namespace {

std::uint64_t receiver_of(const sockaddr_in* to) {
    return to == nullptr ? 0 : std::uint64_t{to->sin_addr.s_addr} << 16 | to->sin_port;
}

/// The first call may bring the pending ICMP error of an earlier datagram.
bool leaves(int fd, const msghdr& message) {
    for (unsigned attempt = 0; attempt < 2; ++attempt) {
        if (::sendmsg(fd, &message, MSG_DONTWAIT) >= 0) return true;
    }
    return false;
}

}  // namespace

Datagrams::Datagrams(bool merges) : merges_(merges) {
    for (auto& control : controls_) {
        cmsghdr header{};
        header.cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
        header.cmsg_level = SOL_UDP;
        header.cmsg_type = UDP_SEGMENT;
        std::memcpy(control.bytes.data(), &header, sizeof header);
    }
}

void Datagrams::add(const sockaddr_in* to, dns::Bytes bytes) {
    const std::uint64_t order = std::uint64_t{bytes.size()} << 8 | queued_;
    // sendmmsg(2) takes what it only reads as non-const.
    entries_[queued_++] = {receiver_of(to), order, to, {const_cast<std::uint8_t*>(bytes.data()), bytes.size()}};
}

unsigned Datagrams::send(int fd) {
    const unsigned messages = merges_ && queued_ >= kMergeMin ? pack_merged() : pack_apart();
    unsigned lost = 0;
    bool was_repeated = false;
    for (unsigned begin = 0; begin < messages;) {
        const int count = ::sendmmsg(fd, &messages_[begin], messages - begin, MSG_DONTWAIT);
        if (count > 0) {
            begin += static_cast<unsigned>(count);
        } else if (messages_[begin].msg_hdr.msg_iovlen > 1) {
            lost += send_apart(fd, messages_[begin++].msg_hdr);
        } else if (!is_loss(errno) && !was_repeated) {
            was_repeated = true;  // the pending ICMP error of an earlier datagram: this one has no fault
            continue;
        } else {
            ++lost;  // the others may pass
            ++begin;
        }
        was_repeated = false;
    }
    queued_ = 0;
    return lost;
}

unsigned Datagrams::pack_apart() {
    controls_used_ = 0;
    for (unsigned index = 0; index < queued_; ++index) pack(index, index, index + 1);
    return queued_;
}

unsigned Datagrams::pack_merged() {
    controls_used_ = 0;
    std::sort(entries_.begin(), entries_.begin() + queued_, [](const Entry& one, const Entry& other) {
        return one.receiver != other.receiver ? one.receiver < other.receiver : one.order < other.order;
    });
    unsigned messages = 0;
    for (unsigned begin = 0; begin < queued_;) {
        const unsigned alike = alike_from(begin);
        const unsigned step = alike >= kMergeMin ? alike : 1;
        pack(messages++, begin, begin + step);
        begin += step;
    }
    return messages;
}

/// How many in a row are of one size and to one receiver.
unsigned Datagrams::alike_from(unsigned begin) const {
    const Entry& first = entries_[begin];
    unsigned end = begin + 1;
    while (end < queued_ && entries_[end].receiver == first.receiver &&
           entries_[end].bytes.iov_len == first.bytes.iov_len) {
        ++end;
    }
    return end - begin;
}

void Datagrams::pack(unsigned message, unsigned begin, unsigned end) {
    for (unsigned index = begin; index < end; ++index) vectors_[index] = entries_[index].bytes;
    msghdr& header = messages_[message].msg_hdr;
    header = {};
    if (const sockaddr_in* to = entries_[begin].to; to != nullptr) {
        header.msg_name = const_cast<sockaddr_in*>(to);
        header.msg_namelen = sizeof *to;
    }
    header.msg_iov = &vectors_[begin];
    header.msg_iovlen = end - begin;
    if (end - begin == 1) return;
    auto& control = controls_[controls_used_++].bytes;
    const auto size = static_cast<std::uint16_t>(entries_[begin].bytes.iov_len);
    std::memcpy(control.data() + CMSG_LEN(0), &size, sizeof size);
    header.msg_control = control.data();
    header.msg_controllen = control.size();
}

/// What does not leave as one packet (a device that computes no checksums, IPsec) leaves as many.
unsigned Datagrams::send_apart(int fd, const msghdr& message) {
    unsigned lost = 0;
    for (std::size_t index = 0; index < message.msg_iovlen; ++index) {
        msghdr one = message;
        one.msg_iov += index;
        one.msg_iovlen = 1;
        one.msg_control = nullptr;
        one.msg_controllen = 0;
        if (!leaves(fd, one)) ++lost;
    }
    return lost;
}

}  // namespace nsr::resolver
