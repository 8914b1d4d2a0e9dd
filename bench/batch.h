#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>

namespace nsr::bench {

/// Datagrams for one recvmmsg(2) or sendmmsg(2), each in a buffer of its own.
template <std::size_t kCount, std::size_t kReceived, std::size_t kSpare = 0>
struct Batch {
    std::array<std::array<unsigned char, kReceived + kSpare>, kCount> buffers{};
    std::array<sockaddr_in, kCount> peers{};
    std::array<iovec, kCount> parts{};
    std::array<mmsghdr, kCount> messages{};

    void make_ready_to_receive() {
        for (std::size_t i = 0; i < kCount; ++i) {
            parts[i] = {buffers[i].data(), kReceived};
            messages[i] = {};
            messages[i].msg_hdr.msg_name = &peers[i];
            messages[i].msg_hdr.msg_namelen = sizeof peers[i];
            messages[i].msg_hdr.msg_iov = &parts[i];
            messages[i].msg_hdr.msg_iovlen = 1;
        }
    }
};

}  // namespace nsr::bench
