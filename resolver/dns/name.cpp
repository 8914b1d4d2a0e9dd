#include "resolver/dns/name.h"

#include <cctype>

#include "common/random.h"

namespace nsr::dns {
namespace {

constexpr std::uint8_t kPointer = 0xc0;

std::uint64_t make_seed() {
    std::uint64_t seed = 0;
    random_bytes({reinterpret_cast<std::uint8_t*>(&seed), sizeof seed});
    return seed;
}

const std::uint64_t kSeed = make_seed();

/// One multiplication to 128 bits, folded (the mixing step of wyhash).
std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// The byte that a backslash sequence stands for; moves past it. nullopt if it is malformed.
std::optional<std::uint8_t> unescape(std::string_view& text) {
    text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    if (std::isdigit(static_cast<unsigned char>(text.front())) == 0) {
        const auto byte = static_cast<std::uint8_t>(text.front());
        text.remove_prefix(1);
        return byte;
    }
    if (text.size() < 3) return std::nullopt;
    unsigned value = 0;
    for (const char digit : text.substr(0, 3)) {
        if (digit < '0' || digit > '9') return std::nullopt;
        value = value * 10 + static_cast<unsigned>(digit - '0');
    }
    if (value > 255) return std::nullopt;
    text.remove_prefix(3);
    return static_cast<std::uint8_t>(value);
}

}  // namespace

std::uint64_t hash_name(Bytes name) {
    constexpr std::uint64_t kFirst = 0xa0761d6478bd642f;
    constexpr std::uint64_t kSecond = 0xe7037ed1a0b428db;
    std::uint64_t hash = kSeed ^ name.size();
    while (name.size() >= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, name.data(), 8);
        hash = mix(hash ^ word, kFirst);
        name = name.subspan(8);
    }
    std::uint64_t tail = 0;
    std::memcpy(&tail, name.data(), name.size());
    return mix(hash ^ tail, kSecond);
}

bool Name::read(Bytes message, std::size_t& at) {
    std::size_t from = at;
    std::size_t lowest = at;  // every jump lands below this, so the walk must end
    std::size_t size = 0;
    bool jumped = false;
    for (;;) {
        if (from >= message.size()) return false;
        const std::uint8_t length = message[from];
        if ((length & kPointer) == kPointer) {
            if (from + 2 > message.size()) return false;
            const std::size_t target = read16(&message[from]) & 0x3fffU;
            if (target >= lowest) return false;
            if (!jumped) at = from + 2;
            jumped = true;
            from = lowest = target;
            continue;
        }
        if (length > kLabelSizeMax) return false;
        if (length == 0) break;
        if (size + 1U + length >= kNameSizeMax || from + 1U + length > message.size()) return false;
        bytes_[size++] = length;
        for (std::size_t index = 1; index <= length; ++index) bytes_[size++] = lower(message[from + index]);
        from += 1U + length;
    }
    if (!jumped) at = from + 1;
    size_ = static_cast<std::uint8_t>(size);
    return true;
}

std::optional<Name> Name::from_text(std::string_view text) {
    Name name;
    if (text == "." || text.empty()) return text.empty() ? std::nullopt : std::optional(name);
    std::size_t label = 0;  // where the length of the label stands
    std::size_t size = 1;
    while (!text.empty()) {
        if (text.front() == '.') {
            if (size == label + 1) return std::nullopt;
            name.bytes_[label] = static_cast<std::uint8_t>(size - label - 1);
            label = size++;
            text.remove_prefix(1);
            continue;
        }
        std::optional<std::uint8_t> byte = static_cast<std::uint8_t>(text.front());
        if (text.front() == '\\')
            byte = unescape(text);
        else
            text.remove_prefix(1);
        if (!byte || size - label > kLabelSizeMax || size >= kNameSizeMax - 1) return std::nullopt;
        name.bytes_[size++] = lower(*byte);
    }
    if (size == label + 1) {
        size = label;  // the text ended with a dot
    } else {
        name.bytes_[label] = static_cast<std::uint8_t>(size - label - 1);
    }
    name.size_ = static_cast<std::uint8_t>(size);
    return name;
}

std::string Name::text_of(Bytes wire) {
    if (wire.empty()) return ".";
    std::string text;
    for (std::size_t at = 0; at < wire.size();) {
        if (at > 0) text += '.';
        const std::size_t end = at + 1U + wire[at];
        for (++at; at < end; ++at) {
            const std::uint8_t byte = wire[at];
            if (byte == '.' || byte == '\\') {
                text += '\\';
                text += static_cast<char>(byte);
            } else if (byte > 0x20 && byte < 0x7f) {
                text += static_cast<char>(byte);
            } else {
                text += '\\';
                for (const int unit : {100, 10, 1}) text += static_cast<char>('0' + byte / unit % 10);
            }
        }
    }
    return text;
}

std::size_t Name::count_labels(Bytes wire) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < wire.size(); at += 1U + wire[at]) ++count;
    return count;
}

std::optional<Name> Name::with_suffix(const Name& suffix) const {
    if (size() + suffix.size() >= kNameSizeMax) return std::nullopt;
    Name whole = *this;
    std::memcpy(whole.bytes_.data() + size_, suffix.bytes_.data(), suffix.size_);
    whole.size_ = static_cast<std::uint8_t>(size_ + suffix.size_);
    return whole;
}

bool skip_name(Bytes message, std::size_t& at) {
    for (;;) {
        if (at >= message.size()) return false;
        const std::uint8_t length = message[at];
        if ((length & kPointer) == kPointer) {
            at += 2;
            return at <= message.size();
        }
        if (length > kLabelSizeMax) return false;
        at += 1U + length;
        if (length == 0) return true;
    }
}

}  // namespace nsr::dns
