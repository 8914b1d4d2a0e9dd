#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/router.h"
#include "common/metrics.h"
#include "common/result.h"

namespace boost::asio {
class io_context;
}

namespace nsr::api {

/// HTTP/1.1 on a unix stream socket.
///
/// *Threads.* Lives on the control thread; a request that asks the service something is handled on the operations
/// thread and answered from the control thread again, so that a slow operation holds up nobody's ping.
///
/// *Limits.* Router::body_max, kHeaderMax, kConnectionsMax, kIdleTimeout: what is over gets an answer or is closed,
/// and is counted.
class HttpServer {
public:
    /// Runs a task on the operations thread.
    using Post = std::function<void(std::function<void()>)>;

    static constexpr std::size_t kHeaderMax = 16 * 1024;
    static constexpr std::size_t kConnectionsMax = 512;
    static constexpr int kIdleTimeoutSeconds = 300;  ///< between requests of one connection
    static constexpr int kReadTimeoutSeconds = 30;   ///< from the first byte of a request to its last

    /// `router` and `metrics` must outlive the server.
    HttpServer(boost::asio::io_context& control, std::string socket_path, Router& router, Metrics& metrics, Post post);
    ~HttpServer();

    /// Binds the socket (mode 0660, group ns-register if there is one; a stale socket file is replaced) and accepts.
    Result<> listen();

    /// Accepts no more, answers what was asked, closes every connection and removes the socket file. The context runs
    /// out of the server's work when the last answer is out.
    void stop();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace nsr::api
