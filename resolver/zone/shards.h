#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace nsr::resolver {

/// A map from hashed keys to shared immutable entries that is cheap to copy with one entry changed: a tree of three
/// levels of 16 with small tables of open addressing at its leaves, each node shared by pointer until it is written. So
/// a copy costs 16 pointers, and a change as many on each level, with 10 entries and with 10 000. `Entry` has
/// `std::uint64_t hash` and `bool has_key(key)`.
template <typename Entry>
class Shards {
public:
    /// The entry of a key, or nullptr. Takes no lock and allocates nothing.
    template <typename Key>
    const Entry* find(std::uint64_t hash, const Key& key) const {
        const Shard* shard = shard_at(hash);
        if (shard == nullptr || shard->size == 0) return nullptr;
        const std::size_t mask = shard->size - 1;
        for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
            const Slot& slot = shard->slots.get()[at];
            if (slot.entry == nullptr) return nullptr;
            if (slot.hash == hash && slot.entry->has_key(key)) return slot.entry.get();
        }
    }

    /// Fetches what find() reads into the CPU's cache, a level deeper with each step from 0 to kPrefetchSteps - 1. For
    /// many keys at a time, step by step: then the waits for memory are one and not one after the other.
    /// Always inline: g++ 12 takes a function that only prefetches for one without effect, and leaves its calls out.
    [[gnu::always_inline]] void prefetch(std::uint64_t hash, unsigned step) const {
        const Shard* shard = shard_at(hash);
        if (shard == nullptr) return;
        if (step == 0) return __builtin_prefetch(shard);
        if (shard->size == 0) return;
        const Slot& slot = shard->slots.get()[hash & (shard->size - 1)];
        if (step == 1) return __builtin_prefetch(&slot);
        __builtin_prefetch(slot.entry.get());
        __builtin_prefetch(reinterpret_cast<const char*>(slot.entry.get()) + kCacheLine);
    }
    static constexpr unsigned kPrefetchSteps = 3;

    /// Puts an entry in, or in the place of the one with the same key.
    template <typename Key>
    void put(const Key& key, std::shared_ptr<const Entry> entry) {
        const std::uint64_t hash = entry->hash;
        auto changed = entries_without(hash, key);
        changed.push_back(std::move(entry));
        set(hash, changed);
    }

    template <typename Key>
    void erase(std::uint64_t hash, const Key& key) {
        set(hash, entries_without(hash, key));
    }

    std::size_t size() const { return size_; }

private:
    static constexpr std::size_t kFork = 16;
    static constexpr std::size_t kCacheLine = 64;  // bytes
    using Entries = std::vector<std::shared_ptr<const Entry>>;

    struct Slot {
        std::uint64_t hash = 0;
        std::shared_ptr<const Entry> entry;
    };
    /// Its size is a power of two, at most half of it in use; 0 if it is empty.
    struct Shard {
        std::shared_ptr<const Slot[]> slots;
        std::size_t size = 0;

        std::span<const Slot> all() const { return {slots.get(), size}; }
    };
    using Twig = std::array<Shard, kFork>;
    using Branch = std::array<std::shared_ptr<const Twig>, kFork>;

    // The levels go by the upper bits; the tables at the leaves by the lower ones.
    static std::size_t branch_of(std::uint64_t hash) { return hash >> 60; }
    static std::size_t twig_of(std::uint64_t hash) { return (hash >> 56) % kFork; }
    static std::size_t shard_of(std::uint64_t hash) { return (hash >> 52) % kFork; }

    const Shard* shard_at(std::uint64_t hash) const {
        const Branch* branch = branches_[branch_of(hash)].get();
        const Twig* twig = branch == nullptr ? nullptr : (*branch)[twig_of(hash)].get();
        return twig == nullptr ? nullptr : &(*twig)[shard_of(hash)];
    }

    template <typename Key>
    Entries entries_without(std::uint64_t hash, const Key& key) const {
        Entries entries;
        const Shard* shard = shard_at(hash);
        if (shard == nullptr) return entries;
        for (const Slot& slot : shard->all()) {
            const bool is_key = slot.hash == hash && slot.entry != nullptr && slot.entry->has_key(key);
            if (slot.entry != nullptr && !is_key) entries.push_back(slot.entry);
        }
        return entries;
    }

    static Shard make_shard(const Entries& entries) {
        if (entries.empty()) return {};
        const std::size_t size = std::bit_ceil(entries.size() * 2);
        const std::shared_ptr<Slot[]> slots(new Slot[size]);
        for (const auto& entry : entries) {
            std::size_t at = entry->hash & (size - 1);
            while (slots.get()[at].entry != nullptr) at = (at + 1) & (size - 1);
            slots.get()[at] = {entry->hash, entry};
        }
        return {slots, size};
    }

    /// A node to be written, as it is so far.
    template <typename Node>
    static std::shared_ptr<Node> copy_of(const std::shared_ptr<const Node>& node) {
        return node ? std::make_shared<Node>(*node) : std::make_shared<Node>();
    }

    void set(std::uint64_t hash, const Entries& entries) {
        const Shard* before = shard_at(hash);
        const auto is_used = [](const Slot& slot) { return slot.entry != nullptr; };
        if (before != nullptr) size_ -= static_cast<std::size_t>(std::ranges::count_if(before->all(), is_used));
        size_ += entries.size();
        auto branch = copy_of(branches_[branch_of(hash)]);
        auto twig = copy_of((*branch)[twig_of(hash)]);
        (*twig)[shard_of(hash)] = make_shard(entries);
        (*branch)[twig_of(hash)] = std::move(twig);
        branches_[branch_of(hash)] = std::move(branch);
    }

    std::array<std::shared_ptr<const Branch>, kFork> branches_;
    std::size_t size_ = 0;
};

}  // namespace nsr::resolver
