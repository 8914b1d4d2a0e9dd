#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <memory>

#include "resolver/dns/types.h"

namespace nsr::resolver {

/// Buffers for receiving and answering many datagrams with one system call each (recvmmsg(2), sendmmsg(2)).
class UdpBatch {
public:
    static constexpr unsigned kSize = 32;
    static constexpr unsigned kReplies = kSize + 1;  ///< one more, to a datagram that came alone before the others

    UdpBatch();

    /// Takes what has arrived, without waiting: how many datagrams. Fewer than kSize means that no more are there.
    unsigned receive(int fd);
    dns::Bytes received(unsigned index) const { return {buffers_->in[index].data(), receive_[index].msg_len}; }
    const sockaddr_in& sender(unsigned index) const { return senders_[index]; }

    /// Where the next reply is to be written.
    dns::Buffer reply_buffer() { return buffers_->out[queued_]; }
    /// The reply buffer holds `size` bytes for a client, whose address stays where it is until they are sent.
    void queue_reply(const sockaddr_in& client, std::size_t size);
    void forget_replies() { queued_ = 0; }
    /// Sends the queued replies; returns how many the kernel did not take.
    unsigned send(int fd);

private:
    struct Buffers {
        std::array<std::array<std::uint8_t, dns::kQueryMax>, kSize> in;
        std::array<std::array<std::uint8_t, dns::kEdnsLimit>, kReplies> out;
    };

    std::unique_ptr<Buffers> buffers_;
    std::array<mmsghdr, kSize> receive_{};
    std::array<mmsghdr, kReplies> send_{};
    std::array<iovec, kSize> receive_vectors_{};
    std::array<iovec, kReplies> send_vectors_{};
    std::array<sockaddr_in, kSize> senders_{};
    unsigned queued_ = 0;
};

}  // namespace nsr::resolver
