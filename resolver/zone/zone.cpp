#include "resolver/zone/zone.h"

#include <algorithm>
#include <map>
#include <string>

namespace nsr::resolver {
namespace {

/// What PTR and SRV point to: NAME.NETWORK; only NAME if that is too long.
dns::Name canonical_name(const std::string& container_name, const dns::Name& network) {
    const auto name = dns::Name::from_text(container_name).value_or(dns::Name());
    return name.with_suffix(network).value_or(name);
}

bool is_wildcard(const dns::Name& name) { return name.size() >= 2 && name.wire()[0] == 1 && name.wire()[1] == '*'; }

void index_addresses(NameEntry& entry) {
    entry.ipv4.clear();
    entry.ipv6.clear();
    entry.ipv4_ttl = entry.ipv6_ttl = std::nullopt;
    for (const auto& contribution : entry.contributions) {
        if (contribution.ipv4) std::ranges::copy(contribution.ipv4->bytes(), entry.ipv4.emplace_back().begin());
        if (contribution.ipv6) std::ranges::copy(contribution.ipv6->bytes(), entry.ipv6.emplace_back().begin());
    }
    if (!entry.contributions.empty()) return;
    for (const auto& record : entry.records) {
        if (record.type == dns::RrType::a) {
            std::copy_n(record.data.begin(), 4, entry.ipv4.emplace_back().begin());
            entry.ipv4_ttl = record.ttl;
        } else if (record.type == dns::RrType::aaaa) {
            std::copy_n(record.data.begin(), 16, entry.ipv6.emplace_back().begin());
            entry.ipv6_ttl = record.ttl;
        }
    }
}

/// Records of one type are one set with one TTL: the shortest (RFC 2181 §5.2).
void level_ttls(std::vector<StoredRecord>& records) {
    for (auto& record : records) {
        for (const auto& other : records) {
            if (other.type != record.type || other.ttl >= record.ttl) continue;
            record.ttl = other.ttl;
            record.has_own_ttl = other.has_own_ttl;
        }
    }
}

}  // namespace

std::uint64_t hash_address(const IpAddress& address) { return dns::hash_name(address.bytes()); }

std::vector<dns::Name> names_of_endpoint(const EndpointNames& endpoint) {
    std::vector<dns::Name> names;
    const auto add = [&](const std::string& text) {
        const auto name = dns::Name::from_text(text);
        if (name && std::ranges::find(names, *name) == names.end()) names.push_back(*name);
    };
    add(endpoint.container_name);
    for (const auto& text : endpoint.names) add(text);
    return names;
}

Zone::Zone(const ZoneSpec& spec)
    : network_(dns::Name::from_text(spec.network_name).value_or(dns::Name())), network_labels_(network_.label_count()) {
    configure(spec);
}

void Zone::configure(const ZoneSpec& spec) {
    mode_ = spec.mode;
    ttl_ = spec.ttl_seconds;
    negative_ttl_ = spec.negative_ttl_seconds;
    reverse_subnets_ = spec.reverse_subnets;
}

void Zone::add(const EndpointNames& endpoint, const std::shared_ptr<const std::vector<ServiceLabels>>& services) {
    const Contribution contribution{endpoint.container_id, canonical_name(endpoint.container_name, network_),
                                    endpoint.ipv4, endpoint.ipv6, services};
    for (const auto& name : names_of_endpoint(endpoint)) change(name, endpoint.container_id, &contribution);
    for (const auto& address : {endpoint.ipv4, endpoint.ipv6}) {
        if (!address) continue;
        addresses_.put(*address, std::make_shared<const AddressEntry>(
                                     AddressEntry{*address, hash_address(*address), contribution.canonical}));
    }
}

void Zone::remove(const EndpointNames& endpoint) {
    for (const auto& name : names_of_endpoint(endpoint)) change(name, endpoint.container_id, nullptr);
    for (const auto& address : {endpoint.ipv4, endpoint.ipv6}) {
        if (address) addresses_.erase(hash_address(*address), *address);
    }
}

void Zone::change(const dns::Name& name, const std::string& container_id, const Contribution* contribution) {
    auto entry = changeable(name);
    std::erase_if(entry->contributions, [&](const auto& other) { return other.container_id == container_id; });
    if (contribution != nullptr) entry->contributions.push_back(*contribution);
    put(std::move(entry));
}

/// A copy of the entry of a name, or a new one.
std::shared_ptr<NameEntry> Zone::changeable(const dns::Name& name) const {
    const std::uint64_t hash = dns::hash_name(name.wire());
    const NameEntry* before = names_.find(hash, name);
    auto entry = before ? std::make_shared<NameEntry>(*before) : std::make_shared<NameEntry>();
    entry->name = name;
    entry->hash = hash;
    return entry;
}

void Zone::put(std::shared_ptr<NameEntry> entry) {
    const NameEntry* before = names_.find(entry->hash, entry->name);
    const bool existed = before != nullptr && !before->is_empty();
    const bool exists = !entry->is_empty();
    const dns::Name name = entry->name;
    if (is_wildcard(name)) wildcards_ = wildcards_ - existed + exists;
    if (exists || entry->below > 0) {
        index_addresses(*entry);
        names_.put(name, std::shared_ptr<const NameEntry>(std::move(entry)));
    } else {
        names_.erase(entry->hash, name);
    }
    if (existed != exists) count_above(name, exists);
}

/// Counts a name with those above it, which exist as long as it does (RFC 4592 §2.2.2). Most names have one label and
/// nothing above.
void Zone::count_above(const dns::Name& name, bool is_there) {
    dns::Bytes rest = name.wire();
    if (rest.empty()) return;
    for (rest = rest.subspan(1U + rest[0]); !rest.empty(); rest = rest.subspan(1U + rest[0])) {
        auto entry = changeable(dns::Name::from_wire(rest));
        is_there ? ++entry->below : --entry->below;
        const dns::Name above = entry->name;
        if (entry->is_empty() && entry->below == 0) {
            names_.erase(entry->hash, above);
        } else {
            names_.put(above, std::shared_ptr<const NameEntry>(std::move(entry)));
        }
    }
}

std::vector<dns::Name> Zone::set_records(const std::vector<StoredRecord>& records,
                                         const std::vector<dns::Name>& owners) {
    std::map<std::string, std::vector<StoredRecord>> sets;  // by owner; what is gone stays without records
    if (record_owners_) {
        for (const auto& name : *record_owners_) sets[name.text()];
    }
    for (std::size_t index = 0; index < records.size(); ++index) sets[owners[index].text()].push_back(records[index]);
    record_owners_ = std::make_shared<const std::vector<dns::Name>>(owners);
    std::vector<dns::Name> changed;
    for (auto& [owner, set] : sets) {
        const dns::Name name = *dns::Name::from_text(owner);
        level_ttls(set);
        // One record more on a network of thousands shall not cost what thousands do.
        const NameEntry* before = names_.find(dns::hash_name(name.wire()), name);
        if (before != nullptr && before->records == set) continue;
        auto entry = changeable(name);
        entry->records = std::move(set);
        put(std::move(entry));
        changed.push_back(name);
    }
    return changed;
}

}  // namespace nsr::resolver
