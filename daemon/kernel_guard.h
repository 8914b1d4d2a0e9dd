#pragma once

#include <chrono>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/engine/engine.h"

namespace nsr::daemon {

/// Has the engine look at the kernel when another program has changed our firewall table, and every minute. Operations
/// thread only.
class KernelGuard {
public:
    KernelGuard(boost::asio::io_context& context, Engine& engine)
        : engine_(engine), check_timer_(context), settle_timer_(context), events_(context) {}
    ~KernelGuard();

    void start();

private:
    void wait_for_events();
    void wait_for_check();

    Engine& engine_;
    boost::asio::steady_timer check_timer_;
    boost::asio::steady_timer settle_timer_;
    boost::asio::posix::stream_descriptor events_;
    std::shared_ptr<void> alive_ = std::make_shared<int>();  ///< what a handler that is already queued asks
};

}  // namespace nsr::daemon
