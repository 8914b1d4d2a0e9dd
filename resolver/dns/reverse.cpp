#include "resolver/dns/reverse.h"

#include <algorithm>

namespace nsr::dns {
namespace {

constexpr std::uint8_t kInAddr[] = {7, 'i', 'n', '-', 'a', 'd', 'd', 'r', 4, 'a', 'r', 'p', 'a'};
constexpr std::uint8_t kIp6[] = {3, 'i', 'p', '6', 4, 'a', 'r', 'p', 'a'};
constexpr std::size_t kLabelsMax = 128;

bool ends_with(Bytes name, Bytes suffix) {
    return name.size() >= suffix.size() && std::ranges::equal(name.last(suffix.size()), suffix);
}

/// A decimal octet without leading zeros, or -1.
int octet_of(Bytes label) {
    if (label.empty() || label.size() > 3 || (label.size() > 1 && label[0] == '0')) return -1;
    int value = 0;
    for (const std::uint8_t digit : label) {
        if (digit < '0' || digit > '9') return -1;
        value = value * 10 + (digit - '0');
    }
    return value <= 255 ? value : -1;
}

int nibble_of(Bytes label) {
    if (label.size() != 1) return -1;
    if (label[0] >= '0' && label[0] <= '9') return label[0] - '0';
    return label[0] >= 'a' && label[0] <= 'f' ? label[0] - 'a' + 10 : -1;
}

struct Labels {
    std::array<std::uint8_t, kLabelsMax> starts;
    std::size_t count = 0;
};

/// nullopt if the last label runs over the end: then the suffix began inside a label.
std::optional<Labels> labels_of(Bytes name) {
    Labels labels;
    std::size_t at = 0;
    for (; at < name.size(); at += 1U + name[at]) labels.starts[labels.count++] = static_cast<std::uint8_t>(at);
    return at == name.size() ? std::optional(labels) : std::nullopt;
}

/// Reads units (octets or nibbles) from the right, as far as there are some; `per_unit` bits each.
std::optional<ReverseName> read_units(Bytes name, Family family) {
    const unsigned per_unit = family == Family::v4 ? 8 : 4;
    const std::size_t wanted = family == Family::v4 ? 4 : 32;
    const auto split = labels_of(name);
    if (!split) return std::nullopt;
    const Labels& labels = *split;
    const std::size_t most = std::min(labels.count, wanted);
    std::size_t units = 0;
    std::array<std::uint8_t, 16> bytes{};
    for (; units < most; ++units) {
        const std::size_t unit = units;
        const std::size_t start = labels.starts[labels.count - 1 - unit];
        const Bytes label = name.subspan(start + 1U, name[start]);
        const int value = family == Family::v4 ? octet_of(label) : nibble_of(label);
        if (value < 0) break;
        if (family == Family::v4)
            bytes[unit] = static_cast<std::uint8_t>(value);
        else
            bytes[unit / 2] |= static_cast<std::uint8_t>(unit % 2 == 0 ? value << 4 : value);
    }
    const auto address =
        family == Family::v4 ? IpAddress::v4(std::span<const std::uint8_t, 4>(bytes.data(), 4)) : IpAddress::v6(bytes);
    return ReverseName{IpPrefix(address, static_cast<unsigned>(units) * per_unit), labels.count - units};
}

}  // namespace

std::optional<ReverseName> read_reverse(const Name& name) {
    const Bytes wire = name.wire();
    if (ends_with(wire, kInAddr)) return read_units(wire.first(wire.size() - sizeof kInAddr), Family::v4);
    if (ends_with(wire, kIp6)) return read_units(wire.first(wire.size() - sizeof kIp6), Family::v6);
    return std::nullopt;
}

std::size_t reverse_zone_labels(const IpPrefix& subnet) {
    return 2 + subnet.length() / (subnet.family() == Family::v4 ? 8 : 4);
}

}  // namespace nsr::dns
