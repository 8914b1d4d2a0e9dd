#include <cstdint>
#include <cstdlib>
#include <vector>

#include "resolver/dns/message.h"
#include "resolver/dns/text.h"

/// Any reply of an upstream to a fixed question, with and without EDNS: what the client gets parses and fits.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace nsr::dns;
    static const std::vector<std::uint8_t> kPlain = {0x12, 0x34, 1, 0,   0,   1, 0, 0, 0, 0,
                                                     0,    0,    2, 'o', 'k', 0, 0, 1, 0, 1};
    static const std::vector<std::uint8_t> kEdns = [] {
        auto packet = kPlain;
        packet[11] = 1;
        for (const int byte : {0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0}) packet.push_back(static_cast<std::uint8_t>(byte));
        return packet;
    }();
    static std::vector<std::uint8_t> out(kMessageMax);
    (void)message_text({data, size});
    for (const auto* client : {&kPlain, &kEdns}) {
        Query query;
        if (read_query(*client, query) != QueryStatus::ok) std::abort();
        if (size < 2 || !match_reply({data, size}, read16(data), query)) continue;
        for (const std::size_t limit : {kUdpLimit, kEdnsLimit, kMessageMax}) {
            const auto written = write_client_reply({data, size}, *client, query, limit, out);
            if (!written) continue;
            if (*written > limit || *written < kHeaderSize + query.question_size) std::abort();
            RecordWalk walk({out.data(), *written});
            while (walk.next()) {}
            if (!walk.ok()) std::abort();
        }
    }
    return 0;
}
