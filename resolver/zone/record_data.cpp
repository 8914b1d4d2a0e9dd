#include "resolver/zone/record_data.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "resolver/dns/text.h"
#include "resolver/zone/words.h"

namespace nsr::resolver {
namespace {

using Data = std::vector<std::uint8_t>;

std::unexpected<Error> wrong(const registry::Record& record) {
    return fail(Errc::invalid, "invalid data for a record of type " + record.type + ": '" + record.data + "'");
}

void append16(Data& data, std::uint16_t value) {
    data.push_back(static_cast<std::uint8_t>(value >> 8));
    data.push_back(static_cast<std::uint8_t>(value));
}

void append_name(Data& data, const dns::Name& name) {
    data.insert(data.end(), name.wire().begin(), name.wire().end());
    data.push_back(0);
}

bool append_number(Data& data, const std::string& text) {
    std::uint16_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return false;
    append16(data, value);
    return true;
}

/// `numbers` 16-bit numbers, then a name: SRV has three, MX one, CNAME and PTR none.
bool store_target(const std::vector<Word>& words, std::size_t numbers, StoredRecord& stored) {
    if (words.size() != numbers + 1) return false;
    for (std::size_t index = 0; index < numbers; ++index) {
        if (!append_number(stored.data, words[index].text)) return false;
    }
    const auto target = dns::Name::from_text(words.back().text);
    if (!target) return false;
    stored.target = *target;
    append_name(stored.data, *target);
    return true;
}

bool store_text(const std::vector<Word>& words, StoredRecord& stored) {
    constexpr std::size_t kStringMax = 255;
    for (const auto& word : words) {
        const auto bytes = decode_word(word.text);
        if (!bytes || bytes->size() > kStringMax) return false;
        stored.data.push_back(static_cast<std::uint8_t>(bytes->size()));
        stored.data.insert(stored.data.end(), bytes->begin(), bytes->end());
    }
    return !words.empty() && stored.data.size() <= kRecordDataMax;
}

bool store_address(const std::vector<Word>& words, Family family, StoredRecord& stored) {
    if (words.size() != 1) return false;
    const auto address = IpAddress::parse(words[0].text);
    if (!address || address->family() != family) return false;
    stored.data.assign(address->bytes().begin(), address->bytes().end());
    return true;
}

bool store_data(const registry::Record& record, StoredRecord& stored) {
    const auto split = split_words(record.data);
    if (!split) return false;
    const auto& words = *split;
    switch (stored.type) {
        case dns::RrType::a:
            return store_address(words, Family::v4, stored);
        case dns::RrType::aaaa:
            return store_address(words, Family::v6, stored);
        case dns::RrType::cname:
        case dns::RrType::ptr:
            return store_target(words, 0, stored);
        case dns::RrType::mx:
            return store_target(words, 1, stored);
        case dns::RrType::srv:
            return store_target(words, 3, stored);
        case dns::RrType::txt:
            return store_text(words, stored);
        default:
            return false;
    }
}

}  // namespace

Result<StoredRecord> store_record(const registry::Record& record, std::uint32_t default_ttl) {
    StoredRecord stored;
    stored.type = dns::RrType{dns::parse_type(record.type)};
    stored.ttl = record.ttl.value_or(default_ttl);
    stored.has_own_ttl = record.ttl.has_value();
    switch (stored.type) {
        case dns::RrType::a:
        case dns::RrType::aaaa:
        case dns::RrType::cname:
        case dns::RrType::ptr:
        case dns::RrType::mx:
        case dns::RrType::srv:
        case dns::RrType::txt:
            break;
        default:
            return fail(Errc::invalid, "records of type '" + record.type + "' are not supported");
    }
    if (!store_data(record, stored)) return wrong(record);
    return stored;
}

Result<registry::Record> check_record(registry::Record record) {
    const auto name = dns::Name::from_text(record.name);
    if (!name || name->empty()) return fail(Errc::invalid, "'" + record.name + "' is not a domain name");
    const auto stored = store_record(record, 0);
    if (!stored) return fail(stored.error());
    record.name = name->text();
    record.type = dns::type_mnemonic(stored->type);
    record.data = dns::data_text(stored->type, stored->data);
    return record;
}

Result<> check_owners(const std::vector<registry::Record>& records) {
    struct Owner {
        std::size_t records = 0;
        bool has_cname = false;
    };
    std::map<std::string_view, Owner> owners;
    for (const auto& record : records) {
        Owner& owner = owners[record.name];
        ++owner.records;
        owner.has_cname |= record.type == "CNAME";
    }
    for (const auto& [name, owner] : owners) {
        if (!owner.has_cname || owner.records == 1) continue;
        return fail(Errc::conflict, "'" + std::string(name) + "' has a CNAME record and others: a CNAME stands alone");
    }
    return {};
}

}  // namespace nsr::resolver
