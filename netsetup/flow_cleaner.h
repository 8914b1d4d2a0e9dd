#pragma once

#include <set>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "common/ip.h"
#include "common/netns.h"
#include "netsetup/netlink/socket.h"

namespace nsr::net {

/// Makes the kernel forget the flows of addresses that were given back, on a thread of its own: the kernel walks its
/// whole table for each question (262,144 buckets are 12 ms), which no attach should wait for.
///
/// An address may have its next user before the walk is over, so only flows that were answered are forgotten there: one
/// that has just begun is left alone, and one that goes on is remembered again by its next packet.
class FlowCleaner {
public:
    FlowCleaner(NetNs host, netlink::Socket conntrack);
    /// Waits for the walk that is going on, and begins no other.
    ~FlowCleaner();

    void forget(std::set<IpAddress> addresses);
    /// Returns when everything that was asked for is done; for tests.
    void finish();

private:
    void clean(const std::set<IpAddress>& addresses);

    NetNs host_;
    netlink::Socket conntrack_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    std::jthread thread_;
};

}  // namespace nsr::net
