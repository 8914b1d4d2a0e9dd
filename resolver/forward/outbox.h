#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <memory>

#include "common/metrics.h"
#include "resolver/dns/types.h"
#include "resolver/forward/datagrams.h"

namespace nsr::resolver {

/// Sends a worker's datagrams, many together where many are at hand. While somebody collects,
/// the first datagram of a socket leaves at once, so that its errors are known; those behind it from the same socket
/// wait for the end of the collection, for another socket's turn, or until they are kSize.
///
/// One thread. A socket that has sent through it is closed only after close().
class Outbox {
public:
    static constexpr unsigned kSize = 32;
    static_assert(kSize <= Datagrams::kMax);

    /// `merges`: see Datagrams.
    explicit Outbox(DnsCounters& counters, bool merges = true);

    /// What is sent while it lives is collected. Not to be nested.
    class Collection {
    public:
        explicit Collection(Outbox& outbox) : outbox_(outbox) { outbox_.is_collecting_ = true; }
        ~Collection() {
            outbox_.flush();
            outbox_.socket_ = -1;
            outbox_.is_collecting_ = false;
        }
        Collection(const Collection&) = delete;
        Collection& operator=(const Collection&) = delete;

    private:
        Outbox& outbox_;
    };

    /// Sends a datagram from a socket, to an address or (nullptr) to the peer of a connected one. Returns 0 or the
    /// errno. A full buffer is a lost datagram and no error, and so is whatever keeps one that has waited.
    int send(int fd, const sockaddr_in* to, dns::Bytes bytes);

    /// Sends what has waited of a socket that is about to be closed.
    void close(int fd) {
        if (fd == socket_) flush();
    }

private:
    int send_now(int fd, const sockaddr_in* to, dns::Bytes bytes);
    void flush();

    using Slot = std::array<std::uint8_t, dns::kEdnsLimit>;

    DnsCounters& counters_;
    std::unique_ptr<std::array<Slot, kSize>> slots_;
    std::array<sockaddr_in, kSize> addresses_{};
    Datagrams waiting_;
    unsigned queued_ = 0;
    int socket_ = -1;  ///< that has sent a datagram in this collection
    bool is_collecting_ = false;
};

}  // namespace nsr::resolver
