#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/unordered_set.hpp>

#include "resolver/cache/stored_reply.h"

namespace nsr::resolver {

inline constexpr std::chrono::seconds kStaleMax{86400};  ///< past its time until an answer is useless (RFC 8767 §4)
inline constexpr std::chrono::seconds kFailureMin{1};    ///< a failure is remembered, doubled each time (RFC 9520 §3.2)
inline constexpr std::chrono::seconds kFailureMax{5};
inline constexpr std::chrono::seconds kStaleRecheck{30};  ///< a failed refresh is not tried again before (RFC 8767 §5)
inline constexpr unsigned kHotHits = 2;                   ///< asked for so often, an answer is fetched again ahead
inline constexpr unsigned kPrefetchShare = 10;            ///< in the last tenth of its time

/// Whose answer to which question.
struct CacheKey {
    const dns::Query& query;
    std::uint64_t route = 0;  ///< which servers were asked from where: others may say something else

    std::uint64_t hash() const;
};

/// One question with what is known of its answer: a reply, that it could not be had, or both (a stale one).
struct CacheEntry : boost::intrusive::list_base_hook<>, boost::intrusive::unordered_set_base_hook<> {
    std::uint64_t hash = 0;
    std::uint64_t name_hash = 0;
    std::uint64_t route = 0;
    dns::RrType type = dns::RrType::a;
    std::uint16_t bits = 0;  ///< of the query: RD, AD, CD, DO

    StoredReply reply;  ///< its message is the bare question if there is none
    bool has_reply = false;
    TimePoint stored{};
    TimePoint expires{};
    TimePoint fails_until{};  ///< not to be asked before
    unsigned failures = 0;    ///< in a row
    unsigned hits = 0;        ///< since it was stored
    std::size_t size = 0;     ///< bytes it is counted for

    bool is_fresh(TimePoint now) const { return has_reply && now < expires; }
    bool is_usable_stale(TimePoint now) const { return has_reply && now < expires + kStaleMax; }
    bool has_failed(TimePoint now) const { return now < fails_until; }
    /// Whether it is asked for often and has little time left.
    bool wants_refresh(TimePoint now) const;
    Age age(TimePoint now) const;
};

/// An answer on its way from one worker's cache to another's.
struct KeptReply {
    StoredReply reply;
    TimePoint stored{};
    TimePoint expires{};
};

/// Answers of upstreams for one network, within a number of bytes: what was not asked for longest goes first. Pure: no
/// clock of its own. One thread.
class Cache {
public:
    explicit Cache(std::size_t bytes_max) : bytes_max_(bytes_max), buckets_(kBucketsMin), table_(table_options()) {}
    ~Cache() { clear(); }
    Cache(const Cache&) = delete;
    Cache& operator=(const Cache&) = delete;

    /// What is known of the answer, fresh or not; nullptr if nothing.
    CacheEntry* find(const CacheKey& key);
    void store(const CacheKey& key, StoredReply reply, TimePoint now);
    /// What another cache has kept: it is as old here as there.
    void adopt(const CacheKey& key, KeptReply kept);
    /// No answer could be had. Remembered shortly; a stale answer stays.
    void fail(const CacheKey& key, TimePoint now);
    /// Forgets that a name, or a type of it, does not exist. Returns how many denials that were.
    std::size_t forget_denials(const dns::Name& name);
    void set_bytes_max(std::size_t bytes_max);
    void clear();

    std::size_t bytes() const { return bytes_; }
    std::size_t entries() const { return table_.size(); }
    bool has_denials() const { return !denials_.empty(); }
    std::size_t evicted() const { return evicted_; }

private:
    static constexpr std::size_t kBucketsMin = 64;

    struct Hash {
        std::size_t operator()(const CacheEntry& entry) const { return entry.hash; }
    };
    struct Equal {
        bool operator()(const CacheEntry& a, const CacheEntry& b) const { return &a == &b; }
    };
    using Table =
        boost::intrusive::unordered_set<CacheEntry, boost::intrusive::hash<Hash>, boost::intrusive::equal<Equal>,
                                        boost::intrusive::power_2_buckets<true>>;

    Table::bucket_traits table_options() { return {buckets_.data(), buckets_.size()}; }
    CacheEntry* find_in_table(const CacheKey& key, std::uint64_t hash);
    CacheEntry& put(const CacheKey& key);
    void set_size(CacheEntry& entry);
    void note_denial(CacheEntry& entry, bool is_denial);
    void shrink(const CacheEntry* keep);
    void erase(CacheEntry& entry);
    void grow();

    std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::size_t evicted_ = 0;
    std::vector<Table::bucket_type> buckets_;
    Table table_;
    boost::intrusive::list<CacheEntry> by_use_;                    ///< the latest in front
    std::unordered_multimap<std::uint64_t, CacheEntry*> denials_;  ///< by hash of the name
};

}  // namespace nsr::resolver
