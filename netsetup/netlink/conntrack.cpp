#include "netsetup/netlink/conntrack.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/attr.h>

#include <array>
#include <cerrno>

namespace nsr::net::netlink {
namespace {

// What a filter looks at (the kernel's nf_internals.h; not in its user headers).
constexpr std::uint32_t kFilterSource = 1U << 0;
constexpr std::uint32_t kFilterProtocol = 1U << 3;

Message conntrack_message(int type, int flags, Family family) {
    const nfgenmsg header{.nfgen_family = number_of(family), .version = NFNETLINK_V0, .res_id = 0};
    return {static_cast<std::uint16_t>((NFNL_SUBSYS_CTNETLINK << 8) | type), flags, header};
}

void put_address(Message& message, int v4_attribute, int v6_attribute, const IpAddress& address) {
    message.put(address.is_v4() ? v4_attribute : v6_attribute, address);
}

void put_tuple(Message& message, int attribute, const FlowTuple& tuple) {
    message.nest(attribute, [&] {
        message.nest(CTA_TUPLE_IP, [&] {
            put_address(message, CTA_IP_V4_SRC, CTA_IP_V6_SRC, tuple.source);
            put_address(message, CTA_IP_V4_DST, CTA_IP_V6_DST, tuple.destination);
        });
        message.nest(CTA_TUPLE_PROTO, [&] {
            message.put(CTA_PROTO_NUM, tuple.protocol);
            message.put(CTA_PROTO_SRC_PORT, htons(tuple.source_port));
            message.put(CTA_PROTO_DST_PORT, htons(tuple.destination_port));
        });
    });
}

void put_filter_tuple(Message& message, int attribute, const std::optional<IpAddress>& source,
                      const std::optional<std::uint8_t>& protocol) {
    message.nest(attribute, [&] {
        if (source) {
            message.nest(CTA_TUPLE_IP, [&] { put_address(message, CTA_IP_V4_SRC, CTA_IP_V6_SRC, *source); });
        }
        if (protocol) message.nest(CTA_TUPLE_PROTO, [&] { message.put(CTA_PROTO_NUM, *protocol); });
    });
}

using Attributes = std::array<nlattr*, 64>;

Attributes attributes_in(nlattr* nest) {
    Attributes found{};
    if (nest != nullptr) nla_parse_nested(found.data(), found.size() - 1, nest, nullptr);
    return found;
}

std::uint16_t port_in(nlattr* attribute) { return attribute == nullptr ? 0 : ntohs(nla_get_u16(attribute)); }

std::optional<FlowTuple> tuple_in(nlattr* nest) {
    const Attributes parts = attributes_in(nest);
    const Attributes addresses = attributes_in(parts[CTA_TUPLE_IP]);
    const Attributes protocol = attributes_in(parts[CTA_TUPLE_PROTO]);
    const bool v4 = addresses[CTA_IP_V4_SRC] != nullptr;
    const auto source = address_in(addresses[v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC]);
    const auto destination = address_in(addresses[v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST]);
    if (!source || !destination || protocol[CTA_PROTO_NUM] == nullptr) return std::nullopt;
    return FlowTuple{.source = *source,
                     .destination = *destination,
                     .protocol = nla_get_u8(protocol[CTA_PROTO_NUM]),
                     .source_port = port_in(protocol[CTA_PROTO_SRC_PORT]),
                     .destination_port = port_in(protocol[CTA_PROTO_DST_PORT])};
}

std::optional<Flow> flow_in(nlmsghdr* answer) {
    Attributes found{};
    if (nlmsg_parse(answer, sizeof(nfgenmsg), found.data(), found.size() - 1, nullptr) < 0) return std::nullopt;
    if (found[CTA_ZONE] != nullptr || found[CTA_ID] == nullptr) return std::nullopt;
    const auto original = tuple_in(found[CTA_TUPLE_ORIG]);
    const auto reply = tuple_in(found[CTA_TUPLE_REPLY]);
    if (!original || !reply) return std::nullopt;
    const std::uint32_t status = found[CTA_STATUS] == nullptr ? 0 : ntohl(nla_get_u32(found[CTA_STATUS]));
    return Flow{.original = *original,
                .reply = *reply,
                .id = nla_get_u32(found[CTA_ID]),
                .answered = (status & IPS_SEEN_REPLY) != 0};
}

}  // namespace

Message list_flows_message(const FlowFilter& filter) {
    Message message = conntrack_message(IPCTNL_MSG_CT_GET, NLM_F_DUMP, filter.family);
    const auto flags = [](const auto& source, const auto& protocol) {
        return (source ? kFilterSource : 0U) | (protocol ? kFilterProtocol : 0U);
    };
    const std::uint32_t original = flags(filter.original_source, filter.protocol);
    const std::uint32_t reply = flags(filter.reply_source, std::optional<std::uint8_t>());
    if (original == 0 && reply == 0) return message;
    if (original != 0) put_filter_tuple(message, CTA_TUPLE_ORIG, filter.original_source, filter.protocol);
    if (reply != 0) put_filter_tuple(message, CTA_TUPLE_REPLY, filter.reply_source, {});
    message.nest(CTA_FILTER, [&] {
        message.put(CTA_FILTER_ORIG_FLAGS, original);
        message.put(CTA_FILTER_REPLY_FLAGS, reply);
    });
    return message;
}

Message delete_flow_message(const Flow& flow) {
    Message message = conntrack_message(IPCTNL_MSG_CT_DELETE, 0, flow.original.source.family());
    put_tuple(message, CTA_TUPLE_ORIG, flow.original);
    message.put(CTA_ID, flow.id);  // as it came, in network byte order
    return message;
}

Result<std::vector<Flow>> list_flows(Socket& netfilter, const FlowFilter& filter) {
    return netfilter.dump<Flow>(
        "list flows", [&] { return list_flows_message(filter); },
        [](nlmsghdr* answer, std::vector<Flow>& flows) {
            if (auto flow = flow_in(answer)) flows.push_back(std::move(*flow));
        });
}

Result<> delete_flow(Socket& netfilter, const Flow& flow) {
    const Reply deleted = netfilter.exchange(delete_flow_message(flow));
    if (!deleted && deleted.error().number != ENOENT) return refuse("delete a flow", deleted.error());
    return {};
}

}  // namespace nsr::net::netlink
