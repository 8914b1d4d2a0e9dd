#pragma once

#include "common/clock.h"

namespace nsr::testing {

/// A clock that moves only when it is told to. It does not start at zero, so that a forgotten time point shows.
class ManualClock {
public:
    TimePoint now() const { return now_; }
    void advance(Duration duration) { now_ += duration; }

private:
    TimePoint now_{std::chrono::hours(1)};
};

}  // namespace nsr::testing
