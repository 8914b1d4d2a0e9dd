#include "common/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace nsr {
namespace {

/// Byte `index` of the netmask of a prefix length.
std::uint8_t mask_byte(unsigned length, unsigned index) {
    if (length >= (index + 1) * 8) return 0xff;
    if (length <= index * 8) return 0;
    return static_cast<std::uint8_t>(0xff << (8 - (length - index * 8)));
}

std::optional<unsigned> parse_length(std::string_view text, unsigned limit) {
    if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
    unsigned length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (error != std::errc{} || end != text.data() + text.size() || length > limit) return std::nullopt;
    return length;
}

}  // namespace

IpAddress IpAddress::v4(std::uint32_t host_order) {
    const std::uint32_t number = htonl(host_order);
    IpAddress address;
    std::memcpy(address.bytes_.data(), &number, sizeof number);
    return address;
}

IpAddress IpAddress::v4(std::span<const std::uint8_t, 4> bytes) {
    IpAddress address;
    std::ranges::copy(bytes, address.bytes_.begin());
    return address;
}

IpAddress IpAddress::v6(std::span<const std::uint8_t, 16> bytes) {
    IpAddress address;
    address.family_ = Family::v6;
    std::ranges::copy(bytes, address.bytes_.begin());
    return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    char buffer[INET6_ADDRSTRLEN + 1];
    if (text.empty() || text.size() >= sizeof buffer || text.contains('\0')) return std::nullopt;
    buffer[text.copy(buffer, text.size())] = '\0';
    IpAddress address;
    if (inet_pton(AF_INET, buffer, address.bytes_.data()) == 1) return address;
    if (inet_pton(AF_INET6, buffer, address.bytes_.data()) != 1) return std::nullopt;
    address.family_ = Family::v6;
    return address;
}

std::string IpAddress::text() const {
    char buffer[INET6_ADDRSTRLEN];
    return inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data(), buffer, sizeof buffer);
}

std::uint32_t IpAddress::v4_number() const {
    std::uint32_t number = 0;
    std::memcpy(&number, bytes_.data(), sizeof number);
    return ntohl(number);
}

bool IpAddress::is_unspecified() const {
    return std::ranges::all_of(bytes_, [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_loopback() const {
    if (is_v4()) return bytes_[0] == 127;
    return bytes_.back() == 1 && std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto byte) { return byte == 0; });
}

bool IpAddress::is_multicast() const { return is_v4() ? (bytes_[0] & 0xf0) == 0xe0 : bytes_[0] == 0xff; }

bool IpAddress::is_link_local() const {
    if (is_v4()) return bytes_[0] == 169 && bytes_[1] == 254;
    return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

IpAddress IpAddress::plus(std::uint64_t offset) const {
    IpAddress sum = *this;
    for (std::size_t index = bytes().size(); index-- > 0 && offset != 0;) {
        offset += sum.bytes_[index];
        sum.bytes_[index] = static_cast<std::uint8_t>(offset);
        offset >>= 8;
    }
    return sum;
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    const auto length = parse_length(text.substr(slash + 1), address->is_v4() ? 32 : 128);
    if (!length) return std::nullopt;
    return IpPrefix(*address, *length);
}

std::string IpPrefix::text() const { return address_.text() + "/" + std::to_string(length_); }

IpPrefix IpPrefix::network() const {
    std::array<std::uint8_t, 16> bytes{};
    std::ranges::copy(address_.bytes(), bytes.begin());
    for (unsigned index = 0; index < bytes.size(); ++index) bytes[index] &= mask_byte(length_, index);
    const auto masked =
        address_.is_v4() ? IpAddress::v4(std::span<const std::uint8_t, 4>(bytes.data(), 4)) : IpAddress::v6(bytes);
    return {masked, length_};
}

IpAddress IpPrefix::last() const {
    std::array<std::uint8_t, 16> bytes{};
    std::ranges::copy(address_.bytes(), bytes.begin());
    for (unsigned index = 0; index < bytes.size(); ++index) {
        bytes[index] |= static_cast<std::uint8_t>(~mask_byte(length_, index));
    }
    return address_.is_v4() ? IpAddress::v4(std::span<const std::uint8_t, 4>(bytes.data(), 4)) : IpAddress::v6(bytes);
}

bool IpPrefix::contains(const IpAddress& other) const {
    return other.family() == family() && IpPrefix(other, length_).network().address_ == first();
}

bool IpPrefix::contains(const IpPrefix& other) const { return other.length_ >= length_ && contains(other.address_); }

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
    if (text.size() != 17) return std::nullopt;
    std::array<std::uint8_t, 6> bytes{};
    for (std::size_t index = 0; index < bytes.size(); ++index) {
        const char* pair = text.data() + index * 3;
        if (index > 0 && pair[-1] != text[2]) return std::nullopt;
        const auto [end, error] = std::from_chars(pair, pair + 2, bytes[index], 16);
        if (error != std::errc{} || end != pair + 2) return std::nullopt;
    }
    if (text[2] != ':' && text[2] != '-') return std::nullopt;
    return MacAddress(bytes);
}

MacAddress MacAddress::from_v4(const IpAddress& address) {
    const auto quad = address.bytes();
    return MacAddress({0x02, 0x42, quad[0], quad[1], quad[2], quad[3]});
}

std::string MacAddress::text() const {
    char buffer[18];
    std::snprintf(buffer, sizeof buffer, "%02x:%02x:%02x:%02x:%02x:%02x", bytes_[0], bytes_[1], bytes_[2], bytes_[3],
                  bytes_[4], bytes_[5]);
    return buffer;
}

}  // namespace nsr
