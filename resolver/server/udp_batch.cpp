#include "resolver/server/udp_batch.h"

namespace nsr::resolver {

UdpBatch::UdpBatch() : buffers_(std::make_unique_for_overwrite<Buffers>()) {
    for (unsigned index = 0; index < kSize; ++index) {
        receive_vectors_[index] = {buffers_->in[index].data(), buffers_->in[index].size()};
        receive_[index].msg_hdr.msg_name = &senders_[index];
        receive_[index].msg_hdr.msg_iov = &receive_vectors_[index];
        receive_[index].msg_hdr.msg_iovlen = 1;
    }
    for (unsigned index = 0; index < kReplies; ++index) {
        send_vectors_[index] = {buffers_->out[index].data(), 0};
        send_[index].msg_hdr.msg_namelen = sizeof(sockaddr_in);
        send_[index].msg_hdr.msg_iov = &send_vectors_[index];
        send_[index].msg_hdr.msg_iovlen = 1;
    }
}

unsigned UdpBatch::receive(int fd) {
    for (auto& message : receive_) message.msg_hdr.msg_namelen = sizeof(sockaddr_in);
    const int count = ::recvmmsg(fd, receive_.data(), kSize, MSG_DONTWAIT, nullptr);
    return count > 0 ? static_cast<unsigned>(count) : 0;
}

void UdpBatch::queue_reply(const sockaddr_in& client, std::size_t size) {
    send_[queued_].msg_hdr.msg_name = const_cast<sockaddr_in*>(&client);  // read only: sendmmsg(2) takes it non-const
    send_vectors_[queued_].iov_len = size;
    ++queued_;
}

unsigned UdpBatch::send(int fd) {
    unsigned sent = 0;
    unsigned lost = 0;
    while (sent + lost < queued_) {
        const unsigned begin = sent + lost;
        const int count = ::sendmmsg(fd, send_.data() + begin, queued_ - begin, MSG_DONTWAIT);
        if (count > 0) {
            sent += static_cast<unsigned>(count);
        } else {
            ++lost;  // the first one was refused (a full buffer, a firewall); the others may pass
        }
    }
    queued_ = 0;
    return lost;
}

}  // namespace nsr::resolver
