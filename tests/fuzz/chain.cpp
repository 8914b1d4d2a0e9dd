#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "resolver/dns/chain.h"
#include "resolver/dns/message.h"
#include "resolver/dns/reply.h"

/// Any reply of an upstream behind a CNAME record of ours: what the client gets parses, fits and keeps the question.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace nsr::dns;
    static const std::vector<std::uint8_t> kPlain = {0x12, 0x34, 1,   0,   0,   1, 0, 0, 0, 0, 0,
                                                     0,    3,    'W', 'w', 'w', 0, 0, 1, 0, 1};
    static std::vector<std::uint8_t> chain(kUdpLimit);
    static std::vector<std::uint8_t> out(kMessageMax);
    Query query;
    if (read_query(kPlain, query) != QueryStatus::ok) std::abort();
    Reply ours(kPlain, query, kUdpLimit, chain);
    ours.add_target(Reply::Section::answer, Reply::kQuestionName, RrType::cname, 60, {}, *Name::from_text("ok"));
    const Bytes link = Bytes(chain).first(ours.finish(Rcode::noerror));
    const auto asked = write_target_query(kPlain, query, link);
    Query target;
    if (read_query(asked, target) != QueryStatus::ok || target.name.text() != "ok") std::abort();
    for (const std::size_t limit : {kUdpLimit, kMessageMax}) {
        const std::size_t written = write_chain_reply(link, query, {data, size}, limit, out);
        if (written > limit || written < kHeaderSize + query.question_size) std::abort();
        if (!std::equal(kPlain.begin() + kHeaderSize, kPlain.end(), out.begin() + kHeaderSize)) std::abort();
        RecordWalk walk({out.data(), written});
        std::size_t end = kHeaderSize + query.question_size;
        while (const auto record = walk.next()) end = record->end();
        if (!walk.ok() || end != written) std::abort();
    }
    return 0;
}
