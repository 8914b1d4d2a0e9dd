#pragma once

#include <array>
#include <cstdint>

#include "resolver/dns/types.h"

/// DNS cookies (RFC 7873) with the server's half of RFC 9018.
namespace nsr::dns {

using CookieKey = std::array<std::uint8_t, 16>;
using ClientCookie = std::array<std::uint8_t, 8>;
using ServerCookie = std::array<std::uint8_t, 16>;

/// SipHash-2-4 (Aumasson, Bernstein).
std::uint64_t siphash24(const CookieKey& key, Bytes message);

/// Version 1: version, three zeros, the time in seconds since 1970, and the hash of all that with the client's cookie
/// and what identifies the client (RFC 9018 §4.1 to §4.4).
ServerCookie make_server_cookie(const ClientCookie& client_cookie, Bytes client, std::uint32_t now,
                                const CookieKey& key);

enum class CookieVerdict : std::uint8_t {
    good,   ///< ours, and young enough to be sent back as it is
    renew,  ///< ours, older than half an hour: the client gets a new one
    bad,    ///< not ours, or not of the last hour
};

/// What a cookie that came back is worth (RFC 9018 §4.3).
CookieVerdict check_server_cookie(const ServerCookie& cookie, const ClientCookie& client_cookie, Bytes client,
                                  std::uint32_t now, const CookieKey& key);

}  // namespace nsr::dns
