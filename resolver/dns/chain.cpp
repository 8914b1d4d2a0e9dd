#include "resolver/dns/chain.h"

#include <algorithm>

#include "resolver/dns/message.h"
#include "resolver/dns/reply.h"

namespace nsr::dns {
namespace {

constexpr std::uint16_t kPointerMask = 0x3fff;
constexpr std::uint16_t kEdeOption = 15;  // RFC 8914

/// The last record of a chain: its data is the target.
std::optional<RecordView> last_of(Bytes chain) {
    std::optional<RecordView> last;
    RecordWalk walk(chain);
    while (const auto record = walk.next()) {
        if (record->section == 0) last = record;
    }
    return last;
}

std::optional<Name> name_at(Bytes message, std::size_t at) {
    Name name;
    return name.read(message, at) ? std::optional(name) : std::nullopt;
}

/// RDATA with its names written out: pointers of another message mean nothing here. nullopt if it is malformed.
class PlainData {
public:
    static std::optional<std::vector<std::uint8_t>> of(Bytes message, const RecordView& record) {
        PlainData data(message, record);
        switch (record_type(message, record)) {
            case RrType::cname:
            case RrType::ns:
            case RrType::ptr:
                return data.take(0, 1, 0);
            case RrType::mx:
                return data.take(2, 1, 0);
            case RrType::srv:
                return data.take(6, 1, 0);
            case RrType::soa:
                return data.take(0, 2, 20);
            default:
                return data.take(record.data_size, 0, 0);
        }
    }

private:
    PlainData(Bytes message, const RecordView& record) : message_(message), record_(record) {}

    /// `before` bytes, names, and `behind` bytes: that must be all.
    std::optional<std::vector<std::uint8_t>> take(std::size_t before, unsigned names, std::size_t behind) {
        std::size_t at = record_.data;
        if (!copy(at, before)) return std::nullopt;
        for (unsigned index = 0; index < names; ++index) {
            Name name;
            if (!name.read(message_.first(record_.end()), at)) return std::nullopt;
            plain_.insert(plain_.end(), name.wire().begin(), name.wire().end());
            plain_.push_back(0);
        }
        if (!copy(at, behind) || at != record_.end()) return std::nullopt;
        return std::move(plain_);
    }

    bool copy(std::size_t& at, std::size_t size) {
        if (at + size > record_.end()) return false;
        const Bytes bytes = message_.subspan(at, size);
        plain_.insert(plain_.end(), bytes.begin(), bytes.end());
        at += size;
        return true;
    }

    Bytes message_;
    const RecordView& record_;
    std::vector<std::uint8_t> plain_;
};

/// The Extended DNS Error of an OPT record.
Ede ede_of(Bytes options) {
    while (options.size() >= 4) {
        const std::size_t size = read16(&options[2]);
        if (options.size() < 4 + size) break;
        if (read16(&options[0]) == kEdeOption && size >= 2) return Ede{read16(&options[4])};
        options = options.subspan(4 + size);
    }
    return Ede::none;
}

/// Puts a reply to a chain.
class Splice {
public:
    Splice(Bytes chain, const Query& query, std::size_t limit, Buffer out)
        : query_(query), joined_(chain, query, limit, out) {
        RecordWalk walk(chain);
        while (const auto record = walk.next()) {
            if (record->section != 0) break;
            // The records stand where they stood, so their pointers stay right.
            const auto owner = static_cast<Reply::Offset>(read16(&chain[record->start]) & kPointerMask);
            const Bytes data = chain.subspan(record->data, record->data_size);
            whole_ &= joined_.add(Reply::Section::answer, owner, RrType::cname, record_ttl(chain, *record), data);
            target_ = name_at(chain, record->data);
            target_at_ = joined_.last_data();
        }
    }

    std::size_t run(Bytes reply) {
        const std::uint16_t flags = read16(&reply[2]);
        const Rcode rcode{static_cast<std::uint16_t>(flags & kMaskRcode)};
        const bool answers = rcode == Rcode::noerror || rcode == Rcode::nxdomain;
        if ((flags & kFlagTc) != 0) whole_ = false;
        RecordWalk walk(reply);
        while (const auto record = walk.next()) {
            if (record_type(reply, *record) == RrType::opt) {
                joined_.set_ede(ede_of(reply.subspan(record->data, record->data_size)));
            } else if (answers && record->section < 2 && whole_ && !add(reply, *record)) {
                return fail();
            }
        }
        if (!walk.ok()) return fail();
        if (answers && whole_) return joined_.finish(rcode);
        joined_.take_back({kHeaderSize + query_.question_size, {}});
        if (answers) joined_.truncate();
        return joined_.finish(answers ? Rcode::noerror : rcode);
    }

    std::size_t fail() {
        joined_.take_back({kHeaderSize + query_.question_size, {}});
        joined_.set_ede(Ede::other);
        return joined_.finish(Rcode::servfail);
    }

private:
    /// False if the record is malformed. What does not fit ends the answer, but only that.
    bool add(Bytes reply, const RecordView& record) {
        const auto owner = name_at(reply, record.start);
        const auto data = PlainData::of(reply, record);
        if (!owner || !data) return false;
        const auto section = record.section == 0 ? Reply::Section::answer : Reply::Section::authority;
        const RrType type = record_type(reply, record);
        const std::uint32_t ttl = record_ttl(reply, record);
        const bool fits = target_ && *owner == *target_ ? joined_.add(section, target_at_, type, ttl, *data)
                                                        : joined_.add_named(section, *owner, type, ttl, *data);
        if (!fits && record.section == 0) whole_ = false;
        return true;
    }

    const Query& query_;
    Reply joined_;
    std::optional<Name> target_;
    Reply::Offset target_at_ = 0;
    bool whole_ = true;
};

}  // namespace

std::vector<std::uint8_t> write_target_query(Bytes client_datagram, const Query& query, Bytes chain) {
    const auto last = last_of(chain);
    if (!last) return {};
    const Bytes target = chain.subspan(last->data, last->data_size);
    const Bytes header = client_datagram.first(kHeaderSize);
    const Bytes behind_name = client_datagram.subspan(kHeaderSize + query.name_size);
    std::vector<std::uint8_t> datagram(header.begin(), header.end());
    datagram.insert(datagram.end(), target.begin(), target.end());
    datagram.insert(datagram.end(), behind_name.begin(), behind_name.end());
    return datagram;
}

std::size_t write_chain_reply(Bytes chain, const Query& query, Bytes reply, std::size_t limit, Buffer out) {
    Splice splice(chain, query, limit, out);
    return reply.size() < kHeaderSize ? splice.fail() : splice.run(reply);
}

}  // namespace nsr::dns
