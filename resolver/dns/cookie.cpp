#include "resolver/dns/cookie.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace nsr::dns {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHashOffset = 8;  // behind version, reserved bytes and time
constexpr std::int32_t kRenewAfter = 1800;
constexpr std::int32_t kOldest = 3600;
constexpr std::int32_t kAhead = 300;  // a clock that was set back
constexpr std::size_t kClientSizeMax = 16;

std::uint64_t read_little(const std::uint8_t* bytes) {
    std::uint64_t word = 0;
    for (int index = 7; index >= 0; --index) word = word << 8 | bytes[index];
    return word;
}

struct Sip {
    std::uint64_t v0, v1, v2, v3;

    void round() {
        v0 += v1, v1 = std::rotl(v1, 13), v1 ^= v0, v0 = std::rotl(v0, 32);
        v2 += v3, v3 = std::rotl(v3, 16), v3 ^= v2;
        v0 += v3, v3 = std::rotl(v3, 21), v3 ^= v0;
        v2 += v1, v1 = std::rotl(v1, 17), v1 ^= v2, v2 = std::rotl(v2, 32);
    }
    void take(std::uint64_t word) {
        v3 ^= word;
        round(), round();
        v0 ^= word;
    }
};

/// The hash of a cookie whose first half is written.
std::uint64_t hash_of(const ServerCookie& cookie, const ClientCookie& client_cookie, Bytes client,
                      const CookieKey& key) {
    std::array<std::uint8_t, 8 + kHashOffset + kClientSizeMax> message;
    const std::size_t client_size = std::min(client.size(), kClientSizeMax);
    std::ranges::copy(client_cookie, message.begin());
    std::copy_n(cookie.begin(), kHashOffset, message.begin() + 8);
    std::copy_n(client.begin(), client_size, message.begin() + 8 + kHashOffset);
    return siphash24(key, Bytes(message).first(8 + kHashOffset + client_size));
}

void write_hash(ServerCookie& cookie, std::uint64_t hash) {
    for (std::size_t index = 0; index < 8; ++index) {
        cookie[kHashOffset + index] = static_cast<std::uint8_t>(hash >> (8 * index));
    }
}

}  // namespace

std::uint64_t siphash24(const CookieKey& key, Bytes message) {
    const std::uint64_t k0 = read_little(key.data());
    const std::uint64_t k1 = read_little(key.data() + 8);
    Sip sip{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573};
    std::uint64_t last = static_cast<std::uint64_t>(message.size()) << 56;
    for (; message.size() >= 8; message = message.subspan(8)) sip.take(read_little(message.data()));
    for (std::size_t index = 0; index < message.size(); ++index) {
        last |= static_cast<std::uint64_t>(message[index]) << (8 * index);
    }
    sip.take(last);
    sip.v2 ^= 0xff;
    for (int count = 0; count < 4; ++count) sip.round();
    return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}

ServerCookie make_server_cookie(const ClientCookie& client_cookie, Bytes client, std::uint32_t now,
                                const CookieKey& key) {
    ServerCookie cookie{kVersion};
    write32(&cookie[4], now);
    write_hash(cookie, hash_of(cookie, client_cookie, client, key));
    return cookie;
}

CookieVerdict check_server_cookie(const ServerCookie& cookie, const ClientCookie& client_cookie, Bytes client,
                                  std::uint32_t now, const CookieKey& key) {
    const auto age = static_cast<std::int32_t>(now - read32(&cookie[4]));  // serial arithmetic (RFC 1982)
    if (cookie[0] != kVersion || age > kOldest || age < -kAhead) return CookieVerdict::bad;
    ServerCookie expected = cookie;
    write_hash(expected, hash_of(cookie, client_cookie, client, key));
    // Every byte is looked at, so that the time it takes says nothing.
    std::uint8_t difference = 0;
    for (std::size_t index = 0; index < cookie.size(); ++index) {
        difference = static_cast<std::uint8_t>(difference | (cookie[index] ^ expected[index]));
    }
    if (difference != 0) return CookieVerdict::bad;
    return age > kRenewAfter ? CookieVerdict::renew : CookieVerdict::good;
}

}  // namespace nsr::dns
