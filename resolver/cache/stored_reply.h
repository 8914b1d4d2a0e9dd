#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/clock.h"
#include "resolver/dns/query.h"

namespace nsr::resolver {

// How long a reply may be kept, whatever it says of itself.
inline constexpr std::chrono::seconds kCacheTtlMax{86400};     ///< of an answer (RFC 8767 §4: at most a week)
inline constexpr std::chrono::seconds kCacheDenialMax{10800};  ///< of a denial (RFC 2308 §5: one to three hours)
inline constexpr std::uint32_t kStaleTtl = 30;                 ///< of records past their time (RFC 8767 §4)

/// A reply of an upstream that may be given again: without OPT, the name in its question in lower case.
struct StoredReply {
    std::vector<std::uint8_t> message;
    std::vector<std::uint16_t> ttls;  ///< where the TTLs of its records stand
    std::chrono::seconds lifetime{};
    bool is_denial = false;  ///< NXDOMAIN or NODATA
};

/// Whether a question's answer may be kept at all: a recursive one of class IN for a type that is data.
bool is_cacheable(const dns::Query& query);

/// What of a reply to `query` can be kept: NOERROR and NXDOMAIN only, whole, for as long as the least of its TTLs, a
/// denial as its SOA says (RFC 2308 §5, and not at all without one). nullopt if nothing.
std::optional<StoredReply> store_reply(dns::Bytes reply, const dns::Query& query);

/// How old what is given is.
struct Age {
    std::uint32_t seconds = 0;  ///< since it came
    bool is_stale = false;      ///< past its time: TTLs are kStaleTtl, and the client is told so (RFC 8914, code 3)
};

/// Writes a stored reply as the client of `query` gets it: its id, the question as it wrote it, TTLs counted down, OPT
/// only if it sent one, TC if it does not fit into `limit` bytes. `datagram` is the client's. Returns the size; 0 if
/// it cannot be written.
std::size_t write_stored(dns::Bytes message, std::span<const std::uint16_t> ttls, Age age, dns::Bytes datagram,
                         const dns::Query& query, std::size_t limit, dns::Buffer out);

}  // namespace nsr::resolver
