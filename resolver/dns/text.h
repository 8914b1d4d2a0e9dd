#pragma once

#include <string>
#include <vector>

#include "resolver/dns/types.h"

namespace nsr::dns {

/// A record for people.
struct TextRecord {
    std::string name;
    std::string type;
    std::uint32_t ttl = 0;
    std::string data;  ///< presentation format (RFC 1035 §5.1); types that we do not know as RFC 3597 writes them
};

/// A message for people.
struct TextMessage {
    std::string rcode;
    std::vector<TextRecord> answers;
};

/// Reads what it can of a message; a malformed rest is left out.
TextMessage message_text(Bytes message);

/// RDATA without compressed names, in presentation format.
std::string data_text(RrType type, Bytes data);

}  // namespace nsr::dns
