#include "resolver/cache/cache.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace nsr::resolver {
namespace {

/// What an entry costs beside its bytes: hooks, list and table, and what malloc adds.
constexpr std::size_t kEntryCost = sizeof(CacheEntry) + 64;

constexpr std::uint16_t kBitDo = 1;  // a bit of the header's rcode, which a query does not have

/// What of the query, beside name and type, may change the answer.
std::uint16_t bits_of(const dns::Query& query) {
    const std::uint16_t flags = query.flags & (dns::kFlagRd | dns::kFlagAd | dns::kFlagCd);
    return static_cast<std::uint16_t>(flags | (query.dnssec_ok ? kBitDo : 0));
}

/// The finalizer of SplitMix64.
std::uint64_t mix(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31);
}

bool is_of(const CacheEntry& entry, const CacheKey& key, std::uint64_t hash) {
    const dns::Name& name = key.query.name;
    const auto& message = entry.reply.message;
    return entry.hash == hash && entry.route == key.route && entry.type == key.query.type &&
           entry.bits == bits_of(key.query) && message.size() > dns::kHeaderSize + name.size() &&
           std::memcmp(&message[dns::kHeaderSize], name.wire().data(), name.size()) == 0 &&
           message[dns::kHeaderSize + name.size()] == 0;
}

}  // namespace

std::uint64_t CacheKey::hash() const {
    const std::uint64_t rest = (std::uint64_t{std::to_underlying(query.type)} << 16) | bits_of(query);
    return mix(query.hash ^ mix(route * 0x9e3779b97f4a7c15U + rest));
}

bool CacheEntry::wants_refresh(TimePoint now) const {
    return hits >= kHotHits && !has_failed(now) && (expires - now) * kPrefetchShare <= reply.lifetime;
}

Age CacheEntry::age(TimePoint now) const {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - stored).count();
    return {static_cast<std::uint32_t>(seconds), !is_fresh(now)};
}

CacheEntry* Cache::find_in_table(const CacheKey& key, std::uint64_t hash) {
    const auto found = table_.find(
        key, [hash](const CacheKey&) { return hash; },
        [hash](const CacheKey& wanted, const CacheEntry& entry) { return is_of(entry, wanted, hash); });
    return found == table_.end() ? nullptr : &*found;
}

CacheEntry* Cache::find(const CacheKey& key) {
    CacheEntry* entry = find_in_table(key, key.hash());
    if (entry == nullptr || entry == &by_use_.front()) return entry;
    by_use_.splice(by_use_.begin(), by_use_, by_use_.iterator_to(*entry));
    return entry;
}

/// The entry of a key, perhaps a new one: the bare question.
CacheEntry& Cache::put(const CacheKey& key) {
    if (CacheEntry* entry = find(key)) return *entry;
    auto entry = std::make_unique<CacheEntry>();
    entry->hash = key.hash();
    entry->name_hash = key.query.hash;
    entry->route = key.route;
    entry->type = key.query.type;
    entry->bits = bits_of(key.query);
    entry->reply.message.resize(dns::kHeaderSize + key.query.name.size() + 1);
    std::ranges::copy(key.query.name.wire(), &entry->reply.message[dns::kHeaderSize]);
    if (table_.size() * 2 >= buckets_.size()) grow();  // so that most that are not there cost no look at another
    table_.insert(*entry);
    by_use_.push_front(*entry);
    return *entry.release();
}

void Cache::store(const CacheKey& key, StoredReply reply, TimePoint now) {
    const TimePoint expires = now + reply.lifetime;
    adopt(key, {std::move(reply), now, expires});
}

void Cache::adopt(const CacheKey& key, KeptReply kept) {
    kept.reply.message.shrink_to_fit();
    kept.reply.ttls.shrink_to_fit();
    CacheEntry& entry = put(key);
    note_denial(entry, kept.reply.is_denial);
    entry.reply = std::move(kept.reply);
    entry.has_reply = true;
    entry.stored = kept.stored;
    entry.expires = kept.expires;
    entry.fails_until = {};
    entry.failures = 0;
    entry.hits = 0;
    set_size(entry);
}

void Cache::fail(const CacheKey& key, TimePoint now) {
    CacheEntry& entry = put(key);
    const auto doubled = kFailureMin * (1U << std::min(entry.failures, 8U));
    const auto pause = entry.has_reply ? kStaleRecheck : std::min<std::chrono::seconds>(doubled, kFailureMax);
    ++entry.failures;
    entry.fails_until = now + pause;
    set_size(entry);
}

std::size_t Cache::forget_denials(const dns::Name& name) {
    const auto [first, last] = denials_.equal_range(dns::hash_name(name.wire()));
    std::vector<CacheEntry*> gone;
    for (auto at = first; at != last; ++at) gone.push_back(at->second);
    for (CacheEntry* entry : gone) erase(*entry);
    return gone.size();
}

void Cache::set_bytes_max(std::size_t bytes_max) {
    bytes_max_ = bytes_max;
    shrink(nullptr);
}

void Cache::clear() {
    denials_.clear();
    table_.clear();
    by_use_.clear_and_dispose([](CacheEntry* entry) { delete entry; });
    bytes_ = 0;
}

void Cache::set_size(CacheEntry& entry) {
    bytes_ -= entry.size;
    entry.size = kEntryCost + entry.reply.message.capacity() + entry.reply.ttls.capacity() * sizeof(std::uint16_t);
    bytes_ += entry.size;
    shrink(&entry);
}

void Cache::note_denial(CacheEntry& entry, bool is_denial) {
    const bool was_denial = entry.has_reply && entry.reply.is_denial;
    if (is_denial == was_denial) return;
    if (is_denial) {
        denials_.emplace(entry.name_hash, &entry);
        return;
    }
    const auto [first, last] = denials_.equal_range(entry.name_hash);
    const auto found = std::find_if(first, last, [&](const auto& each) { return each.second == &entry; });
    if (found != last) denials_.erase(found);
}

/// Makes room. Even the entry just written goes if it alone is too large.
void Cache::shrink(const CacheEntry* keep) {
    while (bytes_ > bytes_max_ && !by_use_.empty()) {
        ++evicted_;
        CacheEntry& oldest = by_use_.back();
        const bool was_last = &oldest == keep;
        erase(oldest);
        if (was_last) return;
    }
}

void Cache::erase(CacheEntry& entry) {
    note_denial(entry, false);
    bytes_ -= entry.size;
    table_.erase(table_.iterator_to(entry));
    by_use_.erase(by_use_.iterator_to(entry));
    delete &entry;
}

void Cache::grow() {
    std::vector<Table::bucket_type> larger(buckets_.size() * 2);
    table_.rehash({larger.data(), larger.size()});
    buckets_.swap(larger);
}

}  // namespace nsr::resolver
