/// The records of a name: which are answered, and what goes with them.
#include <algorithm>

#include "resolver/answer_responder.h"

namespace nsr::resolver {
namespace {

using dns::Reply;
using dns::RrType;

/// The most addresses of one name that a reply can hold: 64 KiB of records with a compressed owner.
constexpr std::size_t kAddressesMax = (dns::kMessageMax - dns::kHeaderSize) / 16;

/// Whether a record is answered: what a container says of the same name goes before.
bool is_answered(const NameEntry& entry, const StoredRecord& record) {
    return entry.contributions.empty() ||
           (record.type != RrType::a && record.type != RrType::aaaa && record.type != RrType::cname);
}

}  // namespace

bool Responder::has_data(const NameEntry& entry) const {
    if (entry.cname() != nullptr) return true;
    if (query_.type == RrType::a) return !entry.ipv4.empty();
    if (query_.type == RrType::aaaa) return !entry.ipv6.empty();
    const bool any = query_.type == RrType::any;
    if (any && (!entry.ipv4.empty() || !entry.ipv6.empty())) return true;
    return std::ranges::any_of(entry.records, [&](const auto& record) {
        return (any || record.type == query_.type) && is_answered(entry, record);
    });
}

bool Responder::add_data(const Match& match) {
    const NameEntry& entry = *match.entry;
    const auto add_ipv4 = [&] {
        return add_addresses(RrType::a, std::span(entry.ipv4.data(), entry.ipv4.size()),
                             entry.ipv4_ttl.value_or(match.zone->ttl()));
    };
    const auto add_ipv6 = [&] {
        return add_addresses(RrType::aaaa, std::span(entry.ipv6.data(), entry.ipv6.size()),
                             entry.ipv6_ttl.value_or(match.zone->ttl()));
    };
    switch (query_.type) {
        case RrType::a:
            return add_ipv4();
        case RrType::aaaa:
            return add_ipv6();
        case RrType::any:
            return add_ipv4() && add_ipv6() && add_records(entry, RrType::any);
        case RrType::mx:
        case RrType::srv:
            if (!add_records(entry, query_.type)) return false;
            add_addresses_of_targets(entry);
            return true;
        default:
            return add_records(entry, query_.type);
    }
}

/// All addresses in an order of their own for each reply (D-32), or none.
template <std::size_t Size>
bool Responder::add_addresses(RrType type, std::span<const std::array<std::uint8_t, Size>> addresses,
                              std::uint32_t ttl) {
    if (addresses.size() == 1) return reply_.add(Reply::Section::answer, owner_, type, ttl, addresses[0]);
    if (addresses.size() > kAddressesMax) return false;
    std::array<std::uint16_t, kAddressesMax> order;  // only the first addresses.size() mean something
    const auto count = static_cast<std::uint16_t>(addresses.size());
    for (std::uint16_t index = 0; index < count; ++index) order[index] = index;
    for (std::uint16_t index = 0; index < count; ++index) {
        std::swap(order[index], order[index + random_.below(static_cast<std::uint32_t>(count - index))]);
        const auto& address = addresses[order[index]];
        if (!reply_.add(Reply::Section::answer, owner_, type, ttl, address)) return false;
    }
    return true;
}

bool Responder::add_records(const NameEntry& entry, RrType type) {
    for (const auto& record : entry.records) {
        const bool is_address = record.type == RrType::a || record.type == RrType::aaaa;  // among the addresses already
        if (is_address || (type != RrType::any && record.type != type) || !is_answered(entry, record)) continue;
        if (!reply_.add(Reply::Section::answer, owner_, record.type, record.ttl, record.data)) return false;
    }
    return true;
}

/// The addresses of the hosts that MX and SRV records lead to (RFC 1035 §3.3.9, RFC 2782), where they are ours: each
/// host once, and as many as fit.
void Responder::add_addresses_of_targets(const NameEntry& entry) {
    for (auto record = entry.records.begin(); record != entry.records.end(); ++record) {
        if (record->type != query_.type || record->target.empty()) continue;
        const bool was_before = std::any_of(entry.records.begin(), record, [&](const auto& other) {
            return other.type == query_.type && other.target == record->target;
        });
        if (!was_before && !add_addresses_of(record->target)) return;
    }
}

/// Additional records are a courtesy: what does not fit is left out by whole sets, without TC (RFC 2181 §9).
bool Responder::add_addresses_of(const dns::Name& target) {
    const Lookup quiet(snapshot_, view_, nullptr);
    const auto hash = dns::hash_name(target.wire());
    const auto add_set = [&](RrType type, const auto& addresses, std::uint32_t ttl) {
        const Reply::Mark before = reply_.mark();
        const bool whole = std::ranges::all_of(addresses, [&](const auto& address) {
            return reply_.add_named(Reply::Section::additional, target, type, ttl, address);
        });
        if (!whole) reply_.take_back(before);
        return whole;
    };
    bool fits = true;
    quiet.each_match(target, hash, [&](const Match& match) {
        const NameEntry& host = *match.entry;
        if (host.ipv4.empty()) return false;
        fits = add_set(RrType::a, host.ipv4, host.ipv4_ttl.value_or(match.zone->ttl()));
        return true;
    });
    if (!fits) return false;
    quiet.each_match(target, hash, [&](const Match& match) {
        const NameEntry& host = *match.entry;
        if (host.ipv6.empty()) return false;
        fits = add_set(RrType::aaaa, host.ipv6, host.ipv6_ttl.value_or(match.zone->ttl()));
        return true;
    });
    return fits;
}

}  // namespace nsr::resolver
