#pragma once

#include <chrono>
#include <future>
#include <optional>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "common/netns.h"
#include "netsetup/netlink/socket.h"

namespace nsr::net {

/// Makes the next sandbox ahead of its container, on a thread of its own: a network namespace costs the kernel half a
/// millisecond, its settings, lo and the rewrite of port 53 as much again, and none of that depends on who will live
/// there. What it makes has no name and is pinned nowhere, so that nothing is left of it when the daemon ends.
class SpareSandbox {
public:
    /// As prepare_sandbox() and ensure_dns_rewrite() leave it.
    struct Ready {
        NetNs sandbox;
        netlink::Socket inside;
        std::chrono::steady_clock::time_point made;
    };

    SpareSandbox();
    ~SpareSandbox();

    /// A new namespace starts with settings of the host as they were then: one that is older is not used.
    static constexpr std::chrono::seconds kLife{5};

    /// A container will start soon: makes one unless there is one. Does not wait.
    void order();
    /// What was ordered; waits for it if it is being made. None if nothing was, if it is too old, or if it could not be
    /// made: then whoever starts makes his own, and hears why that fails.
    std::optional<Ready> take();

private:
    using Coming = std::future<std::optional<Ready>>;

    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    Coming coming_;  ///< of the caller's thread
    std::jthread thread_;
};

}  // namespace nsr::net
