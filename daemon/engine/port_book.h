#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "netsetup/proxy/local_ports.h"
#include "netsetup/spec.h"
#include "registry/model.h"

namespace nsr::daemon {

/// One container port that wants a port of the host.
struct PortWish {
    registry::PortProto container;
    std::vector<IpAddress> hosts;  ///< it gets the same number at each of them
    std::uint16_t first = 0;       ///< 0: any
    std::uint16_t last = 0;
    std::uint16_t before = 0;  ///< the number that it has now, kept if possible; 0: none
    bool held = true;          ///< against other programs; not a port of a long row
    bool routed = false;       ///< it only lets in what comes to the container's address: no port of the host

    bool operator==(const PortWish&) const = default;
};

/// Where the published ports of one container lead.
struct PortTargets {
    struct Side {
        std::string network_id;  ///< of the network that has the default route of the family; "": none
        IpAddress address;       ///< the container's
        bool routed = false;     ///< gateway mode routed: nothing is translated, so the host's ports stay free

        explicit operator bool() const { return !network_id.empty(); }
        bool operator==(const Side&) const = default;
    };
    Side v4;
    Side v6;
    IpAddress default_host;   ///< for ports without a host address; unspecified: all addresses of both families
    bool proxied = false;     ///< a proxy carries IPv6 to a container that has none
    bool host_has_v6 = true;  ///< a kernel without IPv6 has no port there, and none is shown (docker-behaviour P-01)

    bool operator==(const PortTargets&) const = default;
};

/// Whether a container wants any port to be published.
bool wants_ports(const registry::Container& container);

/// What a container wants, with its present ports as what it has now; those that lead nowhere are left out, as Docker
/// does. Fixed numbers come first, so that no other port of the container gets them; then by protocol, host addresses
/// and container port, as joined() has them. Rows of more than `held_max` ports are not held.
std::vector<PortWish> port_wishes(const registry::Container& container, const PortTargets& targets, unsigned held_max);

/// The published ports of a container whose host address is of a family in which nothing leads to `targets`, as its
/// user may have written them: "127.0.0.1:8080:80/tcp". Rows are one.
struct LostPorts {
    std::string text;
    Family family;

    bool operator==(const LostPorts&) const = default;
};
std::vector<LostPorts> lost_ports(const registry::Container& container, const PortTargets& targets);

/// What a container has of `wishes`, out of its present ports.
struct PresentPorts {
    std::vector<registry::BoundPort> ports;  ///< that are among the wishes, joined
    bool whole = true;                       ///< whether there is one for each wish at each of its addresses
};
PresentPorts ports_among(const std::vector<PortWish>& wishes, const std::vector<registry::BoundPort>& present);

/// Ports in a row from both numbers upward as one; in the order in which they are shown, by container port, IPv4 first.
std::vector<registry::BoundPort> joined(std::vector<registry::BoundPort> ports);

/// One by one again, in the order in which they are shown.
std::vector<registry::BoundPort> separate(const std::vector<registry::BoundPort>& ports);

/// One by one, without those of a routed network, which take no port of the host.
std::vector<registry::BoundPort> translated(const std::vector<registry::BoundPort>& ports);

/// What the firewall is told of ports, with the id of the network whose business it is. A host port of a family in
/// which the container has no address is the proxy's: the rules say who may come to it.
std::vector<std::pair<std::string, net::PublishedPort>> rules_of(const std::vector<registry::BoundPort>& ports,
                                                                 const PortTargets& targets, unsigned held_max);

/// Which ports of the host are given out (docker-behaviour P-02 to P-05, P-17 to P-19). Pure: whether another program
/// has a port is asked with a function.
class PortBook {
public:
    void take(const std::vector<registry::BoundPort>& ports);
    void release(const std::vector<registry::BoundPort>& ports);

    /// Whether a port of the host can be held, which it is from then on. Errc::conflict: somebody else has it.
    using Hold = std::function<Result<>(const PortWish& wish, std::uint16_t port)>;

    /// Chooses and takes. "Bind for 0.0.0.0:8080 failed: port is already allocated", "all ports are allocated", or what
    /// `hold` says of a port without alternative.
    Result<std::uint16_t> choose(const PortWish& wish, const net::LocalPorts& local, const Hold& hold);

private:
    using Key = std::pair<registry::Protocol, std::uint16_t>;

    bool is_free(const PortWish& wish, std::uint16_t port) const;
    Result<std::uint16_t> choose_between(const PortWish& wish, std::uint16_t first, std::uint16_t last,
                                         const Hold& hold);
    Result<std::uint16_t> choose_local(const PortWish& wish, const net::LocalPorts& local, const Hold& hold);
    Result<> try_port(const PortWish& wish, std::uint16_t port, const Hold& hold);

    std::map<Key, std::vector<IpAddress>> taken_;                  ///< at which addresses
    std::map<registry::Protocol, std::uint16_t> last_local_ = {};  ///< given out last
};

}  // namespace nsr::daemon
