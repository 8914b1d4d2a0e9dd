#pragma once

#include <array>
#include <memory>

#include <boost/asio/ip/udp.hpp>

#include "resolver/server/server.h"

namespace nsr::resolver {

/// Answers the UDP queries of one container that reach one worker.
///
/// *Lifetime.* Shared by its owner, its pending receive and the forwarded queries that will be answered through it;
/// after close() these let go of it.
class UdpListener : public std::enable_shared_from_this<UdpListener> {
public:
    UdpListener(ServerState& state, std::shared_ptr<ServedContainer> container, std::shared_ptr<Steering> steering,
                UniqueFd socket, std::shared_ptr<const UniqueFd> replies);

    void start() { receive(); }
    void close();

private:
    using Endpoint = boost::asio::ip::udp::endpoint;

    void receive();
    void on_received(const boost::system::error_code& error, std::size_t size);
    unsigned drain();
    void prefetch(unsigned count) const;
    void steer(unsigned queries);
    void send(dns::Bytes reply, const sockaddr_in& client);
    Deliver deliver_to(const sockaddr_in& client);

    ServerState& state_;
    std::shared_ptr<ServedContainer> container_;
    std::shared_ptr<Steering> steering_;
    Steering::Meter meter_;
    boost::asio::ip::udp::socket socket_;
    std::shared_ptr<const UniqueFd> replies_;  ///< what is sent from; none after close()
    Endpoint sender_;
    std::array<std::uint8_t, dns::kQueryMax> first_;  // the first datagram of a burst; the others go to the worker's
};

}  // namespace nsr::resolver
