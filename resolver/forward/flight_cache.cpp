/// What the flight table keeps of answers, and what it says from there.
#include <utility>

#include "resolver/answer.h"
#include "resolver/forward/flight_table.h"
#include "resolver/forward/question.h"

namespace nsr::resolver {
namespace {

/// The network in whose cache answers for a container are kept: the first that it looks names up on. kNoSlot: in none.
Slot network_of(const View& view) {
    return view.cache_bytes == 0 || view.networks.empty() ? kNoSlot : view.networks.front().zone;
}

}  // namespace

/// Changes a cache and counts what has become of it.
template <typename Change>
void FlightTable::change(Cache& cache, Change&& change) {
    const auto bytes = cache.bytes();
    const auto entries = cache.entries();
    const auto evicted = cache.evicted();
    change();
    counters_.cache_bytes.set(counters_.cache_bytes.value() + cache.bytes() - bytes);
    counters_.cache_entries.set(counters_.cache_entries.value() + cache.entries() - entries);
    counters_.cache_evictions.add(cache.evicted() - evicted);
}

Cache* FlightTable::cache_of(const View& view) {
    const Slot network = network_of(view);
    if (network == kNoSlot) return nullptr;
    if (network >= caches_.size()) caches_.resize(network + 1);
    auto& cache = caches_[network];
    if (!cache) cache = std::make_unique<Cache>(view.cache_bytes / limits_.cache_share);
    return cache.get();
}

std::size_t FlightTable::answer_cached(const ForwardRequest& request, dns::Buffer out, TimePoint now) {
    Cache* cache = is_cacheable(request.query) ? cache_of(request.view) : nullptr;
    if (cache == nullptr) return 0;
    const auto& route = routes_.find(request);
    CacheEntry* entry = cache->find({request.query, route->id});
    if (entry == nullptr) {
        counters_.cache_misses.add();
        return 0;
    }
    if (entry->is_fresh(now)) {
        ++entry->hits;
        const std::size_t size = write_entry(*entry, request, out, now);
        if (size > 0) counters_.cache_hits.add();
        if (entry->wants_refresh(now)) refresh(request, route, now);
        return size;
    }
    if (!entry->has_failed(now)) {
        counters_.cache_misses.add();
        return 0;
    }
    if (entry->is_usable_stale(now)) {
        counters_.cache_stale.add();
        return write_entry(*entry, request, out, now);
    }
    counters_.cache_failures.add();
    source_ = {.kind = AnswerSource::Kind::cached_failure, .server = {}};
    return write_failure(request, dns::Ede::cached_error, out);
}

std::size_t FlightTable::write_entry(const CacheEntry& entry, const ForwardRequest& request, dns::Buffer out,
                                     TimePoint now) {
    const Age age = entry.age(now);
    source_.kind = age.is_stale ? AnswerSource::Kind::stale : AnswerSource::Kind::cache;
    source_.elapsed = now - entry.stored;
    return write_stored(entry.reply.message, entry.reply.ttls, age, request.datagram, request.query,
                        request.query.reply_limit(request.transport), out);
}

/// Fetches an answer again, for nobody in particular.
void FlightTable::refresh(const ForwardRequest& request, const std::shared_ptr<const Route>& route, TimePoint now) {
    if (questions_.size() >= limits_.in_flight || find_same(request, *route) != nullptr) return;
    counters_.cache_prefetches.add();
    const AnswerSource source = source_;
    advance(start(request, route, now), now);
    source_ = source;
}

void FlightTable::keep(const Question& question, dns::Bytes reply, TimePoint now) {
    if (question.network >= caches_.size() || !caches_[question.network]) return;
    auto stored = store_reply(reply, question.query);
    if (!stored) return;
    Cache& cache = *caches_[question.network];
    change(cache, [&] { cache.store({question.query, question.route->id}, std::move(*stored), now); });
}

void FlightTable::keep_failure(const Question& question, TimePoint now) {
    if (question.network >= caches_.size() || !caches_[question.network]) return;
    Cache& cache = *caches_[question.network];
    change(cache, [&] { cache.fail({question.query, question.route->id}, now); });
}

/// Gives those who wait an answer past its time, if there is one. The question stays open.
bool FlightTable::give_stale(Question& question, TimePoint now) {
    if (question.waiters.empty() || question.network >= caches_.size() || !caches_[question.network]) return false;
    const CacheEntry* entry = caches_[question.network]->find({question.query, question.route->id});
    if (entry == nullptr || !entry->is_usable_stale(now)) return false;
    const StoredReply reply = entry->reply;  // delivering may bring the next question
    const Age age = entry->age(now);
    source_.kind = AnswerSource::Kind::stale;
    source_.elapsed = now - entry->stored;
    auto waiters = std::exchange(question.waiters, {});
    for (auto& waiter : waiters) {
        const std::size_t size =
            write_stored(reply.message, reply.ttls, age, waiter.datagram, waiter.query, waiter.limit, out_);
        counters_.cache_stale.add();
        deliver(waiter, dns::Bytes(out_).first(size));
    }
    return true;
}

Cache* FlightTable::cache_of(const Question& question) const {
    return question.network < caches_.size() ? caches_[question.network].get() : nullptr;
}

/// Each worker has a cache of its own, and has not heard what the others have. When nobody answers, and nothing is kept
/// here, they are asked: true while their word is awaited.
bool FlightTable::awaits_siblings(Question& question, TimePoint now) {
    using enum Question::Siblings;
    if (question.siblings != unasked) return question.siblings == asked;
    Cache* cache = cache_of(question);
    if (question.waiters.empty() || cache == nullptr || !is_cacheable(question.query)) return false;
    const CacheEntry* entry = cache->find({question.query, question.route->id});
    if (entry != nullptr && entry->is_usable_stale(now)) return false;
    question.siblings = wire_.ask_siblings(question) ? asked : answered;
    return question.siblings == asked;
}

void FlightTable::siblings_said(Question::Id id, std::optional<KeptReply> kept, TimePoint now) {
    const auto found = questions_.find(id);
    if (found == questions_.end()) return;
    Question& question = found->second;
    question.siblings = Question::Siblings::answered;
    if (Cache* cache = cache_of(question); kept && cache != nullptr) {
        change(*cache, [&] { cache->adopt({question.query, question.route->id}, std::move(*kept)); });
        give_stale(question, now);
    }
    advance(id, now);
}

std::optional<KeptReply> FlightTable::kept(const ForwardRequest& request, TimePoint now) {
    Cache* cache = is_cacheable(request.query) ? cache_of(request.view) : nullptr;
    if (cache == nullptr) return std::nullopt;
    const CacheEntry* entry = cache->find({request.query, routes_.find(request)->id});
    if (entry == nullptr || !entry->is_usable_stale(now)) return std::nullopt;
    return KeptReply{entry->reply, entry->stored, entry->expires};
}

void FlightTable::apply(const Publication& publication) {
    for (const auto& [slot, zone] : publication.zones) {
        if (zone || slot >= caches_.size() || !caches_[slot]) continue;
        change(*caches_[slot], [&] { caches_[slot]->clear(); });
        caches_[slot] = nullptr;
    }
    for (const auto& name : publication.changed_names) {
        for (const auto& cache : caches_) {
            if (cache && cache->has_denials()) change(*cache, [&] { cache->forget_denials(name); });
        }
    }
}

}  // namespace nsr::resolver
