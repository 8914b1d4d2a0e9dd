#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// The numbers of the DNS (RFC 1035, IANA "Domain Name System Parameters").
namespace nsr::dns {

using Bytes = std::span<const std::uint8_t>;
using Buffer = std::span<std::uint8_t>;

inline constexpr std::size_t kHeaderSize = 12;    ///< RFC 1035 §4.1.1
inline constexpr std::size_t kNameSizeMax = 255;  ///< with the root label, RFC 1035 §2.3.4
inline constexpr std::size_t kLabelSizeMax = 63;
inline constexpr std::size_t kUdpLimit = 512;    ///< without EDNS, RFC 1035 §2.3.4
inline constexpr std::size_t kEdnsLimit = 1232;  ///< our own size: fits the minimum IPv6 MTU
inline constexpr std::size_t kQueryMax = 4096;   ///< of a query over UDP that we read (D-108)
inline constexpr std::size_t kMessageMax = 65535;

enum class RrType : std::uint16_t {
    a = 1,
    ns = 2,
    cname = 5,
    soa = 6,
    ptr = 12,
    mx = 15,
    txt = 16,
    aaaa = 28,
    srv = 33,
    opt = 41,
    tsig = 250,
    ixfr = 251,
    axfr = 252,
    any = 255,
};

enum class RrClass : std::uint16_t { in = 1, ch = 3, hs = 4, none = 254, any = 255 };

enum class Rcode : std::uint16_t {
    noerror = 0,
    formerr = 1,
    servfail = 2,
    nxdomain = 3,
    notimp = 4,
    refused = 5,
    badvers = 16,
    badcookie = 23,
};

enum class Opcode : std::uint8_t { query = 0, iquery = 1, status = 2, notify = 4, update = 5 };

/// Extended DNS Errors (RFC 8914).
enum class Ede : std::uint16_t {
    none = 0xffff,
    other = 0,
    stale_answer = 3,
    cached_error = 13,
    blocked = 15,
    filtered = 17,
    stale_nxdomain = 19,
    not_ready = 14,
    no_reachable_authority = 22,
    network_error = 23,
};

enum class Transport : std::uint8_t { udp, tcp };

// Bits of the second 16-bit word of a header.
inline constexpr std::uint16_t kFlagQr = 0x8000;
inline constexpr std::uint16_t kMaskOpcode = 0x7800;
inline constexpr std::uint16_t kFlagAa = 0x0400;
inline constexpr std::uint16_t kFlagTc = 0x0200;
inline constexpr std::uint16_t kFlagRd = 0x0100;
inline constexpr std::uint16_t kFlagRa = 0x0080;
inline constexpr std::uint16_t kFlagZ = 0x0040;
inline constexpr std::uint16_t kFlagAd = 0x0020;
inline constexpr std::uint16_t kFlagCd = 0x0010;
inline constexpr std::uint16_t kMaskRcode = 0x000f;

/// Mnemonic, or "TYPE65" (RFC 3597). RrType of a text: 0 if it is none.
std::string_view type_mnemonic(RrType type);  ///< "" if it has none that we know
std::uint16_t parse_type(std::string_view text);
std::string_view rcode_name(Rcode rcode);

inline std::uint16_t read16(const std::uint8_t* at) { return static_cast<std::uint16_t>((at[0] << 8) | at[1]); }
inline std::uint32_t read32(const std::uint8_t* at) { return (std::uint32_t{read16(at)} << 16) | read16(at + 2); }
inline void write16(std::uint8_t* at, std::uint16_t value) {
    at[0] = static_cast<std::uint8_t>(value >> 8);
    at[1] = static_cast<std::uint8_t>(value);
}
inline void write32(std::uint8_t* at, std::uint32_t value) {
    write16(at, static_cast<std::uint16_t>(value >> 16));
    write16(at + 2, static_cast<std::uint16_t>(value));
}

}  // namespace nsr::dns
