#include "resolver/forward/outbox.h"

#include <algorithm>
#include <cerrno>

namespace nsr::resolver {
namespace {

constexpr bool is_loss(int error) { return error == EAGAIN || error == ENOBUFS; }

}  // namespace

Outbox::Outbox(DnsCounters& counters)
    : counters_(counters), slots_(std::make_unique_for_overwrite<std::array<Slot, kSize>>()) {
    for (unsigned index = 0; index < kSize; ++index) {
        vectors_[index].iov_base = (*slots_)[index].data();
        messages_[index].msg_hdr.msg_iov = &vectors_[index];
        messages_[index].msg_hdr.msg_iovlen = 1;
    }
}

int Outbox::send(int fd, const sockaddr_in* to, dns::Bytes bytes) {
    if (!is_collecting_ || bytes.size() > sizeof(Slot)) return send_now(fd, to, bytes);
    if (fd != socket_) {
        flush();
        socket_ = -1;
        const int error = send_now(fd, to, bytes);
        if (error == 0) socket_ = fd;
        return error;
    }
    std::ranges::copy(bytes, (*slots_)[queued_].data());
    vectors_[queued_].iov_len = bytes.size();
    auto& header = messages_[queued_].msg_hdr;
    if (to != nullptr) addresses_[queued_] = *to;
    header.msg_name = to != nullptr ? &addresses_[queued_] : nullptr;
    header.msg_namelen = to != nullptr ? sizeof(sockaddr_in) : 0;
    if (++queued_ == kSize) flush();
    return 0;
}

/// A pending ICMP error of an earlier datagram is reported by the next call: that one has no fault. An error of its own
/// comes again.
int Outbox::send_now(int fd, const sockaddr_in* to, dns::Bytes bytes) {
    const auto* address = reinterpret_cast<const sockaddr*>(to);
    const socklen_t size = to != nullptr ? sizeof *to : 0;
    for (unsigned attempt = 0;; ++attempt) {
        if (::sendto(fd, bytes.data(), bytes.size(), MSG_DONTWAIT, address, size) >= 0) return 0;
        if (!is_loss(errno) && attempt == 0) continue;
        counters_.send_errors.add();
        return is_loss(errno) ? 0 : errno;
    }
}

void Outbox::flush() {
    bool was_repeated = false;
    for (unsigned begin = 0; begin < queued_;) {
        const int count = ::sendmmsg(socket_, &messages_[begin], queued_ - begin, MSG_DONTWAIT);
        if (count > 0) {
            begin += static_cast<unsigned>(count);
            was_repeated = false;
        } else if (!is_loss(errno) && !was_repeated) {
            was_repeated = true;
        } else {
            ++begin;  // the first one is lost; the others may pass
            was_repeated = false;
            counters_.send_errors.add();
        }
    }
    queued_ = 0;
}

}  // namespace nsr::resolver
