#include "resolver/dns/message.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace nsr::dns {
namespace {

constexpr std::size_t kFixedRecordSize = 10;  // type, class, TTL, RDLENGTH
constexpr std::size_t kOptSize = 11;
constexpr std::size_t kOptionHead = 4;       // code, length
constexpr std::uint16_t kCookieOption = 10;  // RFC 7873
constexpr std::uint16_t kEdeOption = 15;     // RFC 8914

/// What the OPT of a reply takes at least.
std::size_t opt_size(const Query& query) {
    if (!query.has_edns) return 0;
    return kOptSize + (query.cookie_size > 0 ? kOptionHead + sizeof(ClientCookie) + sizeof(ServerCookie) : 0);
}

/// Where the RRset that a record belongs to begins: records of one owner and type stand together.
bool same_set(Bytes message, const RecordView& a, const RecordView& b) {
    if (a.section != b.section || record_type(message, a) != record_type(message, b)) return false;
    Name first;
    Name second;
    std::size_t at = a.start;
    std::size_t other = b.start;
    return first.read(message, at) && second.read(message, other) && first == second;
}

/// Copies a reply record by record, as far as it fits.
class Relay {
public:
    Relay(Bytes reply, const Query& query, std::size_t limit, Buffer out)
        : reply_(reply),
          query_(query),
          limit_(limit - opt_size(query)),
          end_(limit),
          out_(out),
          size_(kHeaderSize + query.question_size) {}

    void take(const RecordView& record) {
        if (record_type(reply_, record) == RrType::opt) {
            opt_ = record;
            return;
        }
        if (is_full_) return;
        if (!previous_ || !same_set(reply_, *previous_, record)) {
            size_at_set_ = size_;
            counts_at_set_ = counts_;
        }
        previous_ = record;
        const std::size_t record_size = record.end() - record.start;
        // Pointers stay right only while nothing before them has moved: an OPT that stood in front would shift them.
        if (size_ + record_size > limit_ || size_ != record.start) return leave_out(record.section);
        std::memcpy(out_.data() + size_, reply_.data() + record.start, record_size);
        size_ += record_size;
        ++counts_[record.section];
    }

    std::size_t finish() {
        if (query_.has_edns) add_opt();
        const auto flags = static_cast<std::uint16_t>(read16(&reply_[2]) & ~kFlagZ);  // some servers copy it
        write16(out_.data(), query_.id);
        write16(out_.data() + 2, static_cast<std::uint16_t>(flags | kFlagRa | (is_truncated_ ? kFlagTc : 0)));
        write16(out_.data() + 4, 1);
        for (std::size_t section = 0; section < 3; ++section) write16(out_.data() + 6 + 2 * section, counts_[section]);
        return size_;
    }

private:
    /// The whole RRset goes, and everything behind it. Additional records are a courtesy: no TC for them (RFC 2181 §9).
    void leave_out(unsigned section) {
        size_ = size_at_set_;
        counts_ = counts_at_set_;
        is_full_ = true;
        is_truncated_ = section < 2;
    }

    void add_opt() {
        std::uint8_t* opt = out_.data() + size_;
        opt[0] = 0;
        write16(opt + 1, std::to_underlying(RrType::opt));
        write16(opt + 3, kEdnsLimit);
        opt[5] = opt_ ? reply_[opt_->fixed + 4] : std::uint8_t{0};  // the upper bits of the rcode
        opt[6] = 0;
        write16(opt + 7, query_.dnssec_ok ? 0x8000 : 0);
        size_ += kOptSize;
        if (query_.cookie_size > 0) {
            add_option(kCookieOption, query_.client_cookie, query_.server_cookie);
        }
        if (const auto error = ede(); !error.empty() && size_ + kOptionHead + error.size() <= end_) {
            add_option(kEdeOption, error, {});
        }
        write16(opt + 9, static_cast<std::uint16_t>(out_.data() + size_ - opt - static_cast<std::ptrdiff_t>(kOptSize)));
        ++counts_[2];
    }

    void add_option(std::uint16_t code, Bytes data, Bytes more) {
        std::uint8_t* option = out_.data() + size_;
        write16(option, code);
        write16(option + 2, static_cast<std::uint16_t>(data.size() + more.size()));
        std::ranges::copy(data, option + kOptionHead);
        std::ranges::copy(more, option + kOptionHead + data.size());
        size_ += kOptionHead + data.size() + more.size();
    }

    /// The upstream's reason (RFC 8914) without its text, which is not for everybody's eyes.
    Bytes ede() const {
        if (!opt_) return {};
        for (Bytes options = reply_.subspan(opt_->data, opt_->data_size); options.size() >= kOptionHead;) {
            const std::size_t size = read16(&options[2]);
            if (options.size() < kOptionHead + size) return {};
            if (read16(&options[0]) == kEdeOption && size >= 2) return options.subspan(kOptionHead, 2);
            options = options.subspan(kOptionHead + size);
        }
        return {};
    }

