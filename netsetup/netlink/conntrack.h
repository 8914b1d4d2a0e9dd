#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "netsetup/netlink/socket.h"

namespace nsr::net::netlink {

/// One direction of a flow.
struct FlowTuple {
    IpAddress source;
    IpAddress destination;
    std::uint8_t protocol = 0;  ///< IPPROTO_*
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;

    bool operator==(const FlowTuple&) const = default;
};

/// What the kernel remembers of a flow: how it came, and how its answers come (other than reversed if it is
/// translated).
struct Flow {
    FlowTuple original;
    FlowTuple reply;
    std::uint32_t id = 0;
    bool answered = false;  ///< packets of both directions were seen

    bool operator==(const Flow&) const = default;
};

/// Which flows of a family are listed. Kernels before 5.8 list all of the family, so callers look for themselves, too.
struct FlowFilter {
    Family family = Family::v4;
    std::optional<IpAddress> original_source = {};
    std::optional<IpAddress> reply_source = {};
    std::optional<std::uint8_t> protocol = {};
};

Message list_flows_message(const FlowFilter& filter);
Message delete_flow_message(const Flow& flow);

/// `netfilter` is a socket of that subsystem. Without flows of other zones, which are not ours.
Result<std::vector<Flow>> list_flows(Socket& netfilter, const FlowFilter& filter);

/// No-op for a flow that has ended by itself.
Result<> delete_flow(Socket& netfilter, const Flow& flow);

}  // namespace nsr::net::netlink
