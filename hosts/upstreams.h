#pragma once

#include <string>
#include <vector>

#include "hosts/resolv_conf.h"

namespace nsr::hosts {

/// A server that the embedded server of a container asks.
struct UpstreamServer {
    NameServer server;
    bool from_host = false;  ///< from the host's namespace, not the container's (D-65)

    auto operator<=>(const UpstreamServer&) const = default;
};

struct Upstreams {
    std::vector<UpstreamServer> servers;  ///< in order, all of them (D-62)
    std::vector<NameServer> own;          ///< left out because they are the embedded server itself (D-82)
};

/// Whether that is the embedded server itself: 127.0.0.11, as IPv4 or mapped into IPv6 (::ffff:127.0.0.11).
bool is_own_address(const IpAddress& address);

/// The servers of --dns of the container, else of --upstream of the daemon, else of the host's resolv.conf. The host's
/// are asked from the host's namespace; of the daemon's only loopback addresses are, which mean the host's own loopback
/// there.
Upstreams choose_upstreams(const DnsSettings& container, const DnsSettings& daemon, const ResolvConf& host);

}  // namespace nsr::hosts
