#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "resolver/dns/frames.h"

namespace {

using nsr::dns::Frames;
using Messages = std::vector<std::vector<std::uint8_t>>;

/// The messages of a stream that comes in pieces of a size.
Messages read_in_pieces(const std::uint8_t* data, std::size_t size, std::size_t piece) {
    Messages messages;
    Frames frames;
    for (std::size_t at = 0; at < size;) {
        const auto room = frames.room(piece);
        const std::size_t count = std::min(piece, size - at);
        std::memcpy(room.data(), data + at, count);
        frames.keep(count);
        at += count;
        while (frames.has_next()) {
            const auto message = frames.next();
            if (!message) std::abort();
            messages.emplace_back(message->begin(), message->end());
        }
        if (frames.next()) std::abort();
    }
    return messages;
}

}  // namespace

/// Any stream: the same messages however it is cut, and together no more than came.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Messages whole = read_in_pieces(data, size, size + 1);
    std::size_t total = 0;
    for (const auto& message : whole) total += 2 + message.size();
    if (total > size) std::abort();
    for (const std::size_t piece : {1UL, 2UL, 3UL, 17UL}) {
        if (read_in_pieces(data, size, piece) != whole) std::abort();
    }
    return 0;
}
