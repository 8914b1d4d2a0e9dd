#pragma once

#include <chrono>
#include <cstddef>

namespace nsr::net {

/// What one published port, and all of them, may hold in the proxy: each client costs two descriptors of the daemon
/// (TCP) or one (UDP). Beyond a limit new clients wait (TCP) or are not answered (UDP); both are counted
/// (`nsr_proxy_limited_total`).
struct ProxyLimits {
    std::size_t connections = 1024;                  ///< TCP connections
    std::size_t sessions = 4096;                     ///< UDP clients (address and port)
    std::size_t connections_of_all = 8192;           ///< TCP connections of all ports
    std::size_t sessions_of_all = 16'384;            ///< UDP clients of all ports
    std::size_t sessions_of_source = 256;            ///< UDP clients of one address
    std::chrono::milliseconds session_idle{90'000};  ///< a UDP client that is forgotten after silence of both sides
    std::chrono::seconds connect_timeout{30};        ///< to the container
    std::chrono::milliseconds accept_retry{100};     ///< pause after a failed accept (no descriptors)
};

}  // namespace nsr::net
