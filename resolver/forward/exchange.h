#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "common/netns.h"
#include "common/result.h"
#include "resolver/dns/types.h"
#include "resolver/zone/spec.h"

namespace nsr::resolver {

/// One try: one query to one server. What comes back is brought to its owner with this.
struct Try {
    std::uint64_t flight = 0;
    std::size_t server = 0;
};

/// Called with a datagram or message of the server, or empty if the try has failed (refused, unreachable, closed). True
/// if the try is over; false if that was no reply to its question.
using OnReply = std::function<bool(const Try& which, std::uint16_t id, dns::Bytes reply)>;

}  // namespace nsr::resolver
