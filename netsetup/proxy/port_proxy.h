#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/ip.h"
#include "common/metrics.h"
#include "common/result.h"
#include "netsetup/proxy/limits.h"
#include "registry/model.h"

namespace nsr::net {

/// A port of the host: 0.0.0.0 and :: are all addresses of their family.
struct HostPort {
    registry::Protocol protocol = registry::Protocol::tcp;
    IpAddress address;
    std::uint16_t port = 0;

    auto operator<=>(const HostPort&) const = default;
};

/// "0.0.0.0:8080/tcp", "[::]:8080/tcp"
std::string text_of(const HostPort& port);

/// Where a host port leads.
struct ContainerPort {
    IpAddress address;
    std::uint16_t port = 0;

    bool operator==(const ContainerPort&) const = default;
};

/// Holds published ports against other programs of the host and, if it is a proxy, carries what the firewall's rules do
/// not: connections from the host's loopback over IPv6, from IPv6 to a container without, and everything when the rules
/// are gone.
///
/// *Threads.* Operations thread; a proxy has one more of its own.
class PortProxy {
public:
    virtual ~PortProxy() = default;

    /// Whether it carries traffic, too.
    virtual bool carries() const = 0;

    /// From now on nobody else can listen at the port; no-op if it is held. Errc::conflict if somebody does already,
    /// in Docker's words (docker-behaviour P-20, P-21).
    virtual Result<> hold(const HostPort& port) = 0;

    /// What comes to a held port goes there from now on; connections that exist stay as they are. No-op for a port that
    /// is not held, and for 0.0.0.0 and ::, which are no container's.
    virtual void carry(const HostPort& port, const ContainerPort& target) = 0;

    /// The port is free when it returns, and what it carried is cut. No-op if it is not held.
    virtual void release(const HostPort& port) = 0;
};

/// Holds ports and carries nothing (`userland_proxy = false`).
std::unique_ptr<PortProxy> make_port_holder();

/// Holds ports and carries: TCP connections with half-close of either side; UDP clients with a session each, which ends
/// after silence. The container sees the host's address on its bridge, which is reached from the namespace of the
/// calling thread. TCP connections that wait when a limit is met are counted, as are UDP clients that get no answer.
std::unique_ptr<PortProxy> make_port_proxy(const ProxyLimits& limits, ProxyCounters& counters);

}  // namespace nsr::net
