#include "resolver/zone/wildcard.h"

namespace nsr::resolver {
namespace {

constexpr std::uint8_t kStar[] = {1, '*'};

/// The entry of "*.PARENT", or nullptr.
const NameEntry* wildcard_below(const Zone& zone, const dns::Name& parent) {
    const auto wildcard = dns::Name::from_wire(kStar).with_suffix(parent);
    return wildcard ? zone.find(dns::hash_name(wildcard->wire()), *wildcard) : nullptr;
}

}  // namespace

const NameEntry* find_wildcard(const Zone& zone, const dns::Name& name) {
    dns::Bytes rest = name.wire();
    while (!rest.empty()) {
        rest = rest.subspan(1U + rest[0]);
        const dns::Name parent = dns::Name::from_wire(rest);
        if (const NameEntry* entry = wildcard_below(zone, parent)) return entry;
        if (!rest.empty() && zone.find(dns::hash_name(rest), parent) != nullptr) return nullptr;
    }
    return nullptr;
}

bool is_of_wildcard(const Zone& zone, const dns::Name& name) {
    if (!zone.has_wildcards()) return false;
    for (dns::Bytes rest = name.wire();; rest = rest.subspan(1U + rest[0])) {
        if (wildcard_below(zone, dns::Name::from_wire(rest)) != nullptr) return true;
        if (rest.empty()) return false;
    }
}

}  // namespace nsr::resolver
