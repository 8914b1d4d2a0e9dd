#pragma once

#include <chrono>
#include <map>
#include <vector>

#include "common/clock.h"
#include "resolver/zone/spec.h"

namespace nsr::resolver {

/// How a server has failed.
enum class ServerFailure : std::uint8_t {
    refusing,     ///< it has answered SERVFAIL or REFUSED: perhaps for that name only
    slow,         ///< another has answered long before
    unreachable,  ///< nobody listens there, or there is no way to it
    silent,       ///< no reply at all, though it was asked again
};

// For how long it is tried last.
inline constexpr std::chrono::seconds kRefusingMemory{2};
inline constexpr std::chrono::seconds kSlowMemory{5};
inline constexpr std::chrono::seconds kUnreachableMemory{5};
inline constexpr std::chrono::seconds kSilentMemory{10};  ///< doubled each time that it is silent again
inline constexpr std::chrono::seconds kSilentMemoryMax{60};

/// A server as seen from one place: a container (its serial) or the host (0).
struct ServerPlace {
    std::uint64_t from = 0;
    Upstream server;

    auto operator<=>(const ServerPlace&) const = default;
};

/// Which servers have failed lately. Pure: no clock of its own.
class ServerMemory {
public:
    void failed(const ServerPlace& place, ServerFailure failure, TimePoint now);
    void answered(const ServerPlace& place);
    /// Until when it is tried last; in the past, if it is not.
    TimePoint bad_until(const ServerPlace& place) const;
    bool empty() const { return failures_.empty(); }
    /// Forgets what is long past.
    void sweep(TimePoint now);

private:
    struct Failed {
        TimePoint until{};
        unsigned silences = 0;  ///< in a row
    };

    std::map<ServerPlace, Failed> failures_;
};

}  // namespace nsr::resolver
