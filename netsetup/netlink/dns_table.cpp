#include "netsetup/netlink/dns_table.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4.h>
#include <netinet/in.h>

#include <array>
#include <cerrno>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "netsetup/spec.h"

namespace nsr::net::netlink {
namespace {

const std::string kTable = "ns-register-dns";
const std::string kChain = "out";

// Offsets in the headers of IPv4 (RFC 791), UDP (RFC 768) and TCP (RFC 9293).
constexpr std::uint32_t kIpSource = 12;
constexpr std::uint32_t kIpDestination = 16;
constexpr std::uint32_t kSourcePort = 0;
constexpr std::uint32_t kDestinationPort = 2;
constexpr std::uint32_t kUdpChecksum = 6;
constexpr std::uint32_t kTcpChecksum = 16;
constexpr std::uint32_t kAddressSize = 4;
constexpr std::uint32_t kPortSize = 2;

Message nft_message(int type, int flags) {
    nfgenmsg header{};
    header.nfgen_family = NFPROTO_IPV4;
    header.version = NFNETLINK_V0;
    return {static_cast<std::uint16_t>((NFNL_SUBSYS_NFTABLES << 8) | type), flags, header};
}

Message batch_message(std::uint16_t type) {
    nfgenmsg header{};
    header.version = NFNETLINK_V0;
    header.res_id = htons(NFNL_SUBSYS_NFTABLES);
    return {type, 0, header};
}

/// One rule: packets of `protocol` with the server's address on one side and port `from` there get port `to`.
struct Rewrite {
    std::uint32_t address_offset;
    std::uint32_t port_offset;
    std::uint8_t protocol;
    std::uint32_t checksum_offset;
    std::uint16_t from;
    std::uint16_t to;
};

/// Expressions of a rule, in the order in which the kernel runs them. Numbers of nftables are in network byte order.
class Expressions {
public:
    explicit Expressions(Message& message) : message_(message) {}

    void load(std::uint32_t base, std::uint32_t offset, std::uint32_t size) {
        add("payload", [&] {
            put(NFTA_PAYLOAD_DREG, NFT_REG_1);
            place(base, offset, size);
        });
    }
    void load_protocol() {
        add("meta", [&] {
            put(NFTA_META_DREG, NFT_REG_1);
            put(NFTA_META_KEY, NFT_META_L4PROTO);
        });
    }
    void equals(std::span<const std::uint8_t> bytes) {
        add("cmp", [&] {
            put(NFTA_CMP_SREG, NFT_REG_1);
            put(NFTA_CMP_OP, NFT_CMP_EQ);
            message_.nest(NFTA_CMP_DATA, [&] { message_.put(NFTA_DATA_VALUE, bytes); });
        });
    }
    void skip_conntrack() {
        add("notrack", [] {});
    }
    void store(std::span<const std::uint8_t> bytes, const Rewrite& rewrite) {
        add("immediate", [&] {
            put(NFTA_IMMEDIATE_DREG, NFT_REG_1);
            message_.nest(NFTA_IMMEDIATE_DATA, [&] { message_.put(NFTA_DATA_VALUE, bytes); });
        });
        add("payload", [&] {
            put(NFTA_PAYLOAD_SREG, NFT_REG_1);
            place(NFT_PAYLOAD_TRANSPORT_HEADER, rewrite.port_offset, kPortSize);
            put(NFTA_PAYLOAD_CSUM_TYPE, NFT_PAYLOAD_CSUM_INET);
            put(NFTA_PAYLOAD_CSUM_OFFSET, rewrite.checksum_offset);
        });
    }

private:
    void put(int attribute, std::uint32_t value) { message_.put(attribute, htonl(value)); }
    void place(std::uint32_t base, std::uint32_t offset, std::uint32_t size) {
        put(NFTA_PAYLOAD_BASE, base);
        put(NFTA_PAYLOAD_OFFSET, offset);
        put(NFTA_PAYLOAD_LEN, size);
    }
    void add(const std::string& name, const std::invocable auto& fill) {
        message_.nest(NFTA_LIST_ELEM, [&] {
            message_.put(NFTA_EXPR_NAME, name);
            message_.nest(NFTA_EXPR_DATA, fill);
        });
    }

