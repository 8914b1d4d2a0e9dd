#pragma once

#include <chrono>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/ip.h"
#include "common/netns.h"
#include "netsetup/netlink/socket.h"

namespace nsr::net {

/// Makes the kernel forget the flows of addresses that were given back, on a thread of its own: the kernel walks its
/// whole table for each question (262,144 buckets are 12 ms) without letting anybody else onto that CPU, so whatever
/// waits for a grace period meanwhile (an umount, a link that goes) waits for it as well. Therefore addresses are
/// collected for kDelay and asked for together, unless one of them gets its next user sooner (hurry()).
///
/// An address may have its next user before the walk is over, so only flows that were answered are forgotten there: one
/// that has just begun is left alone, and one that goes on is remembered again by its next packet.
class FlowCleaner {
public:
    FlowCleaner(NetNs host, netlink::Socket conntrack);
    /// Waits for the walk that is going on, and begins no other.
    ~FlowCleaner();

    /// How long addresses are collected.
    static constexpr std::chrono::seconds kDelay{1};

    /// Soon, after kDelay at the latest. From one thread.
    void forget(std::set<IpAddress> addresses);
    /// One of these has a new user: if it is among those that wait, all are asked for now. From the thread of forget().
    void hurry(const std::vector<IpAddress>& addresses);
    /// Returns when everything that was asked for is done; for tests.
    void finish();

private:
    using Clock = std::chrono::steady_clock;

    void collect(const std::set<IpAddress>& addresses);
    void clean();

    NetNs host_;
    netlink::Socket conntrack_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    std::map<IpAddress, Clock::time_point> recent_;  ///< of the caller's thread: until when they may wait
    std::set<IpAddress> waiting_;                    ///< of the cleaner's thread
    boost::asio::steady_timer timer_{io_};           ///< of the cleaner's thread; runs while something waits
    std::jthread thread_;
};

}  // namespace nsr::net
