#pragma once

#include <compare>
#include <cstdint>
#include <memory>

#include "common/ip.h"
#include "common/metrics.h"
#include "common/result.h"
#include "netsetup/proxy/limits.h"
#include "registry/model.h"

namespace nsr::net {

/// A port of the host.
struct HostPort {
    registry::Protocol protocol = registry::Protocol::tcp;  ///< tcp or udp
    IpAddress address;                                      ///< unspecified: every address of its family
    std::uint16_t port = 0;

    auto operator<=>(const HostPort&) const = default;
};

/// Where it leads.
struct ProxyTarget {
    IpAddress address;
    std::uint16_t port = 0;

    bool operator==(const ProxyTarget&) const = default;
};

/// The userland port proxy: holds published ports of the host against all others, and carries what the NAT rules do not
/// catch (the host's loopback, IPv6 clients of an IPv4 container, everything once the rules are gone).
///
/// TCP connections are relayed with half-close of either side; UDP clients have a session each, which ends after
/// silence. The container sees the host's address on its bridge.
///
/// *Threads.* One of its own does all the carrying. Calls come from one thread, the operations thread, in whose network
/// namespace ports are bound and containers reached.
class PortProxy {
public:
    static std::unique_ptr<PortProxy> start(const ProxyLimits& limits, ProxyCounters& counters);
    virtual ~PortProxy() = default;

    /// The port is held and leads there. A port that is held already keeps its socket and its connections; new clients
    /// go to the new target. Fails as hold_port() does.
    virtual Result<> ensure(const HostPort& port, const ProxyTarget& target) = 0;

    /// The port is free again when this returns; its connections and sessions are closed. No-op if it is not held.
    virtual void release(const HostPort& port) = 0;

    virtual bool holds(const HostPort& port) const = 0;
};

}  // namespace nsr::net
