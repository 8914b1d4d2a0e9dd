#include "resolver/forward/outbox.h"

#include <algorithm>
#include <cerrno>

namespace nsr::resolver {
Outbox::Outbox(DnsCounters& counters, bool merges)
    : counters_(counters), slots_(std::make_unique_for_overwrite<std::array<Slot, kSize>>()), waiting_(merges) {}

int Outbox::send(int fd, const sockaddr_in* to, dns::Bytes bytes) {
    if (!is_collecting_ || bytes.size() > sizeof(Slot)) return send_now(fd, to, bytes);
    if (fd != socket_) {
        flush();
        socket_ = -1;
        const int error = send_now(fd, to, bytes);
        if (error == 0) socket_ = fd;
        return error;
    }
    auto& slot = (*slots_)[queued_];
    std::ranges::copy(bytes, slot.data());
    if (to != nullptr) addresses_[queued_] = *to;
    waiting_.add(to != nullptr ? &addresses_[queued_] : nullptr, dns::Bytes(slot).first(bytes.size()));
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
    if (queued_ > 0) counters_.send_errors.add(waiting_.send(socket_));
    queued_ = 0;
}

}  // namespace nsr::resolver
