#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/ip.h"
#include "netsetup/netlink/socket.h"

namespace nsr::net::netlink {

/// The settings of a bridge port that we use.
struct PortFlags {
    bool hairpin = false;   ///< frames may leave by the port where they came in
    bool isolated = false;  ///< reaches the bridge itself, and no other isolated port

    bool operator==(const PortFlags&) const = default;
};

/// A link as the kernel shows it.
struct Link {
    int index = 0;
    std::string name;
    std::string kind;         ///< "veth", "bridge"; empty for hardware
    std::uint32_t group = 0;  ///< IFLA_GROUP
    std::uint32_t mtu = 0;
    int master = 0;   ///< index of the bridge, 0: none
    int peer = 0;     ///< IFLA_LINK: a veth's other end, in that end's namespace
    bool up = false;  ///< administratively
    PortFlags port;   ///< of a bridge port
    MacAddress mac;
    std::uint64_t received = 0;  ///< packets, where statistics were asked for
};

/// A bridge to be made.
struct NewBridge {
    std::string name;
    std::uint32_t group = 0;
    MacAddress mac;
    std::optional<std::uint32_t> mtu;
};

/// A veth pair to be made: one end here, the other at once in the namespace behind `peer_namespace`, both still down.
struct NewVeth {
    std::string name;
    std::uint32_t group = 0;
    int master = 0;
    std::optional<std::uint32_t> mtu;  ///< of both ends
    std::string peer_name;
    MacAddress peer_mac;
    int peer_namespace = -1;  ///< file descriptor
};

/// What is to become of a link; absent: as it is.
struct LinkChange {
    std::optional<std::string> name = {};
    std::optional<std::uint32_t> group = {};
    std::optional<std::uint32_t> mtu = {};
    std::optional<int> master = {};  ///< 0: out of its bridge
    std::optional<bool> up = {};
};

// The requests, as values.
Message new_bridge_request(const NewBridge& bridge);
Message new_veth_request(const NewVeth& veth);
Message change_link_request(int index, const LinkChange& change);

Message port_flags_request(int index, const PortFlags& flags);
Message close_port_request(int index);

/// The link of that name, or none.
Result<std::optional<Link>> find_link(Socket& socket, const std::string& name, bool with_statistics = false);
/// The link of that index, or none.
Result<std::optional<Link>> find_link(Socket& socket, int index);
Result<std::vector<Link>> list_links(Socket& socket);

Reply add_bridge(Socket& socket, const NewBridge& bridge);
Reply add_veth(Socket& socket, const NewVeth& veth);
Reply change_link(Socket& socket, int index, const LinkChange& change);
/// Sets a link up whose index is not known.
Reply raise_link(Socket& socket, const std::string& name);
Reply set_port_flags(Socket& socket, int index, const PortFlags& flags);
/// Nothing passes a port of a bridge any more, and the bridge forgets who was behind it, until the link changes in any
/// way. Unlike leaving the bridge or going down this waits for no grace period. EBUSY where the bridge runs the
/// spanning tree protocol.
Reply close_port(Socket& socket, int index);
Reply delete_link(Socket& socket, int index);
/// Deletes every link of the group with one request: the kernel waits for one grace period, not for one per link.
Reply delete_group(Socket& socket, std::uint32_t group);

}  // namespace nsr::net::netlink
