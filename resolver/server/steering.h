#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "common/clock.h"

namespace nsr::resolver {

/// Queries that are sent on the CPU of worker `from` are led to worker `to`.
struct Redirect {
    unsigned from = 0;
    unsigned to = 0;

    bool operator==(const Redirect&) const = default;
};

/// Which worker answers the queries of a container: shared by the container's listeners, one per worker.
///
/// *At rest* a query goes to the worker that is pinned to the CPU it was sent on, so nothing is woken across CPUs: the
/// best for a client that asks a few questions at a time. A client that floods, though, shares its CPU with the worker
/// that answers it while another CPU may idle. Then the queries of that CPU are led to another worker, on trial, for as
/// long as more of them are answered there (docs/adr/0012).
///
/// *Threads.* Called by every worker; no locks. A change is claimed by one of them, which tells the kernel and then
/// calls settled(); until then the others see nothing to judge.
class Steering {
public:
    /// Queries taken in one turn that show that they wait for the worker.
    static constexpr unsigned kBurst = 8;
    /// Queries per second in bursts from which another worker is tried.
    static constexpr double kFloodRate = 20'000;
    /// For how long bursts are counted.
    static constexpr Duration kWatch = std::chrono::milliseconds(20);
    /// For how long a redirect is measured before it is judged, again and again.
    static constexpr Duration kTrial = std::chrono::milliseconds(50);
    /// How much more must be answered for a redirect to stay.
    static constexpr double kGain = 1.05;
    /// What part of that may be lost later before the redirect ends.
    static constexpr double kLoss = 0.3;
    /// After a trial that gained nothing.
    static constexpr Duration kPause = std::chrono::seconds(1);

    /// What one worker has counted; kept by its listener.
    struct Meter {
        TimePoint since{};
        unsigned queries = 0;
        unsigned period = 0;  ///< number of the redirect that it belongs to
    };

    /// What the kernel is to be told.
    struct Change {
        std::optional<Redirect> redirect;  ///< none: back to rest
    };

    explicit Steering(unsigned workers) : workers_(workers) {}

    unsigned workers() const { return workers_; }

    /// Whether a turn of `worker` in which it took `queries` matters; if not, nobody needs to look at the clock.
    bool matters(unsigned worker, unsigned queries) const {
        return workers_ > 1 && (queries >= kBurst || target() == worker);
    }

    /// `worker` has taken `queries` in one turn. After a change has been made, settled() must be called.
    std::optional<Change> judge(unsigned worker, unsigned queries, Meter& meter, TimePoint now);

    /// The kernel knows the change.
    void settled(const Change& change);

private:
    static constexpr std::uint64_t kRest = 0;
    static constexpr std::uint64_t kChanging = 1;

    static std::uint64_t packed(const Redirect& redirect) {
        return (std::uint64_t{redirect.from} + 1) << 32 | (std::uint64_t{redirect.to} + 1) << 1;
    }
    /// The worker that is redirected to, or a number that no worker has.
    unsigned target() const {
        return static_cast<unsigned>(state_.load(std::memory_order_acquire) & 0xffff'ffff) / 2 - 1;
    }

    std::optional<Change> judge_bursts(unsigned worker, unsigned queries, Meter& meter, TimePoint now);
    std::optional<Change> judge_redirect(unsigned queries, Meter& meter, TimePoint now);

    const unsigned workers_;
    std::atomic<std::uint64_t> state_ = kRest;  ///< what the kernel knows, or kChanging
    // Written while the state is kChanging, or by the worker that is redirected to.
    std::atomic<double> bar_ = 0;  ///< queries per second that the redirect must reach
    std::atomic<bool> on_trial_ = false;
    std::atomic<unsigned> period_ = 0;
    std::atomic<unsigned> step_ = 1;  ///< from the flooded worker to the one to be tried
    std::atomic<TimePoint> retry_{TimePoint{}};
};

}  // namespace nsr::resolver
