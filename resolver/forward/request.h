#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/netns.h"
#include "resolver/dns/query.h"
#include "resolver/zone/snapshot.h"

namespace nsr::resolver {

struct Route;

/// Brings a forwarded reply to its client. Called once, on the worker's thread.
using Deliver = std::move_only_function<void(dns::Bytes reply)>;

/// A container as the forwarder knows it, on one worker.
struct ForwardClient {
    explicit ForwardClient(std::shared_ptr<const NetNs> netns) : sandbox(std::move(netns)) {}

    std::shared_ptr<const NetNs> sandbox;  ///< from where its own upstreams are asked
    std::string container_id;              ///< by which other workers know it
    /// Questions of it, of all workers, that wait for servers.
    std::shared_ptr<std::atomic<unsigned>> in_flight = std::make_shared<std::atomic<unsigned>>(0);
    bool closed = false;  ///< its queries in flight are forgotten

    // Of RouteTable.
    std::uint64_t serial = 0;                          ///< unlike its namespace's inode never used again
    bool has_moved = false;                            ///< it is on other networks: its addresses are others, too
    std::vector<Slot> networks;                        ///< that the routes were made for
    std::uint64_t view_revision = 0;                   ///< of the view that the routes were made from
    std::vector<std::shared_ptr<const Route>> routes;  ///< of the view's domains in their order, then of other names
};

/// A query to be asked outside. The references need live only as long as the call.
struct ForwardRequest {
    dns::Bytes datagram;
    const dns::Query& query;
    dns::Transport transport;
    const View& view;
    const std::shared_ptr<ForwardClient>& client;
};

/// Where the latest forwarded answer has come from: for explain().
struct AnswerSource {
    enum class Kind : std::uint8_t { none, upstream, cache, stale, cached_failure, refused, failure };
    Kind kind = Kind::none;
    Upstream server;                         ///< who has answered, if `upstream` or `refused`
    dns::Rcode rcode = dns::Rcode::noerror;  ///< if `refused`
    Duration elapsed{};                      ///< until it did; or since it did, if from the cache
};

}  // namespace nsr::resolver
