#include <cstdint>
#include <cstdlib>

#include "resolver/dns/query.h"

/// Any datagram: read without a step over its borders, and what is read holds together.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace nsr::dns;
    Query query;
    const QueryStatus status = read_query({data, size}, query);
    if (status == QueryStatus::drop) return 0;
    if (status != QueryStatus::ok) return 0;
    if (kHeaderSize + query.question_size > size) std::abort();
    if (query.name_size != query.name.size() + 1U) std::abort();
    if (query.hash != hash_name(query.name.wire())) std::abort();
    const std::size_t limit = query.reply_limit(Transport::udp);
    if (limit < kUdpLimit || limit > kEdnsLimit) std::abort();
    return 0;
}
