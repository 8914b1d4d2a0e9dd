#pragma once

#include "common/result.h"
#include "resolver/zone/zone.h"

namespace nsr::resolver {

/// A user's record in wire form: A, AAAA, CNAME, TXT, SRV, MX and PTR with data in presentation format (RFC 1035 §5.1).
/// `default_ttl` is the network's. One sentence for what is wrong with it.
Result<StoredRecord> store_record(const registry::Record& record, std::uint32_t default_ttl);

}  // namespace nsr::resolver
