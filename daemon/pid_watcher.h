#pragma once

#include <functional>
#include <map>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "common/unique_fd.h"

namespace nsr::daemon {

/// Tells when processes behind containers end: a pidfd becomes readable when its process has exited (pidfd_open(2)).
/// Control thread.
class PidWatcher {
public:
    using Ended = std::function<void(const std::string& container_id)>;

    PidWatcher(boost::asio::io_context& context, Ended ended) : context_(context), ended_(std::move(ended)) {}

    /// Replaces an earlier watch of the same container.
    void watch(const std::string& container_id, UniqueFd pidfd);

    /// Lets go of everything, so that the context can run out of work.
    void close() { watched_.clear(); }

private:
    void forget(const std::string& container_id, int fd);

    boost::asio::io_context& context_;
    Ended ended_;
    std::map<std::string, boost::asio::posix::stream_descriptor> watched_;
};

}  // namespace nsr::daemon