    Message& message_;
};

std::array<std::uint8_t, 2> port_bytes(std::uint16_t port) {
    return {static_cast<std::uint8_t>(port >> 8), static_cast<std::uint8_t>(port & 0xff)};
}

Message rule_message(const Rewrite& rewrite) {
    Message message = nft_message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
    message.put(NFTA_RULE_TABLE, kTable);
    message.put(NFTA_RULE_CHAIN, kChain);
    const auto address = IpAddress::parse(kDnsAddress).value_or(IpAddress());
    message.nest(NFTA_RULE_EXPRESSIONS, [&] {
        Expressions expressions(message);
        expressions.load(NFT_PAYLOAD_NETWORK_HEADER, rewrite.address_offset, kAddressSize);
        expressions.equals(address.bytes());
        expressions.load_protocol();
        expressions.equals(std::array{rewrite.protocol});
        expressions.load(NFT_PAYLOAD_TRANSPORT_HEADER, rewrite.port_offset, kPortSize);
        expressions.equals(port_bytes(rewrite.from));
        expressions.skip_conntrack();
        expressions.store(port_bytes(rewrite.to), rewrite);
    });
    return message;
}

Message table_message(int type, int flags) {
    Message message = nft_message(type, flags);
    message.put(NFTA_TABLE_NAME, kTable);
    return message;
}

Message chain_message() {
    Message message = nft_message(NFT_MSG_NEWCHAIN, NLM_F_CREATE);
    message.put(NFTA_CHAIN_TABLE, kTable);
    message.put(NFTA_CHAIN_NAME, kChain);
    message.put(NFTA_CHAIN_TYPE, std::string("filter"));
    message.put(NFTA_CHAIN_POLICY, htonl(NF_ACCEPT));
    message.nest(NFTA_CHAIN_HOOK, [&] {
        message.put(NFTA_HOOK_HOOKNUM, htonl(NF_INET_LOCAL_OUT));
        message.put(NFTA_HOOK_PRIORITY, htonl(static_cast<std::uint32_t>(NF_IP_PRI_RAW)));
    });
    return message;
}

}  // namespace

Reply create_dns_table(Socket& netfilter) {
    std::vector<Message> batch;
    batch.push_back(batch_message(NFNL_MSG_BATCH_BEGIN));
    batch.push_back(table_message(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL));
    batch.push_back(chain_message());
    batch.push_back(
        rule_message({kIpDestination, kDestinationPort, IPPROTO_UDP, kUdpChecksum, kDnsPort, kHiddenDnsPort}));
    batch.push_back(
        rule_message({kIpDestination, kDestinationPort, IPPROTO_TCP, kTcpChecksum, kDnsPort, kHiddenDnsPort}));
    batch.push_back(rule_message({kIpSource, kSourcePort, IPPROTO_UDP, kUdpChecksum, kHiddenDnsPort, kDnsPort}));
    batch.push_back(rule_message({kIpSource, kSourcePort, IPPROTO_TCP, kTcpChecksum, kHiddenDnsPort, kDnsPort}));
    batch.push_back(batch_message(NFNL_MSG_BATCH_END));
    return netfilter.exchange_batch(std::move(batch));
}

Result<bool> has_dns_table(Socket& netfilter) {
    const Reply found = netfilter.exchange(table_message(NFT_MSG_GETTABLE, 0));
    if (found) return true;
    if (found.error().number == ENOENT) return false;
    return refuse("look for table '" + kTable + "'", found.error());
}

Reply delete_dns_table(Socket& netfilter) {
    std::vector<Message> batch;
    batch.push_back(batch_message(NFNL_MSG_BATCH_BEGIN));
    // Made first, the table is there to be deleted.
    batch.push_back(table_message(NFT_MSG_NEWTABLE, NLM_F_CREATE));
    batch.push_back(table_message(NFT_MSG_DELTABLE, 0));
    batch.push_back(batch_message(NFNL_MSG_BATCH_END));
    return netfilter.exchange_batch(std::move(batch));
}

}  // namespace nsr::net::netlink
