#pragma once

#include <memory>

#include <boost/asio/io_context.hpp>

#include "common/clock.h"
#include "resolver/forward/exchange.h"

namespace nsr::resolver {

/// DNS over TCP to one server from one namespace, by c-ares: one connection that stays open while it is used, queries
/// pipelined on it. c-ares carries one try each; ids, choice of the server and the check of the question are ours.
class TcpChannel {
public:
    TcpChannel(boost::asio::io_context& io, std::shared_ptr<const NetNs> sandbox, Upstream server, OnReply on_reply);
    ~TcpChannel();

    /// Sends a query under a random id. False if it could not even be started. The outcome comes through `on_reply`,
    /// perhaps before this returns.
    bool send(const Try& which, dns::Buffer query, TimePoint now);
    bool is_idle(TimePoint now) const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace nsr::resolver
