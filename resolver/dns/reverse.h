#pragma once

#include <optional>

#include "common/ip.h"
#include "resolver/dns/name.h"

namespace nsr::dns {

/// What a name below in-addr.arpa or ip6.arpa stands for.
struct ReverseName {
    IpPrefix prefix;               ///< the address (full length), or what the labels so far say of it
    std::size_t extra_labels = 0;  ///< in front of that: "x.1.0.0.10.in-addr.arpa", "x.0.10.in-addr.arpa"
};

/// Reads a reverse name (RFC 1035 §3.5, RFC 3596 §2.5), from the right as far as labels are numbers. nullopt for other
/// names.
std::optional<ReverseName> read_reverse(const Name& name);

/// How many labels (without the root) the reverse zone of a subnet has: 5 for a /24. Rounded to whole labels.
std::size_t reverse_zone_labels(const IpPrefix& subnet);

}  // namespace nsr::dns
