#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "resolver/dns/types.h"

namespace nsr::dns {

/// Lower case of one byte, ASCII only (RFC 4343).
inline std::uint8_t lower(std::uint8_t byte) {
    return byte >= 'A' && byte <= 'Z' ? static_cast<std::uint8_t>(byte | 0x20) : byte;
}

/// Hash of a lower-cased name. Good in all 64 bits; seeded for each process, so that nobody can choose names that
/// collide.
std::uint64_t hash_name(Bytes lower_wire);

/// A name in lower-cased wire form without its root label: "web.net1" is 3 w e b 4 n e t 1. The root is empty.
/// Compared as bytes: case is gone, and a dot inside a label is a byte like any other.
class Name {
public:
    Name() = default;

    /// Reads a name at `at` of a message and lower-cases it; `at` moves behind it. Pointers may only lead backwards,
    /// each below the one before (so the walk ends), and no label type but 00 and 11 is taken (RFC 1035 §4.1.4, RFC
    /// 2181). False if the name is malformed or longer than 255 bytes.
    bool read(Bytes message, std::size_t& at);

    /// Text with dots, a trailing dot allowed; "\." and "\DDD" are single bytes (RFC 1035 §5.1). nullopt if a label is
    /// empty or too long, or the whole.
    static std::optional<Name> from_text(std::string_view text);

    /// From bytes that are such a wire form already.
    static Name from_wire(Bytes lower_wire) {
        Name name;
        std::memcpy(name.bytes_.data(), lower_wire.data(), lower_wire.size());
        name.size_ = static_cast<std::uint8_t>(lower_wire.size());
        return name;
    }

    /// Text without the trailing dot; "." for the root. Bytes that are not printable as \DDD.
    std::string text() const { return text_of(wire()); }
    static std::string text_of(Bytes wire);

    Bytes wire() const { return {bytes_.data(), size_}; }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    std::size_t label_count() const { return count_labels(wire()); }
    static std::size_t count_labels(Bytes wire);

    /// This name with `suffix` behind it. nullopt if too long.
    std::optional<Name> with_suffix(const Name& suffix) const;

    bool operator==(const Name& other) const {
        return size_ == other.size_ && std::memcmp(bytes_.data(), other.bytes_.data(), size_) == 0;
    }

private:
    std::uint8_t size_ = 0;  // in front: most names are told apart within one line of the CPU's cache
    std::array<std::uint8_t, kNameSizeMax> bytes_;  // only the first size_ bytes mean something
};

/// Moves `at` behind a name without reading it. False if it runs past the end.
bool skip_name(Bytes message, std::size_t& at);

}  // namespace nsr::dns
