#include "resolver/cache/stored_reply.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "resolver/dns/message.h"

namespace nsr::resolver {
namespace {

using dns::RrType;

constexpr std::size_t kOptSize = 11;
constexpr std::size_t kOptionHead = 4;  // code, length
constexpr std::size_t kCookieOptionSize = kOptionHead + sizeof(dns::ClientCookie) + sizeof(dns::ServerCookie);
constexpr std::size_t kEdeOptionSize = kOptionHead + 2;
constexpr std::uint16_t kCookieOption = 10;  // RFC 7873
constexpr std::uint16_t kEdeOption = 15;     // RFC 8914
constexpr std::size_t kTtlOffset = 4;        // behind type and class

/// What one walk over a reply finds out.
struct Survey {
    std::vector<std::uint16_t> ttls;
    std::uint32_t least_ttl = 0xffffffff;
    std::optional<std::uint32_t> soa_ttl;  ///< min(TTL, MINIMUM) of the SOA in the authority section
    std::size_t soa_ttl_at = 0;
    bool has_data = false;  ///< an answer of the type that was asked for
    std::size_t end = 0;
    bool has_opt = false;
    bool is_plain = true;  ///< no signature of the transaction, OPT behind everything else
};

/// A TTL with its highest bit set is 0 (RFC 2181 §8).
std::uint32_t sane_ttl(std::uint32_t ttl) { return ttl > 0x7fffffff ? 0 : ttl; }

void survey_soa(dns::Bytes reply, const dns::RecordView& record, Survey& found) {
    if (record.section != 1 || record.data_size < 4) return;
    const std::uint32_t minimum = sane_ttl(dns::read32(&reply[record.end() - 4]));
    found.soa_ttl = std::min(sane_ttl(dns::record_ttl(reply, record)), minimum);
    found.soa_ttl_at = record.fixed + kTtlOffset;
}

std::optional<Survey> survey(dns::Bytes reply, const dns::Query& query) {
    Survey found;
    dns::RecordWalk walk(reply);
    found.end = dns::kHeaderSize + query.question_size;
    while (const auto record = walk.next()) {
        const RrType type = dns::record_type(reply, *record);
        if (type == RrType::opt) {
            found.is_plain &= !found.has_opt;
            found.has_opt = true;
            continue;
        }
        if (found.has_opt || type == RrType::tsig) found.is_plain = false;
        found.ttls.push_back(static_cast<std::uint16_t>(record->fixed + kTtlOffset));
        found.least_ttl = std::min(found.least_ttl, sane_ttl(dns::record_ttl(reply, *record)));
        if (record->section == 0) found.has_data |= type == query.type;
        if (type == RrType::soa) survey_soa(reply, *record, found);
        found.end = record->end();
    }
    return walk.ok() ? std::optional(std::move(found)) : std::nullopt;
}

std::size_t opt_size(const dns::Query& query, bool is_stale) {
    if (!query.has_edns) return 0;
    return kOptSize + (query.cookie_size > 0 ? kCookieOptionSize : 0) + (is_stale ? kEdeOptionSize : 0);
}

/// OPT of ours: the client's cookie answered, and the Extended DNS Error "stale" if need be.
std::size_t add_opt(dns::Buffer out, std::size_t size, const dns::Query& query, bool is_stale) {
    const bool is_nxdomain = (dns::read16(&out[2]) & dns::kMaskRcode) == std::to_underlying(dns::Rcode::nxdomain);
    const std::size_t opt_end = size + opt_size(query, is_stale);
    std::uint8_t* opt = out.data() + size;
    opt[0] = 0;
    dns::write16(opt + 1, std::to_underlying(RrType::opt));
    dns::write16(opt + 3, dns::kEdnsLimit);
    opt[5] = 0;
    opt[6] = 0;
    dns::write16(opt + 7, query.dnssec_ok ? 0x8000 : 0);
    dns::write16(opt + 9, static_cast<std::uint16_t>(opt_end - size - kOptSize));
    dns::write16(&out[10], static_cast<std::uint16_t>(dns::read16(&out[10]) + 1));
    std::uint8_t* option = opt + kOptSize;
    if (query.cookie_size > 0) {
        dns::write16(option, kCookieOption);
        dns::write16(option + 2, kCookieOptionSize - kOptionHead);
        std::ranges::copy(query.client_cookie, option + kOptionHead);
        std::ranges::copy(query.server_cookie, option + kOptionHead + query.client_cookie.size());
        option += kCookieOptionSize;
    }
    if (is_stale) {
        const dns::Ede ede = is_nxdomain ? dns::Ede::stale_nxdomain : dns::Ede::stale_answer;
        dns::write16(option, kEdeOption);
        dns::write16(option + 2, kEdeOptionSize - kOptionHead);
        dns::write16(option + kOptionHead, std::to_underlying(ede));
    }
    return opt_end;
}

void set_ttls(dns::Buffer message, std::span<const std::uint16_t> ttls, Age age) {
    for (const std::uint16_t at : ttls) {
        const std::uint32_t ttl = sane_ttl(dns::read32(&message[at]));
        const std::uint32_t left = ttl > age.seconds ? ttl - age.seconds : 0;
        dns::write32(&message[at], age.is_stale ? kStaleTtl : left);
    }
}

}  // namespace

bool is_cacheable(const dns::Query& query) {
    constexpr std::uint16_t kUnderstood = dns::kFlagRd | dns::kFlagAd | dns::kFlagCd;
    if (query.klass != dns::RrClass::in || !query.recursion_desired()) return false;
    if ((query.flags & ~kUnderstood) != 0) return false;
    constexpr std::uint16_t kFirstMetaType = 128;  // RFC 6895 §3.1
    constexpr std::uint16_t kLastMetaType = 255;
    const auto type = std::to_underlying(query.type);
    return type != 0 && query.type != RrType::opt && (type < kFirstMetaType || type > kLastMetaType);
}

std::optional<StoredReply> store_reply(dns::Bytes reply, const dns::Query& query) {
    const std::uint16_t flags = dns::read16(&reply[2]);
    const auto rcode = dns::Rcode{static_cast<std::uint16_t>(flags & dns::kMaskRcode)};
    const bool is_nxdomain = rcode == dns::Rcode::nxdomain;
    if ((flags & dns::kFlagTc) != 0 || (rcode != dns::Rcode::noerror && !is_nxdomain)) return std::nullopt;
    auto found = survey(reply, query);
    if (!found || !found->is_plain || found->ttls.empty()) return std::nullopt;
    StoredReply stored;
    stored.is_denial = is_nxdomain || !found->has_data;
    if (stored.is_denial && !found->soa_ttl) return std::nullopt;
    stored.lifetime = std::min(kCacheTtlMax, std::chrono::seconds(found->least_ttl));
    if (stored.is_denial) {
        stored.lifetime = std::min({stored.lifetime, kCacheDenialMax, std::chrono::seconds(*found->soa_ttl)});
    }
    if (stored.lifetime <= std::chrono::seconds(0)) return std::nullopt;
    stored.message.assign(reply.begin(), reply.begin() + static_cast<std::ptrdiff_t>(found->end));
    stored.ttls = std::move(found->ttls);
    std::uint8_t* header = stored.message.data();
    // From a cache: not authoritative (RFC 1034 §4.3.1).
    dns::write16(header + 2, static_cast<std::uint16_t>((flags & ~dns::kFlagAa) | dns::kFlagRa));
    if (found->has_opt) dns::write16(header + 10, static_cast<std::uint16_t>(dns::read16(header + 10) - 1));
    std::memcpy(header + dns::kHeaderSize, query.name.wire().data(), query.name.size());
    if (stored.is_denial) dns::write32(header + found->soa_ttl_at, *found->soa_ttl);
    return stored;
}

// What a worker has at hand, without an object to be filled for each query.
// NOLINTNEXTLINE(readability-function-size)
std::size_t write_stored(dns::Bytes message, std::span<const std::uint16_t> ttls, Age age, dns::Bytes datagram,
                         const dns::Query& query, std::size_t limit, dns::Buffer out) {
    if (message.size() + opt_size(query, age.is_stale) <= limit) {
        std::memcpy(out.data(), message.data(), message.size());
        dns::write16(out.data(), query.id);
        std::memcpy(&out[dns::kHeaderSize], &datagram[dns::kHeaderSize], query.question_size);
        set_ttls(out, ttls, age);
        return query.has_edns ? add_opt(out, message.size(), query, age.is_stale) : message.size();
    }
    std::vector<std::uint8_t> copy(message.begin(), message.end());  // rare: too large for UDP
    set_ttls(copy, ttls, age);
    return dns::write_client_reply(copy, datagram, query, limit, out).value_or(0);
}

}  // namespace nsr::resolver
