#include <cstdint>
#include <cstdlib>
#include <vector>

#include "resolver/cache/stored_reply.h"
#include "resolver/dns/message.h"

/// Any reply of an upstream to a fixed question: what is kept of it is given again, at any age, parses and fits.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace nsr;
    static const std::vector<std::uint8_t> kClient = {0x12, 0x34, 1, 0, 0, 1, 0,  0, 0,   0, 0, 1, 2, 'O', 'k', 0,
                                                      0,    1,    0, 1, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0,   0};
    static std::vector<std::uint8_t> out(dns::kMessageMax);
    dns::Query query;
    if (dns::read_query(kClient, query) != dns::QueryStatus::ok) std::abort();
    if (size < 2 || !dns::match_reply({data, size}, dns::read16(data), query)) return 0;
    const auto stored = resolver::store_reply({data, size}, query);
    if (!stored) return 0;
    if (stored->message.size() > size || stored->lifetime <= std::chrono::seconds(0)) std::abort();
    for (const std::size_t limit : {dns::kUdpLimit, dns::kEdnsLimit, dns::kMessageMax}) {
        for (const resolver::Age age :
             {resolver::Age{0, false}, resolver::Age{1U << 31, false}, resolver::Age{9, true}}) {
            const std::size_t written =
                resolver::write_stored(stored->message, stored->ttls, age, kClient, query, limit, out);
            if (written > limit) std::abort();
            if (written == 0) continue;
            dns::RecordWalk walk({out.data(), written});
            while (walk.next()) {}
            if (!walk.ok()) std::abort();
        }
    }
    return 0;
}
