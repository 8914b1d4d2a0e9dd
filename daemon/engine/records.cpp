#include <algorithm>
#include <map>
#include <ranges>
#include <string>
#include <tuple>

#include "daemon/engine/engine.h"
#include "daemon/engine/names.h"
#include "registry/validate.h"
#include "resolver/dns/name.h"
#include "resolver/zone/master_file.h"
#include "resolver/zone/record_data.h"

/// The records that users add to networks.
namespace nsr::daemon {
namespace {

/// Records of one network. Each change of one costs time and memory for all.
constexpr std::size_t kRecordsMax = 65536;

/// What tells two records of a network apart; the same record with another TTL takes the place of the old one.
using Key = std::tuple<std::string, std::string, std::string>;

Key key_of(const registry::Record& record) { return {record.name, record.type, record.data}; }

bool leads_to_itself(const registry::Record& record, const registry::Network& network) {
    if (record.type != "CNAME") return false;
    return record.data == record.name + "." || record.data == record.name + "." + registry::lower(network.name) + ".";
}

}  // namespace

Result<> Engine::add_records(const std::string& network_ref, const std::vector<registry::Record>& records) {
    auto network = registry_.find_network(network_ref);
    if (!network) return fail(std::move(network).error());
    if (!has_names(**network)) return fail(Errc::invalid, "network " + (*network)->name + " has no names");
    std::map<Key, registry::Record> after;
    for (const auto& record : registry_.records_of((*network)->id)) after[key_of(record)] = record;
    const std::size_t before = after.size();
    registry::Changes changes;
    for (const auto& record : records) {
        auto checked = resolver::check_record(record);
        if (!checked) return fail(std::move(checked).error());
        checked->network_id = (*network)->id;
        if (leads_to_itself(*checked, **network)) {
            return fail(Errc::invalid, "'" + checked->name + "' cannot be a CNAME record for itself");
        }
        changes.put_records.push_back(*checked);
        after[key_of(*checked)] = std::move(*checked);
    }
    if (after.size() > std::max(before, kRecordsMax)) {
        return fail(Errc::invalid, "network " + (*network)->name + " would have " + std::to_string(after.size()) +
                                       " records; it may have " + std::to_string(kRecordsMax));
    }
    const auto all = std::views::values(after);
    if (auto valid = resolver::check_owners({all.begin(), all.end()}); !valid) return valid;
    if (auto committed = registry_.commit(std::move(changes)); !committed) return committed;
    put_zone(**network);
    resolver_->publish();
    return {};
}

Result<api::RecordsImported> Engine::import_records(const std::string& network_ref, const std::string& file) {
    auto read = resolver::read_master_file(file);
    if (!read) return fail(std::move(read).error());
    if (auto added = add_records(network_ref, read->records); !added) return fail(std::move(added).error());
    return api::RecordsImported{read->records.size(), read->left_out};
}

Result<> Engine::remove_record(const std::string& network_ref, const registry::Record& record) {
    auto network = registry_.find_network(network_ref);
    if (!network) return fail(std::move(network).error());
    registry::Record wanted = record;
    if (!record.data.empty()) {
        auto checked = resolver::check_record(record);
        if (!checked) return fail(std::move(checked).error());
        wanted = std::move(*checked);
    } else if (const auto name = dns::Name::from_text(record.name)) {
        wanted.name = name->text();
        wanted.type = dns::type_mnemonic(dns::RrType{dns::parse_type(record.type)});
    }
    registry::Changes changes;
    std::ranges::copy_if(registry_.records_of((*network)->id), std::back_inserter(changes.erase_records),
                         [&](const registry::Record& other) {
                             return other.name == wanted.name && other.type == wanted.type &&
                                    (wanted.data.empty() || other.data == wanted.data);
                         });
    if (changes.erase_records.empty()) {
        return fail(Errc::not_found, "network " + (*network)->name + " has no record " + record.name + " " +
                                         record.type + (record.data.empty() ? "" : " " + record.data));
    }
    if (auto committed = registry_.commit(std::move(changes)); !committed) return committed;
    put_zone(**network);
    resolver_->publish();
    return {};
}

Result<std::vector<registry::Record>> Engine::list_records(const std::string& network_ref) {
    auto network = registry_.find_network(network_ref);
    if (!network) return fail(std::move(network).error());
    return registry_.records_of((*network)->id);
}

}  // namespace nsr::daemon
