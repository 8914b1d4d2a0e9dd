#include "resolver/server/udp_batch.h"

namespace nsr::resolver {

UdpBatch::UdpBatch(bool merges) : buffers_(std::make_unique_for_overwrite<Buffers>()), replies_(merges) {
    for (unsigned index = 0; index < kSize; ++index) {
        receive_vectors_[index] = {buffers_->in[index].data(), dns::kQueryMax};
        receive_[index].msg_hdr.msg_name = &senders_[index];
        receive_[index].msg_hdr.msg_iov = &receive_vectors_[index];
        receive_[index].msg_hdr.msg_iovlen = 1;
    }
}

unsigned UdpBatch::receive(int fd) {
    for (auto& message : receive_) message.msg_hdr.msg_namelen = sizeof(sockaddr_in);
    const int count = ::recvmmsg(fd, receive_.data(), kSize, MSG_DONTWAIT, nullptr);
    return count > 0 ? static_cast<unsigned>(count) : 0;
}

}  // namespace nsr::resolver
