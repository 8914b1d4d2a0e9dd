#include "resolver/zone/record_data.h"

#include <charconv>
#include <sstream>

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

/// Words of a presentation format; "quoted words" may hold blanks and \" and \\.
std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == ' ' || text[at] == '\t') {
            ++at;
            continue;
        }
        std::string word;
        const bool quoted = text[at] == '"';
        if (quoted) ++at;
        while (at < text.size() && (quoted ? text[at] != '"' : text[at] != ' ' && text[at] != '\t')) {
            if (quoted && text[at] == '\\' && at + 1 < text.size()) ++at;
            word += text[at++];
        }
        if (quoted) ++at;
        words.push_back(std::move(word));
    }
    return words;
}

/// `numbers` 16-bit numbers, then a name: SRV has three, MX one, CNAME and PTR none.
bool store_target(const std::vector<std::string>& words, std::size_t numbers, StoredRecord& stored) {
    if (words.size() != numbers + 1) return false;
    for (std::size_t index = 0; index < numbers; ++index) {
        if (!append_number(stored.data, words[index])) return false;
    }
    const auto target = dns::Name::from_text(words.back());
    if (!target) return false;
    stored.target = *target;
    append_name(stored.data, *target);
    return true;
}

bool store_text(const std::vector<std::string>& words, StoredRecord& stored) {
    constexpr std::size_t kStringMax = 255;
    for (const auto& word : words) {
        if (word.size() > kStringMax) return false;
        stored.data.push_back(static_cast<std::uint8_t>(word.size()));
        stored.data.insert(stored.data.end(), word.begin(), word.end());
    }
    return !words.empty();
}

bool store_address(const std::string& text, Family family, StoredRecord& stored) {
    const auto address = IpAddress::parse(text);
    if (!address || address->family() != family) return false;
    stored.data.assign(address->bytes().begin(), address->bytes().end());
    return true;
}

bool store_data(const registry::Record& record, StoredRecord& stored) {
    const auto words = words_of(record.data);
    switch (stored.type) {
        case dns::RrType::a:
            return store_address(record.data, Family::v4, stored);
        case dns::RrType::aaaa:
            return store_address(record.data, Family::v6, stored);
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

}  // namespace nsr::resolver
