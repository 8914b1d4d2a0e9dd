#pragma once

#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "common/unique_fd.h"
#include "netsetup/proxy/port_proxy.h"

namespace nsr::net {

inline constexpr std::size_t kDatagramMax = 65'535;

/// What the relays of the proxy's thread share.
struct ProxyContext {
    boost::asio::io_context& io;
    const ProxyLimits& limits;
    ProxyCounters& counters;
    std::size_t connections = 0;                                   ///< of all ports
    std::size_t sessions = 0;                                      ///< of all ports
    std::vector<char> datagram = std::vector<char>(kDatagramMax);  ///< on its way
};

/// What carries the traffic of one held port. On the proxy's thread; shared with its pending operations.
class Relay {
public:
    virtual ~Relay() = default;
    /// Clients go there from now on; before the first call they wait.
    virtual void lead_to(const ContainerPort& target) = 0;
    virtual void close() = 0;
};

std::shared_ptr<Relay> make_tcp_relay(ProxyContext& context, UniqueFd socket, bool is_v6);
std::shared_ptr<Relay> make_udp_relay(ProxyContext& context, UniqueFd socket, bool is_v6);

}  // namespace nsr::net
