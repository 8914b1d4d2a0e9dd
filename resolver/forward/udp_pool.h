#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include "common/clock.h"
#include "resolver/forward/exchange.h"
#include "resolver/forward/outbox.h"

namespace nsr::resolver {

inline constexpr std::size_t kUdpPoolSize = 8;           ///< sockets to one server
inline constexpr unsigned kUdpTurn = 32;                 ///< queries from one socket before the next has its turn
inline constexpr std::chrono::seconds kUdpSocketAge{5};  ///< after that a socket gets no new query
inline constexpr std::chrono::seconds kPoolIdle{15};     ///< after that an unused pool is dropped
inline constexpr std::size_t kUdpRetiredMax = 64;        ///< sockets that only wait; then the oldest is closed

/// UDP to one server from one namespace: a few connected sockets, each on a port that the kernel has chosen at random
/// and replaced every few seconds. With a random id per try, an attacker has to guess both (RFC 5452); a socket per try
/// would be a little harder to guess and costs 40 % of the throughput.
class UdpPool {
public:
    UdpPool(boost::asio::io_context& io, Outbox& outbox, std::shared_ptr<const NetNs> sandbox, Upstream server,
            OnReply on_reply);
    ~UdpPool();

    /// Sends a query (whose id is overwritten by a random one). False if the server cannot be reached.
    bool send(const Try& which, dns::Buffer query, TimePoint now);

    /// Sends nothing more from the sockets that there are; replies that are on their way are still taken.
    void retire();
    /// Lets go of sockets that are old and wait for nothing.
    void tidy(TimePoint now);
    bool is_idle(TimePoint now) const { return now - used_ >= kPoolIdle; }
    void close();

private:
    class Socket;

    void next_turn(TimePoint now);
    std::shared_ptr<Socket> open(TimePoint now);
    void retire(std::shared_ptr<Socket> socket);

    boost::asio::io_context& io_;
    Outbox& outbox_;
    std::shared_ptr<const NetNs> sandbox_;
    Upstream server_;
    OnReply on_reply_;
    std::vector<std::shared_ptr<Socket>> current_;
    std::vector<std::shared_ptr<Socket>> retired_;
    std::size_t next_ = 0;
    unsigned sent_ = 0;  ///< in this turn
    TimePoint used_{};
};

}  // namespace nsr::resolver
