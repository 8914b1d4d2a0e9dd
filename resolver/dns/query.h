#pragma once

#include <array>
#include <cstdint>

#include "resolver/dns/cookie.h"
#include "resolver/dns/name.h"
#include "resolver/dns/types.h"

namespace nsr::dns {

/// What became of a datagram that was read as a query.
enum class QueryStatus : std::uint8_t {
    ok,
    drop,         ///< too short for a header, or a response: no reply at all (D-100, D-102)
    formerr,      ///< malformed (D-101, D-103, D-106)
    not_a_query,  ///< another opcode (D-104, D-105)
    cookie_only,  ///< no question, but a cookie: asks for the server's (RFC 7873 §5.4)
};

/// One question as it was asked. Plain and small enough for the stack; refers to no memory but its own, so that it can
/// be kept while the question is forwarded.
struct Query {
    std::uint16_t id = 0;
    std::uint16_t flags = 0;  ///< second word of the header, as received
    Name name;                ///< lower case
    std::uint64_t hash = 0;   ///< of the name
    RrType type = RrType::a;
    RrClass klass = RrClass::in;
    std::uint16_t question_size = 0;  ///< bytes of the question section, which begins behind the header; 0: none read
    std::uint16_t name_size = 0;      ///< of these the name's, with its root label

    bool has_edns = false;
    std::uint8_t edns_version = 0;
    bool dnssec_ok = false;        ///< DO
    std::uint16_t edns_size = 0;   ///< as announced
    std::uint8_t cookie_size = 0;  ///< 0: none; 8: a client's; 16 to 40: with a server's
    ClientCookie client_cookie{};
    /// As it came, with a cookie_size of 24 (ours never have another); the one to be sent once that has been checked.
    ServerCookie server_cookie{};

    bool recursion_desired() const { return (flags & kFlagRd) != 0; }
    bool checking_disabled() const { return (flags & kFlagCd) != 0; }
    std::uint8_t opcode() const { return static_cast<std::uint8_t>((flags & kMaskOpcode) >> 11); }

    /// How many bytes a reply may have. UDP without EDNS: 512 (RFC 1035 §2.3.4); with EDNS the requestor's size, at
    /// least 512 and at most our own 1232 (RFC 6891 §6.2.3). TCP: 65535.
    std::size_t reply_limit(Transport transport) const;
};

/// Reads a query: header, one question, OPT. The name of the question must not be compressed (nothing stands before
/// it). With ok all of `query` is set; with formerr and not_a_query the header, and the question if it could be read.
QueryStatus read_query(Bytes datagram, Query& query);

}  // namespace nsr::dns
