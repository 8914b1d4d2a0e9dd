#pragma once

#include <string>

#include "resolver/zone/zone.h"

namespace nsr::resolver {

/// For people: by whose name, alias or record an entry answers a type, and where the TTL comes from.
std::string derivation(const Zone& zone, const NameEntry& entry, dns::RrType type);

}  // namespace nsr::resolver
