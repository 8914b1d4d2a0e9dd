#include "resolver/dns/reply.h"

#include <algorithm>
#include <utility>

namespace nsr::dns {
namespace {

constexpr std::size_t kFixedRecordSize = 10;  // type, class, TTL, RDLENGTH
constexpr std::size_t kOptSize = 11;
constexpr std::size_t kServerCookieSize = sizeof(ServerCookie);
constexpr std::size_t kCookieOptionSize = 4 + 8 + kServerCookieSize;
constexpr std::size_t kEdeOptionSize = 6;
constexpr std::uint16_t kCookieOption = 10;  // RFC 7873
constexpr std::uint16_t kEdeOption = 15;     // RFC 8914
constexpr std::uint16_t kPointer = 0xc000;

std::size_t opt_room(const Query& query) {
    if (!query.has_edns) return 0;
    return kOptSize + kEdeOptionSize + (query.cookie_size > 0 ? kCookieOptionSize : 0);
}

}  // namespace

Reply::Reply(Bytes datagram, const Query& query, std::size_t limit, Buffer out)
    : query_(query), out_(out), limit_(limit - opt_room(query)) {
    if (query.question_size == 0) return;
    std::memcpy(out_.data() + kHeaderSize, datagram.data() + kHeaderSize, query.question_size);
    size_ += query.question_size;
}

std::uint8_t* Reply::begin_record(Section section, std::size_t owner_size, RrType type, std::uint32_t ttl,
                                  std::size_t data_size) {
    const std::size_t needed = owner_size + kFixedRecordSize + data_size;
    if (size_ + needed > limit_) return nullptr;
    std::uint8_t* record = out_.data() + size_;
    std::uint8_t* fixed = record + owner_size;
    write16(fixed, std::to_underlying(type));
    write16(fixed + 2, std::to_underlying(RrClass::in));
    write32(fixed + 4, ttl);
    write16(fixed + 8, static_cast<std::uint16_t>(data_size));
    size_ += needed;
    last_data_ = static_cast<Offset>(size_ - data_size);
    ++counts_[std::to_underlying(section)];
    return record;
}

bool Reply::add(Section section, Offset owner, RrType type, std::uint32_t ttl, Bytes data) {
    std::uint8_t* record = begin_record(section, 2, type, ttl, data.size());
    if (record == nullptr) return false;
    write16(record, kPointer | owner);
    std::ranges::copy(data, record + 2 + kFixedRecordSize);
    return true;
}

bool Reply::add_named(Section section, const Name& owner, RrType type, std::uint32_t ttl, Bytes data) {
    std::uint8_t* record = begin_record(section, owner.size() + 1, type, ttl, data.size());
    if (record == nullptr) return false;
    std::memcpy(record, owner.wire().data(), owner.size());
    record[owner.size()] = 0;
    std::ranges::copy(data, record + owner.size() + 1 + kFixedRecordSize);
    return true;
}

bool Reply::add_target(Section section, Offset owner, RrType type, std::uint32_t ttl, Bytes prefix,
                       const Name& target) {
    std::uint8_t* record = begin_record(section, 2, type, ttl, prefix.size() + target.size() + 1);
    if (record == nullptr) return false;
    write16(record, kPointer | owner);
    std::uint8_t* data = record + 2 + kFixedRecordSize;
    std::ranges::copy(prefix, data);  // which may be empty, without an address to copy from
    std::memcpy(data + prefix.size(), target.wire().data(), target.size());
    data[prefix.size() + target.size()] = 0;
    return true;
}

bool Reply::add_soa(Offset owner, std::uint32_t ttl) {
    static constexpr std::uint8_t kHostmaster[] = {10, 'h', 'o', 's', 't', 'm', 'a', 's', 't', 'e', 'r'};
    static constexpr std::uint32_t kSerial = 1;
    static constexpr std::uint32_t kRefresh = 3600;
    static constexpr std::uint32_t kRetry = 600;
    static constexpr std::uint32_t kExpire = 86400;
    std::uint8_t* record = begin_record(Section::authority, 2, RrType::soa, ttl, 2 + sizeof kHostmaster + 2 + 20);
    if (record == nullptr) return false;
    write16(record, kPointer | owner);
    std::uint8_t* data = record + 2 + kFixedRecordSize;
    write16(data, kPointer | owner);  // the primary server is the zone itself
    std::memcpy(data + 2, kHostmaster, sizeof kHostmaster);
    write16(data + 2 + sizeof kHostmaster, kPointer | owner);
    data += 4 + sizeof kHostmaster;
    for (const std::uint32_t number : {kSerial, kRefresh, kRetry, kExpire, ttl}) {
        write32(data, number);
        data += 4;
    }
    return true;
}

void Reply::write_opt(Rcode rcode) {
    std::uint8_t* opt = out_.data() + size_;
    opt[0] = 0;
    write16(opt + 1, std::to_underlying(RrType::opt));
    write16(opt + 3, kEdnsLimit);
    opt[5] = static_cast<std::uint8_t>(std::to_underlying(rcode) >> 4);
    opt[6] = 0;
    write16(opt + 7, query_.dnssec_ok ? 0x8000 : 0);  // copied (RFC 3225 §3)
    std::uint8_t* option = opt + kOptSize;
    if (query_.cookie_size > 0) {
        write16(option, kCookieOption);
        write16(option + 2, 8 + kServerCookieSize);
        std::memcpy(option + 4, query_.client_cookie.data(), query_.client_cookie.size());
        std::memcpy(option + 12, query_.server_cookie.data(), kServerCookieSize);
        option += kCookieOptionSize;
    }
    if (ede_ != Ede::none) {
        write16(option, kEdeOption);
        write16(option + 2, 2);
        write16(option + 4, std::to_underlying(ede_));
        option += kEdeOptionSize;
    }
    write16(opt + 9, static_cast<std::uint16_t>(option - opt - static_cast<std::ptrdiff_t>(kOptSize)));
    size_ = static_cast<std::size_t>(option - out_.data());
    ++counts_[std::to_underlying(Section::additional)];
}

std::size_t Reply::finish(Rcode rcode) {
    if (query_.has_edns) write_opt(rcode);
    std::uint8_t* header = out_.data();
    const std::uint16_t copied = query_.flags & (kMaskOpcode | kFlagRd | kFlagCd);
    const std::uint16_t flags = static_cast<std::uint16_t>(kFlagQr | copied | ra_ | (truncated_ ? kFlagTc : 0) |
                                                           (std::to_underlying(rcode) & kMaskRcode));
    write16(header, query_.id);
    write16(header + 2, flags);
    write16(header + 4, query_.question_size > 0 ? 1 : 0);
    write16(header + 6, counts_[0]);
    write16(header + 8, counts_[1]);
    write16(header + 10, counts_[2]);
    return size_;
}

}  // namespace nsr::dns
