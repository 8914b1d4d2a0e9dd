#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "resolver/dns/message.h"
#include "resolver/dns/reply.h"

namespace {

using namespace nsr::dns;

/// Takes an input apart, with zeros behind its end.
struct Choices {
    Bytes data;
    std::uint8_t byte() {
        if (data.empty()) return 0;
        const std::uint8_t first = data[0];
        data = data.subspan(1);
        return first;
    }
    Bytes bytes(std::size_t size) {
        const Bytes taken = data.first(std::min(size, data.size()));
        data = data.subspan(taken.size());
        return taken;
    }
    Name name() {
        const Bytes text = bytes(byte() % 64);
        return Name::from_text({reinterpret_cast<const char*>(text.data()), text.size()}).value_or(Name());
    }
};

struct Written {
    Name owner;
    RrType type;
    std::uint32_t ttl;
    std::vector<std::uint8_t> data;
    unsigned section;
};

Written write_one(Choices& choices, Reply& reply, const Query& query, unsigned section, bool& fits) {
    const auto where = Reply::Section{static_cast<std::uint8_t>(section)};
    Written record{query.name, RrType{choices.byte()}, choices.byte(), {}, section};
    if (record.type == RrType::opt) record.type = RrType::txt;
    const unsigned kind = choices.byte() % 3;
    if (kind == 2) {
        const Bytes prefix = choices.bytes(choices.byte() % 7);
        const Name target = choices.name();
        record.data.assign(prefix.begin(), prefix.end());
        record.data.insert(record.data.end(), target.wire().begin(), target.wire().end());
        record.data.push_back(0);
        fits = reply.add_target(where, Reply::kQuestionName, record.type, record.ttl, prefix, target);
        return record;
    }
    const Bytes data = choices.bytes(choices.byte());
    record.data.assign(data.begin(), data.end());
    if (kind == 1) record.owner = choices.name();
    fits = kind == 1 ? reply.add_named(where, record.owner, record.type, record.ttl, data)
                     : reply.add(where, Reply::kQuestionName, record.type, record.ttl, data);
    return record;
}

void compare(Bytes message, const std::vector<Written>& records, bool has_opt) {
    RecordWalk walk(message);
    for (const auto& expected : records) {
        const auto record = walk.next();
        if (!record || record->section != expected.section) std::abort();
        std::size_t at = record->start;
        Name owner;
        if (!owner.read(message, at) || !(owner == expected.owner)) std::abort();
        if (record_type(message, *record) != expected.type || record_ttl(message, *record) != expected.ttl)
            std::abort();
        const Bytes data = message.subspan(record->data, record->data_size);
        if (!std::ranges::equal(data, expected.data)) std::abort();
    }
    if (has_opt && !walk.next()) std::abort();
    if (walk.next() || !walk.ok()) std::abort();
}

}  // namespace

/// Any records: what fits is read back as it was written, and nothing is longer than its limit.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Choices choices{{data, size}};
    std::vector<std::uint8_t> datagram = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    const Name question = choices.name();
    datagram.insert(datagram.end(), question.wire().begin(), question.wire().end());
    for (const int byte : {0, 0, 1, 0, 1}) datagram.push_back(static_cast<std::uint8_t>(byte));
    if (choices.byte() % 2 == 1) {
        datagram[11] = 1;
        const int opt[] = {0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 12, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8};
        for (const int byte : opt) datagram.push_back(static_cast<std::uint8_t>(byte));
    }
    Query query;
    if (read_query(datagram, query) != QueryStatus::ok) std::abort();
    const std::size_t limit = choices.byte() % 2 == 1 ? kMessageMax : query.reply_limit(Transport::udp);
    std::vector<std::uint8_t> out(limit);
    Reply reply(datagram, query, limit, out);
    std::vector<Written> records;
    for (unsigned section = 0; section < 3; ++section) {
        for (unsigned count = choices.byte() % 8; count > 0; --count) {
            const auto mark = reply.mark();
            bool fits = false;
            auto record = write_one(choices, reply, query, section, fits);
            if (fits && choices.byte() % 8 == 1)
                reply.take_back(mark);
            else if (fits)
                records.push_back(std::move(record));
        }
    }
    if (choices.byte() % 4 == 1) reply.set_ede(Ede::other);
    const std::size_t written = reply.finish(Rcode::noerror);
    if (written > limit) std::abort();
    compare(Bytes(out).first(written), records, query.has_edns);
    return 0;
}
