#include "resolver/forward/server_memory.h"

#include <algorithm>

namespace nsr::resolver {
namespace {

std::chrono::seconds memory_of(ServerFailure failure, unsigned silences) {
    switch (failure) {
        case ServerFailure::refusing:
            return kRefusingMemory;
        case ServerFailure::slow:
            return kSlowMemory;
        case ServerFailure::unreachable:
            return kUnreachableMemory;
        case ServerFailure::silent:
            break;
    }
    return std::min<std::chrono::seconds>(kSilentMemory * (1U << std::min(silences, 8U)), kSilentMemoryMax);
}

}  // namespace

void ServerMemory::failed(const ServerPlace& place, ServerFailure failure, TimePoint now) {
    Failed& failed = failures_[place];
    // Questions that were asked together fail together: that is one silence.
    if (failure == ServerFailure::silent && failed.until > now && failed.silences > 0) return;
    failed.until = std::max(failed.until, now + memory_of(failure, failed.silences));
    if (failure == ServerFailure::silent) ++failed.silences;
}

void ServerMemory::answered(const ServerPlace& place) {
    if (!failures_.empty()) failures_.erase(place);
}

TimePoint ServerMemory::bad_until(const ServerPlace& place) const {
    const auto found = failures_.find(place);
    return found == failures_.end() ? TimePoint::min() : found->second.until;
}

/// How often it was silent is remembered for as long again.
void ServerMemory::sweep(TimePoint now) {
    std::erase_if(failures_, [now](const auto& entry) { return entry.second.until + kSilentMemoryMax <= now; });
}

}  // namespace nsr::resolver
