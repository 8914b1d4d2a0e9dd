#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "common/metrics.h"
#include "common/netns.h"
#include "resolver/dns/query.h"
#include "resolver/zone/snapshot.h"

namespace nsr::resolver {

/// How long a query may take in all; then SERVFAIL.
inline constexpr std::chrono::milliseconds kForwardBudget{5000};

/// Queries that wait for an upstream; one more is answered SERVFAIL at once and counted (forward_overload).
inline constexpr unsigned kForwardsMax = 16384;             ///< of one worker
inline constexpr unsigned kForwardsPerContainerMax = 1024;  ///< of one container on one worker

/// Brings a forwarded reply to its client. Called once, on the worker's thread.
using Deliver = std::move_only_function<void(dns::Bytes reply)>;

/// A container as the forwarder knows it, on one worker.
struct ForwardClient {
    explicit ForwardClient(std::shared_ptr<const NetNs> netns) : sandbox(std::move(netns)) {}

    std::shared_ptr<const NetNs> sandbox;  ///< from where its own upstreams are asked
    unsigned in_flight = 0;
    bool closed = false;  ///< its queries in flight are forgotten
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
    /// Ends all timers and sockets, so that the loop runs out of work.
    void close_all();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace nsr::resolver
