#pragma once

#include "resolver/zone/zone.h"

/// Wildcards by RFC 4592.
namespace nsr::resolver {

/// The wildcard below the closest name that exists, for a name that does not; nullptr if there is none.
const NameEntry* find_wildcard(const Zone& zone, const dns::Name& name);

/// Whether a name lies at or below the domain of a wildcard.
bool is_of_wildcard(const Zone& zone, const dns::Name& name);

}  // namespace nsr::resolver