    Bytes reply_;
    const Query& query_;
    std::size_t limit_;  ///< of the records
    std::size_t end_;    ///< of the whole
    Buffer out_;
    std::size_t size_;
    std::size_t size_at_set_ = 0;
    std::array<std::uint16_t, 3> counts_{};
    std::array<std::uint16_t, 3> counts_at_set_{};
    std::optional<RecordView> previous_;
    std::optional<RecordView> opt_;
    bool is_full_ = false;
    bool is_truncated_ = false;
};

}  // namespace

RecordWalk::RecordWalk(Bytes message) : message_(message) {
    if (message.size() < kHeaderSize) {
        ok_ = false;
        return;
    }
    for (unsigned question = read16(&message[4]); question > 0 && ok_; --question) {
        ok_ = skip_name(message_, at_) && at_ + 4 <= message_.size();
        at_ += 4;
    }
    for (std::size_t section = 0; section < 3; ++section) left_[section] = read16(&message[6 + 2 * section]);
}

std::optional<RecordView> RecordWalk::next() {
    unsigned section = 0;
    while (section < 3 && left_[section] == 0) ++section;
    if (!ok_ || section == 3) return std::nullopt;
    --left_[section];
    RecordView record;
    record.section = section;
    record.start = at_;
    ok_ = skip_name(message_, at_) && at_ + kFixedRecordSize <= message_.size();
    if (!ok_) return std::nullopt;
    record.fixed = at_;
    record.data_size = read16(&message_[at_ + 8]);
    record.data = at_ + kFixedRecordSize;
    at_ = record.end();
    ok_ = at_ <= message_.size();
    return ok_ ? std::optional(record) : std::nullopt;
}

std::optional<ReplyFacts> match_reply(Bytes reply, std::uint16_t id, const Query& query) {
    if (reply.size() < kHeaderSize || read16(&reply[0]) != id || read16(&reply[4]) != 1) return std::nullopt;
    const std::uint16_t flags = read16(&reply[2]);
    if ((flags & kFlagQr) == 0 || (flags & kMaskOpcode) != 0) return std::nullopt;
    Name name;
    std::size_t at = kHeaderSize;
    if (!name.read(reply, at) || at + 4 > reply.size() || !(name == query.name)) return std::nullopt;
    if (at - kHeaderSize != query.name_size) return std::nullopt;  // a pointer in the question
    if (RrType{read16(&reply[at])} != query.type || RrClass{read16(&reply[at + 2])} != query.klass) return std::nullopt;
    return ReplyFacts{Rcode{static_cast<std::uint16_t>(flags & kMaskRcode)}, (flags & kFlagTc) != 0, read16(&reply[6])};
}

bool is_readable(Bytes message) {
    RecordWalk walk(message);
    while (const auto record = walk.next()) {
        Name owner;
        std::size_t at = record->start;
        if (!owner.read(message, at)) return false;
    }
    return walk.ok();
}

std::size_t write_upstream_query(Bytes datagram, const Query& query, std::uint16_t id, Buffer out) {
    std::uint8_t* header = out.data();
    write16(header, id);
    write16(header + 2, query.flags);
    write16(header + 4, 1);
    write16(header + 6, 0);
    write16(header + 8, 0);
    write16(header + 10, query.has_edns ? 1 : 0);
    std::memcpy(header + kHeaderSize, datagram.data() + kHeaderSize, query.question_size);
    std::size_t size = kHeaderSize + query.question_size;
    if (!query.has_edns) return size;
    std::uint8_t* opt = header + size;
    opt[0] = 0;
    write16(opt + 1, std::to_underlying(RrType::opt));
    write16(opt + 3, query.edns_size);
    opt[5] = 0;
    opt[6] = query.edns_version;
    write16(opt + 7, query.dnssec_ok ? 0x8000 : 0);
    write16(opt + 9, 0);
    return size + kOptSize;
}

std::optional<std::size_t> write_client_reply(Bytes reply, Bytes client_datagram, const Query& query, std::size_t limit,
                                              Buffer out) {
    if (reply.size() < kHeaderSize + query.question_size) return std::nullopt;
    Relay relay(reply, query, limit, out);
    RecordWalk walk(reply);
    while (auto record = walk.next()) relay.take(*record);
    if (!walk.ok()) return std::nullopt;
    std::memcpy(out.data() + kHeaderSize, client_datagram.data() + kHeaderSize, query.question_size);
    return relay.finish();
}

}  // namespace nsr::dns
