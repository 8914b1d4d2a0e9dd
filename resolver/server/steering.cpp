#include "resolver/server/steering.h"

namespace nsr::resolver {
namespace {

double per_second(unsigned queries, Duration time) { return queries / std::chrono::duration<double>(time).count(); }

}  // namespace

std::optional<Steering::Change> Steering::judge(unsigned worker, unsigned queries, Meter& meter, TimePoint now) {
    if (workers_ < 2) return std::nullopt;
    if (target() == worker) return judge_redirect(queries, meter, now);
    if (state_.load(std::memory_order_acquire) != kRest || queries < kBurst) return std::nullopt;
    return judge_bursts(worker, queries, meter, now);
}

std::optional<Steering::Change> Steering::judge_bursts(unsigned worker, unsigned queries, Meter& meter, TimePoint now) {
    if (meter.queries == 0) meter.since = now;
    meter.queries += queries;
    const Duration time = now - meter.since;
    if (time < kWatch) return std::nullopt;
    const double rate = per_second(meter.queries, time);
    meter = {};
    if (rate < kFloodRate || now < retry_.load(std::memory_order_relaxed)) return std::nullopt;

    std::uint64_t rest = kRest;
    if (!state_.compare_exchange_strong(rest, kChanging, std::memory_order_acq_rel)) return std::nullopt;
    bar_.store(rate * kGain, std::memory_order_relaxed);
    on_trial_.store(true, std::memory_order_relaxed);
    period_.fetch_add(1, std::memory_order_relaxed);
    return Change{Redirect{worker, (worker + step_.load(std::memory_order_relaxed)) % workers_}};
}

std::optional<Steering::Change> Steering::judge_redirect(unsigned queries, Meter& meter, TimePoint now) {
    const unsigned period = period_.load(std::memory_order_relaxed);
    if (meter.queries == 0 || meter.period != period) meter = {now, 0, period};
    meter.queries += queries;
    const Duration time = now - meter.since;
    if (time < kTrial) return std::nullopt;
    const double rate = per_second(meter.queries, time);
    meter = {};
    const bool on_trial = on_trial_.load(std::memory_order_relaxed);
    if (rate >= bar_.load(std::memory_order_relaxed)) {
        if (on_trial) bar_.store(rate * (1 - kLoss), std::memory_order_relaxed);
        on_trial_.store(false, std::memory_order_relaxed);
        return std::nullopt;
    }
    if (on_trial) {
        const unsigned step = step_.load(std::memory_order_relaxed);
        step_.store(step + 1 < workers_ ? step + 1 : 1, std::memory_order_relaxed);
        retry_.store(now + kPause, std::memory_order_relaxed);
    }
    state_.store(kChanging, std::memory_order_release);
    return Change{};
}

void Steering::settled(const Change& change) {
    state_.store(change.redirect ? packed(*change.redirect) : kRest, std::memory_order_release);
}

}  // namespace nsr::resolver
