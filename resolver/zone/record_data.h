#pragma once

#include <vector>

#include "common/result.h"
#include "resolver/zone/zone.h"

namespace nsr::resolver {

/// A user's record in wire form: A, AAAA, CNAME, TXT, SRV, MX and PTR with data in presentation format (RFC 1035 §5.1).
/// `default_ttl` is the network's. One sentence for what is wrong with it.
Result<StoredRecord> store_record(const registry::Record& record, std::uint32_t default_ttl);

/// The most bytes of a TXT record's data, so that it fits a reply over TCP with room to spare.
inline constexpr std::size_t kRecordDataMax = 16384;

/// The record as it is kept: name in lower case without the trailing dot, type as its mnemonic, data in one form, so
/// that the same record is told to be the same however it was written. Errc::invalid for what is none.
Result<registry::Record> check_record(registry::Record record);

/// Whether the records of a network, checked each, may stand together: a CNAME is its owner's only record (RFC 1034
/// §3.6.2). Errc::conflict with the owner's name.
Result<> check_owners(const std::vector<registry::Record>& records);

}  // namespace nsr::resolver
