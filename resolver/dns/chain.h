#pragma once

#include <cstdint>
#include <vector>

#include "resolver/dns/query.h"

/// CNAME records of ours that lead outside: what to ask an upstream, and how its answer is put to them.
namespace nsr::dns {

/// The query for the name that a chain ends with: the client's header, type, class and OPT. `chain` is a reply that
/// begins with CNAME records, the first owned by the question's name.
std::vector<std::uint8_t> write_target_query(Bytes client_datagram, const Query& query, Bytes chain);

/// What the client gets: the records of the chain, then those of the upstream's reply to write_target_query(), with its
/// rcode (RFC 2308 §2.1) and flags. If the answer section does not fit, nothing of it, and TC. A reply that says
/// neither NOERROR nor NXDOMAIN is passed on without records, with its Extended DNS Error. `out` has at least `limit`
/// bytes; SERVFAIL if the reply is malformed.
std::size_t write_chain_reply(Bytes chain, const Query& query, Bytes reply, std::size_t limit, Buffer out);

}  // namespace nsr::dns
