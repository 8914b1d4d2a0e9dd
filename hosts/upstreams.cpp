#include "hosts/upstreams.h"

namespace nsr::hosts {

bool is_own_address(const IpAddress& address) {
    static const IpAddress own = IpAddress::v4((127U << 24) | 11U);
    static const IpAddress mapped = *IpAddress::parse("::ffff:127.0.0.11");
    return address == own || address == mapped;
}

Upstreams choose_upstreams(const DnsSettings& container, const DnsSettings& daemon, const ResolvConf& host) {
    Upstreams upstreams;
    const auto add = [&](const NameServer& server, bool from_host) {
        if (is_own_address(server.address)) {
            upstreams.own.push_back(server);
        } else {
            upstreams.servers.push_back({.server = server, .from_host = from_host});
        }
    };
    if (!container.servers.empty()) {
        for (const NameServer& server : container.servers) add(server, false);
    } else if (!daemon.servers.empty()) {
        for (const NameServer& server : daemon.servers) add(server, server.address.is_loopback());
    } else {
        // On the host, 127.0.0.11 is somebody else's (a daemon that runs inside a container of an engine).
        for (const NameServer& server : host.servers)
            upstreams.servers.push_back({.server = server, .from_host = true});
    }
    return upstreams;
}

}  // namespace nsr::hosts
