#pragma once

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "resolver/dns/types.h"

namespace nsr::resolver {

/// Datagrams that wait to leave one socket together, by as few system calls and with as little of the kernel's work as
/// can be (sendmmsg(2)). Of one size and to one address they leave as one packet, which is cut up behind the routes,
/// the rules and the devices that it passes (UDP_SEGMENT, udp(7)): these cost four fifths of an answer.
class Datagrams {
public:
    static constexpr unsigned kMax = 33;
    /// Fewer leave as packets of their own: whoever watches a lookup on the wire sees every reply to it.
    static constexpr unsigned kMergeMin = 4;

    /// `merges`: whether they may leave as one packet at all.
    explicit Datagrams(bool merges = true);

    bool is_full() const { return queued_ == kMax; }
    /// To an address or (nullptr) to the peer of a connected socket. Both stay where they are until send().
    void add(const sockaddr_in* to, dns::Bytes bytes);
    void clear() { queued_ = 0; }
    /// Sends them, those of one size to one address in the order of add(). Returns how many the kernel did not take (a
    /// full buffer, a firewall).
    unsigned send(int fd);

private:
    struct Entry {
        std::uint64_t receiver;  ///< address and port, 0 for the peer
        std::uint64_t order;     ///< among those of the receiver: by size, then as they came
        const sockaddr_in* to;
        iovec bytes;
    };
    /// What UDP_SEGMENT is told by: an ancillary message, cmsg(3).
    struct alignas(cmsghdr) Control {
        std::array<std::uint8_t, CMSG_SPACE(sizeof(std::uint16_t))> bytes;
    };

    unsigned pack_apart();
    unsigned pack_merged();
    unsigned alike_from(unsigned begin) const;
    void pack(unsigned message, unsigned begin, unsigned end);
    static unsigned send_apart(int fd, const msghdr& message);

    std::array<Entry, kMax> entries_{};
    std::array<iovec, kMax> vectors_{};
    std::array<mmsghdr, kMax> messages_{};
    std::array<Control, kMax / kMergeMin> controls_{};
    const bool merges_;
    unsigned queued_ = 0;
    unsigned controls_used_ = 0;
};

/// Whether a datagram is lost by chance, and not for a reason that the socket has.
constexpr bool is_loss(int error) { return error == EAGAIN || error == ENOBUFS; }

}  // namespace nsr::resolver
