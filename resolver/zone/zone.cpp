#include "resolver/zone/zone.h"

#include <algorithm>

namespace nsr::resolver {
namespace {

/// What PTR and SRV point to: NAME.NETWORK; only NAME if that is too long.
dns::Name canonical_name(const std::string& container_name, const dns::Name& network) {
    const auto name = dns::Name::from_text(container_name).value_or(dns::Name());
    return name.with_suffix(network).value_or(name);
}

bool is_wildcard(const dns::Name& name) { return name.size() >= 2 && name.wire()[0] == 1 && name.wire()[1] == '*'; }

/// Fills the RDATA arrays from the contributions.
void index_addresses(NameEntry& entry) {
    entry.ipv4.clear();
    entry.ipv6.clear();
    for (const auto& contribution : entry.contributions) {
        if (contribution.ipv4) std::ranges::copy(contribution.ipv4->bytes(), entry.ipv4.emplace_back().begin());
        if (contribution.ipv6) std::ranges::copy(contribution.ipv6->bytes(), entry.ipv6.emplace_back().begin());
    }
    for (const auto& record : entry.records) {
        if (record.type == dns::RrType::a) std::copy_n(record.data.begin(), 4, entry.ipv4.emplace_back().begin());
        if (record.type == dns::RrType::aaaa) std::copy_n(record.data.begin(), 16, entry.ipv6.emplace_back().begin());
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
    const std::uint64_t hash = dns::hash_name(name.wire());
    const NameEntry* before = names_.find(hash, name);
    auto entry = before ? std::make_shared<NameEntry>(*before) : std::make_shared<NameEntry>();
    entry->name = name;
    entry->hash = hash;
    std::erase_if(entry->contributions, [&](const auto& other) { return other.container_id == container_id; });
    if (contribution != nullptr) entry->contributions.push_back(*contribution);
    put(std::move(entry));
}

void Zone::put(std::shared_ptr<NameEntry> entry) {
    const bool existed = names_.find(entry->hash, entry->name) != nullptr;
    const bool exists = !entry->contributions.empty() || !entry->records.empty();
    if (is_wildcard(entry->name)) wildcards_ = wildcards_ - existed + exists;
    if (!exists) return names_.erase(entry->hash, entry->name);
    index_addresses(*entry);
    const dns::Name key = entry->name;
    names_.put(key, std::shared_ptr<const NameEntry>(std::move(entry)));
}

void Zone::set_records(const std::vector<StoredRecord>& records, const std::vector<dns::Name>& owners) {
    std::vector<dns::Name> touched = record_owners_;
    touched.insert(touched.end(), owners.begin(), owners.end());
    record_owners_ = owners;
    while (!touched.empty()) {
        const dns::Name name = touched.back();
        std::erase(touched, name);
        const std::uint64_t hash = dns::hash_name(name.wire());
        const NameEntry* before = names_.find(hash, name);
        auto entry = before ? std::make_shared<NameEntry>(*before) : std::make_shared<NameEntry>();
        entry->name = name;
        entry->hash = hash;
        entry->records.clear();
        for (std::size_t index = 0; index < records.size(); ++index) {
            if (owners[index] == name) entry->records.push_back(records[index]);
        }
        put(std::move(entry));
    }
}

}  // namespace nsr::resolver
