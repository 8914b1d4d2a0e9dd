#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/unique_fd.h"

namespace nsr::daemon {

/// Tells when processes behind containers end: a pidfd becomes readable when its process has exited (pidfd_open(2)).
/// Control thread.
class PidWatcher {
public:
    /// Is given the pidfd back.
    using Ended = std::function<void(const std::string& container_id, UniqueFd pidfd)>;

    PidWatcher(boost::asio::io_context& context, Ended ended) : context_(context), ended_(std::move(ended)) {}

    /// Replaces an earlier watch of the same container.
    void watch(const std::string& container_id, UniqueFd pidfd);

    /// SIGKILL to the watched process if it lives on for so long. A later call replaces an earlier one.
    void kill_after(const std::string& container_id, std::chrono::seconds delay);

    /// Lets go of everything, so that the context can run out of work.
    void close() { watched_.clear(); }

private:
    struct Watched {
        explicit Watched(boost::asio::io_context& context) : descriptor(context), killer(context) {}

        boost::asio::posix::stream_descriptor descriptor;
        boost::asio::steady_timer killer;
    };

    void end(const std::string& container_id, int fd);

    boost::asio::io_context& context_;
    Ended ended_;
    std::map<std::string, Watched> watched_;
};

}  // namespace nsr::daemon
