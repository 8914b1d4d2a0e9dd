#pragma once

#include <chrono>
#include <list>
#include <memory>
#include <set>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "resolver/dns/frames.h"
#include "resolver/server/server.h"

namespace nsr::resolver {

inline constexpr std::chrono::milliseconds kTcpAcceptRetry{100};  ///< pause after a failed accept (no descriptors)

class TcpConnection;

/// Accepts a container's TCP connections and keeps them within their limits.
class TcpListener : public std::enable_shared_from_this<TcpListener> {
public:
    TcpListener(ServerState& state, std::shared_ptr<ServedContainer> container, UniqueFd socket);

    void start() { accept(); }
    void close();
    void forget(const std::shared_ptr<TcpConnection>& connection);

private:
    void accept();
    void on_accepted(const boost::system::error_code& error, boost::asio::ip::tcp::socket socket);

    ServerState& state_;
    std::shared_ptr<ServedContainer> container_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer retry_;
    std::set<std::shared_ptr<TcpConnection>> connections_;
};

/// One TCP connection: queries behind a two-byte length each, as many as wanted; each is answered as soon as its answer
/// is there, in any order. While too much is on its way nothing more is read, so a client that does not read its
/// answers holds up itself only.
class TcpConnection : public std::enable_shared_from_this<TcpConnection> {
public:
    TcpConnection(ServerState& state, std::shared_ptr<ServedContainer> container, std::weak_ptr<TcpListener> listener,
                  boost::asio::ip::tcp::socket socket);

    void start();
    void close();

private:
    using Clock = std::chrono::steady_clock;

    void read();
    void on_read(const boost::system::error_code& error, std::size_t size);
    void take_frames();
    void wait_turn();
    void answer_one(dns::Bytes query);
    void queue(dns::Bytes reply);
    void write();
    void on_written(const boost::system::error_code& error, std::size_t size);
    void on_forwarded(dns::Bytes reply);
    void go_on();
    bool has_room() const {
        return in_flight_ < state_.tcp_limits.in_flight && unsent_.size() < state_.tcp_limits.unsent;
    }
    void watch();
    void finish();
    void touch() { deadline_ = Clock::now() + state_.tcp_limits.idle; }

    ServerState& state_;
    std::shared_ptr<ServedContainer> container_;
    std::weak_ptr<TcpListener> listener_;
    boost::asio::ip::tcp::socket socket_;
    boost::asio::steady_timer timer_;
    Clock::time_point deadline_;
    const Clock::time_point end_;
    dns::Frames input_;                  // queries read and not yet taken
    std::vector<std::uint8_t> unsent_;   // answers waiting for the write in progress to end
    std::vector<std::uint8_t> sending_;  // of the write in progress
    std::size_t in_flight_ = 0;
    bool reading_ = false;
    bool writing_ = false;
    bool waits_turn_ = false;  // there is more to take when others have had theirs
    bool paused_ = false;
    bool ended_ = false;  // the client will send no more
};

}  // namespace nsr::resolver
