#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "resolver/dns/types.h"

namespace nsr::dns {

/// Messages behind a length of two bytes each, as they come over TCP (RFC 1035 §4.2.2): in any pieces.
class Frames {
public:
    /// Room for `size` more bytes, to be read into; keep() says how many have come. What was taken is forgotten.
    Buffer room(std::size_t size);
    void keep(std::size_t size) { bytes_.resize(filled_ + size); }

    /// Takes the next whole message; empty if it has none inside. It stays valid until room(). nullopt: not there yet.
    std::optional<Bytes> next();
    bool has_next() const;

private:
    static constexpr std::size_t kLengthSize = 2;

    std::vector<std::uint8_t> bytes_;
    std::size_t taken_ = 0;
    std::size_t filled_ = 0;  ///< before the room that is being read into
};

}  // namespace nsr::dns
