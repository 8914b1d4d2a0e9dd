#include "resolver/dns/query.h"

#include <algorithm>

namespace nsr::dns {
namespace {

constexpr std::uint16_t kCookieOption = 10;  // RFC 7873
constexpr std::size_t kClientCookieSize = 8;
constexpr std::size_t kCookieMin = 16;  // with a server's part
constexpr std::size_t kCookieMax = 40;
constexpr std::size_t kFixedRecordSize = 10;  // type, class, TTL, RDLENGTH

/// RFC 6891 §6.1.2; a cookie of an impossible length is malformed (RFC 7873 §5.2.2), other options are ignored.
bool read_options(Bytes options, Query& query) {
    while (!options.empty()) {
        if (options.size() < 4) return false;
        const std::uint16_t code = read16(&options[0]);
        const std::size_t size = read16(&options[2]);
        if (options.size() < 4 + size) return false;
        if (code == kCookieOption && query.cookie_size == 0) {
            if (size != kClientCookieSize && (size < kCookieMin || size > kCookieMax)) return false;
            std::copy_n(&options[4], kClientCookieSize, query.client_cookie.begin());
            query.cookie_size = static_cast<std::uint8_t>(size);
            if (size == kClientCookieSize + query.server_cookie.size()) {
                std::copy_n(&options[4 + kClientCookieSize], query.server_cookie.size(), query.server_cookie.begin());
            }
        }
        options = options.subspan(4 + size);
    }
    return true;
}

/// The records behind the question: only OPT means something.
bool read_records(Bytes datagram, std::size_t at, unsigned count, unsigned first_additional, Query& query) {
    for (unsigned index = 0; index < count; ++index) {
        const bool is_root = at < datagram.size() && datagram[at] == 0;
        if (!skip_name(datagram, at) || at + kFixedRecordSize > datagram.size()) return false;
        const std::uint8_t* fixed = &datagram[at];
        const std::size_t size = read16(fixed + 8);
        at += kFixedRecordSize;
        if (at + size > datagram.size()) return false;
        if (read16(fixed) == std::uint16_t(RrType::opt)) {
            if (query.has_edns || !is_root || index < first_additional) return false;
            query.has_edns = true;
            query.edns_size = read16(fixed + 2);
            query.edns_version = fixed[5];
            query.dnssec_ok = (fixed[6] & 0x80) != 0;
            if (!read_options(datagram.subspan(at, size), query)) return false;
        }
        at += size;
    }
    return true;
}

}  // namespace

std::size_t Query::reply_limit(Transport transport) const {
    if (transport == Transport::tcp) return kMessageMax;
    return has_edns ? std::clamp<std::size_t>(edns_size, kUdpLimit, kEdnsLimit) : kUdpLimit;
}

QueryStatus read_query(Bytes datagram, Query& query) {
    if (datagram.size() < kHeaderSize) return QueryStatus::drop;
    const std::uint8_t* header = datagram.data();
    query.id = read16(header);
    query.flags = read16(header + 2);
    query.question_size = 0;
    query.has_edns = false;
    query.dnssec_ok = false;
    query.cookie_size = 0;
    query.edns_version = 0;
    if ((query.flags & kFlagQr) != 0) return QueryStatus::drop;
    if (query.opcode() != std::uint8_t(Opcode::query)) return QueryStatus::not_a_query;
    const unsigned answers = read16(header + 6);
    const unsigned authorities = read16(header + 8);
    const unsigned additionals = read16(header + 10);
    const unsigned questions = read16(header + 4);
    if (questions > 1 || answers > 1 || authorities > 1 || additionals > 2) return QueryStatus::formerr;

    std::size_t at = kHeaderSize;
    const unsigned records = answers + authorities + additionals;
    if (questions == 0) {
        const bool is_whole = read_records(datagram, at, records, answers + authorities, query);
        return is_whole && query.cookie_size > 0 ? QueryStatus::cookie_only : QueryStatus::formerr;
    }
    // A pointer would lead into the header: Name::read refuses it only when it leads forwards, so look here.
    if (!query.name.read(datagram, at) || at - kHeaderSize != query.name.size() + 1 || at + 4 > datagram.size()) {
        return QueryStatus::formerr;
    }
    query.name_size = static_cast<std::uint16_t>(at - kHeaderSize);
    query.question_size = static_cast<std::uint16_t>(query.name_size + 4);
    query.type = RrType{read16(&datagram[at])};
    query.klass = RrClass{read16(&datagram[at + 2])};
    query.hash = hash_name(query.name.wire());
    if (records > 0 && !read_records(datagram, at + 4, records, answers + authorities, query))
        return QueryStatus::formerr;
    return QueryStatus::ok;
}

}  // namespace nsr::dns
