#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <memory>

#include "resolver/dns/types.h"
#include "resolver/forward/datagrams.h"

namespace nsr::resolver {

/// Buffers for receiving and answering many datagrams together (recvmmsg(2), Datagrams).
class UdpBatch {
public:
    static constexpr unsigned kSize = 32;
    static constexpr unsigned kReplies = Datagrams::kMax;
    static_assert(kReplies > kSize);  ///< one more, to a datagram that came alone before the others

    /// `merges`: see Datagrams.
    explicit UdpBatch(bool merges = true);

    /// Takes what has arrived, without waiting: how many datagrams. Fewer than kSize means that no more are there.
    unsigned receive(int fd);
    dns::Bytes received(unsigned index) const { return {buffers_->in[index].data(), receive_[index].msg_len}; }
    const sockaddr_in& sender(unsigned index) const { return senders_[index]; }

    /// Where the next reply is to be written.
    dns::Buffer reply_buffer() { return buffers_->out[queued_]; }
    /// The reply buffer holds `size` bytes for a client, whose address stays where it is until they are sent.
    void queue_reply(const sockaddr_in& client, std::size_t size) {
        replies_.add(&client, dns::Bytes(buffers_->out[queued_++]).first(size));
    }
    void forget_replies() {
        replies_.clear();
        queued_ = 0;
    }
    /// Sends the queued replies; returns how many the kernel did not take.
    unsigned send(int fd) {
        queued_ = 0;
        return replies_.send(fd);
    }

private:
    /// Not a power of two: the beginnings of the buffers, which is all that most datagrams take, would share a few
    /// lines of the CPU's cache and drive each other out of it.
    static constexpr std::size_t kStride = dns::kQueryMax + 3 * 64;

    struct Buffers {
        std::array<std::array<std::uint8_t, kStride>, kSize> in;
        std::array<std::array<std::uint8_t, dns::kEdnsLimit>, kReplies> out;
    };

    std::unique_ptr<Buffers> buffers_;
    std::array<mmsghdr, kSize> receive_{};
    std::array<iovec, kSize> receive_vectors_{};
    std::array<sockaddr_in, kSize> senders_{};
    Datagrams replies_;
    unsigned queued_ = 0;
};

}  // namespace nsr::resolver
