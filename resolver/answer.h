#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/random.h"
#include "resolver/dns/query.h"
#include "resolver/zone/snapshot.h"

namespace nsr::resolver {

enum class Verdict : std::uint8_t {
    drop,     ///< send nothing
    reply,    ///< send the first `size` bytes of `out`: an answer from the zones
    error,    ///< the same: FORMERR, NOTIMP, REFUSED, BADVERS, SERVFAIL
    forward,  ///< ask an upstream; `query` says what
    /// The name is a user's CNAME record for one outside: the first `size` bytes of `out` are a reply with the chain;
    /// dns/chain.h says what to ask, and how the upstream's answer is put to it.
    forward_target,
};

struct Outcome {
    Verdict verdict = Verdict::drop;
    std::size_t size = 0;
};

/// How an answer came about, a sentence per step.
using Trace = std::vector<std::string>;

/// Decides one query: the order of docker-behaviour parts 1.2 to 1.6. Allocates nothing and takes no lock if `trace` is
/// nullptr. `out` has at least reply_limit(transport) bytes; for UDP kEdnsLimit suffices, for TCP kMessageMax.
Outcome answer(dns::Bytes datagram, dns::Transport transport, const Snapshot& snapshot, Slot view, FastRandom& random,
               dns::Buffer out, dns::Query& query, Trace* trace = nullptr);

/// A reply without records to a query that was read (its question taken from `datagram`): for what the forwarder cannot
/// answer. With `ede`, and if the client spoke EDNS, an Extended DNS Error (RFC 8914). Returns its size.
std::size_t write_error(dns::Bytes datagram, const dns::Query& query, dns::Rcode rcode, dns::Ede ede, dns::Buffer out);

}  // namespace nsr::resolver
