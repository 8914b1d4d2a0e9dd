#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "registry/model.h"

namespace nsr::resolver {

/// What a master file says.
struct MasterFile {
    std::vector<registry::Record> records;  ///< without a network
    std::size_t left_out = 0;               ///< SOA and NS: the zone is not delegated to us
};

/// Reads a master file (RFC 1035 §5): $ORIGIN, $TTL (RFC 2308 §4), parentheses, quoted strings, comments, escapes, "@",
/// relative names, omitted owners, TTLs and classes; TTLs also as "1h30m". Names are relative to the root until an
/// $ORIGIN. $INCLUDE and other directives, and classes but IN, are refused. Records are as check_record() makes them.
/// Errc::invalid: "line N: what is wrong".
Result<MasterFile> read_master_file(std::string_view text);

}  // namespace nsr::resolver
