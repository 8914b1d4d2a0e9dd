#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace nsr {

enum class Family : std::uint8_t { v4 = 4, v6 = 6 };

/// An IPv4 or IPv6 address. Ordered: all IPv4 before all IPv6, then by number.
class IpAddress {
public:
    /// 0.0.0.0
    constexpr IpAddress() = default;

    static IpAddress v4(std::uint32_t host_order);
    static IpAddress v4(std::span<const std::uint8_t, 4> bytes);
    static IpAddress v6(std::span<const std::uint8_t, 16> bytes);

    /// Dotted quad or RFC 4291 text without zone; nothing else (no octal, no short forms, no blanks).
    static std::optional<IpAddress> parse(std::string_view text);

    /// Canonical text (RFC 5952 for IPv6).
    std::string text() const;

    Family family() const { return family_; }
    bool is_v4() const { return family_ == Family::v4; }
    bool is_v6() const { return family_ == Family::v6; }

    /// Network byte order: 4 or 16 bytes.
    std::span<const std::uint8_t> bytes() const { return {bytes_.data(), is_v4() ? 4U : 16U}; }

    /// The IPv4 address as a number. IPv4 only.
    std::uint32_t v4_number() const;

    bool is_unspecified() const;
    bool is_loopback() const;    ///< 127.0.0.0/8, ::1
    bool is_multicast() const;   ///< 224.0.0.0/4, ff00::/8
    bool is_link_local() const;  ///< 169.254.0.0/16, fe80::/10

    /// This address plus `offset`, wrapping around within the family.
    IpAddress plus(std::uint64_t offset) const;

    auto operator<=>(const IpAddress&) const = default;

private:
    Family family_ = Family::v4;
    std::array<std::uint8_t, 16> bytes_{};  // IPv4 in the first four, rest zero
};

/// An address with a prefix length: a subnet ("10.1.0.0/16") or an interface address ("10.1.0.1/16").
class IpPrefix {
public:
    constexpr IpPrefix() = default;
    IpPrefix(IpAddress address, unsigned length) : address_(address), length_(static_cast<std::uint8_t>(length)) {}

    /// "ADDRESS/LENGTH"; host bits may be set (see is_network()).
    static std::optional<IpPrefix> parse(std::string_view text);

    std::string text() const;

    IpAddress address() const { return address_; }
    unsigned length() const { return length_; }
    Family family() const { return address_.family(); }
    unsigned host_bits() const { return (address_.is_v4() ? 32U : 128U) - length_; }

    /// Whether no host bit is set.
    bool is_network() const { return network().address_ == address_; }
    IpPrefix network() const;

    IpAddress first() const { return network().address_; }
    IpAddress last() const;

    bool contains(const IpAddress& other) const;
    bool contains(const IpPrefix& other) const;
    bool overlaps(const IpPrefix& other) const { return contains(other) || other.contains(*this); }

    auto operator<=>(const IpPrefix&) const = default;

private:
    IpAddress address_;
    std::uint8_t length_ = 0;
};

/// An Ethernet address.
class MacAddress {
public:
    constexpr MacAddress() = default;
    explicit MacAddress(std::array<std::uint8_t, 6> bytes) : bytes_(bytes) {}

    /// Six pairs of hex digits with ':' or '-' between them.
    static std::optional<MacAddress> parse(std::string_view text);

    /// 02:42 and the four bytes of an IPv4 address: what Docker gives (docker-behaviour N-27), so that an address that
    /// moves to another container keeps its neighbour entries true.
    static MacAddress from_v4(const IpAddress& address);

    std::string text() const;
    const std::array<std::uint8_t, 6>& bytes() const { return bytes_; }
    auto operator<=>(const MacAddress&) const = default;

private:
    std::array<std::uint8_t, 6> bytes_{};
};

}  // namespace nsr
