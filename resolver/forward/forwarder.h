#pragma once

#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "common/metrics.h"
#include "common/netns.h"
#include "resolver/dns/query.h"
#include "resolver/zone/snapshot.h"

namespace nsr::resolver {

/// Brings a forwarded reply to its client. Called once, on the worker's thread.
using Deliver = std::move_only_function<void(dns::Bytes reply)>;

/// A container as the forwarder knows it, on one worker.
struct ForwardClient {
    explicit ForwardClient(std::shared_ptr<const NetNs> netns) : sandbox(std::move(netns)) {}

    std::shared_ptr<const NetNs> sandbox;  ///< from where its own upstreams are asked
    unsigned in_flight = 0;
    bool closed = false;                   ///< its queries in flight are forgotten
};

/// A query to be asked outside. The references need live only as long as the call.
struct ForwardRequest {
    dns::Bytes datagram;
    const dns::Query& query;
    dns::Transport transport;
    const View& view;
    const std::shared_ptr<ForwardClient>& client;
};

/// Asks upstream servers on behalf of containers. One per worker, used on its thread only.
class Forwarder {
public:
    Forwarder(boost::asio::io_context& io, DnsCounters& counters, std::shared_ptr<const NetNs> home);
    ~Forwarder();

    /// Asks; `deliver` brings the reply, in any case (unless the client is closed).
    void ask(const ForwardRequest& request, Deliver deliver);
    /// Forgets what a container has in flight.
    void close(const std::shared_ptr<ForwardClient>& client);
    /// Cached denials of these names are no longer true.
    void forget(const std::vector<dns::Name>& names);
    /// Ends all timers and sockets, so that the loop runs out of work.
    void close_all();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace nsr::resolver
