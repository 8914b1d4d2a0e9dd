#include "resolver/dns/text.h"

#include <fmt/format.h>

#include "common/ip.h"
#include "resolver/dns/message.h"
#include "resolver/dns/name.h"

namespace nsr::dns {
namespace {

/// RFC 3597 §5.
std::string unknown_data(Bytes data) {
    std::string text = fmt::format("\\# {}", data.size());
    if (!data.empty()) text += ' ';
    for (const std::uint8_t byte : data) text += fmt::format("{:02x}", byte);
    return text;
}

std::string name_at(Bytes message, std::size_t at) {
    Name name;
    return name.read(message, at) ? name.text() + (name.empty() ? "" : ".") : "";
}

std::string strings_text(Bytes data) {
    std::string text;
    while (!data.empty()) {
        const std::size_t size = std::min<std::size_t>(data[0], data.size() - 1);
        text += text.empty() ? "\"" : " \"";
        for (const std::uint8_t byte : data.subspan(1, size)) {
            if (byte == '"' || byte == '\\') text += '\\';
            if (byte >= 0x20 && byte < 0x7f)
                text += static_cast<char>(byte);
            else
                text += fmt::format("\\{:03}", byte);
        }
        text += '"';
        data = data.subspan(1 + size);
    }
    return text;
}

std::string data_in(Bytes message, RrType type, std::size_t at, std::size_t size) {
    const Bytes data = message.subspan(at, size);
    switch (type) {
        case RrType::a:
            if (data.size() == 4) return IpAddress::v4(data.first<4>()).text();
            break;
        case RrType::aaaa:
            if (data.size() == 16) return IpAddress::v6(data.first<16>()).text();
            break;
        case RrType::cname:
        case RrType::ns:
        case RrType::ptr:
            return name_at(message, at);
        case RrType::mx:
            if (data.size() > 2) return fmt::format("{} {}", read16(&data[0]), name_at(message, at + 2));
            break;
        case RrType::srv:
            if (data.size() > 6) {
                return fmt::format("{} {} {} {}", read16(&data[0]), read16(&data[2]), read16(&data[4]),
                                   name_at(message, at + 6));
            }
            break;
        case RrType::txt:
            return strings_text(data);
        default:
            break;
    }
    return unknown_data(data);
}

std::string type_text(RrType type) {
    const auto mnemonic = type_mnemonic(type);
    return mnemonic.empty() ? fmt::format("TYPE{}", std::uint16_t(type)) : std::string(mnemonic);
}

}  // namespace

std::string data_text(RrType type, Bytes data) { return data_in(data, type, 0, data.size()); }

TextMessage message_text(Bytes message) {
    TextMessage text;
    if (message.size() < kHeaderSize) return text;
    text.rcode = rcode_name(Rcode{static_cast<std::uint16_t>(read16(&message[2]) & kMaskRcode)});
    RecordWalk walk(message);
    while (const auto record = walk.next()) {
        if (record->section != 0) break;
        text.answers.push_back({name_at(message, record->start), type_text(record_type(message, *record)),
                                record_ttl(message, *record),
                                data_in(message, record_type(message, *record), record->data, record->data_size)});
    }
    return text;
}

}  // namespace nsr::dns
