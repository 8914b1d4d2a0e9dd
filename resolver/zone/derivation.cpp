#include "resolver/zone/derivation.h"

#include <algorithm>

namespace nsr::resolver {
namespace {

using dns::RrType;

/// "name of container 'web.net1', alias of 'db.net1'": an alias, a hostname and a short id are all the same here.
std::string holders_text(const Zone& zone, const NameEntry& entry) {
    std::string text;
    for (const auto& contribution : entry.contributions) {
        const auto whole = entry.name.with_suffix(zone.network());
        const bool is_name = whole && *whole == contribution.canonical;
        text += (text.empty() ? "" : ", ") + std::string(is_name ? "name of '" : "alias of '") +
                contribution.canonical.text() + "'";
    }
    return text;
}

std::string ttl_text(std::uint32_t ttl, const char* whose) {
    return ", ttl " + std::to_string(ttl) + " s (" + whose + ")";
}

}  // namespace

std::string derivation(const Zone& zone, const NameEntry& entry, RrType type) {
    const bool is_address = type == RrType::a || type == RrType::aaaa || type == RrType::any;
    if (is_address && !entry.contributions.empty()) {
        return holders_text(zone, entry) + ttl_text(zone.ttl(), "the network's");
    }
    const auto* cname = entry.cname();
    const auto record = std::ranges::find_if(entry.records, [&](const StoredRecord& each) {
        return cname == &each || each.type == type || type == RrType::any;
    });
    if (record == entry.records.end()) return "record";
    return std::string(dns::type_mnemonic(record->type)) + " record of '" + entry.name.text() + "'" +
           ttl_text(record->ttl, record->has_own_ttl ? "the record's" : "the network's");
}

}  // namespace nsr::resolver
