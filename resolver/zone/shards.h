#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace nsr::resolver {

/// A map from hashed keys to shared immutable entries that is cheap to copy with one entry changed: 256 shards of open
/// addressing, each shared by pointer until it is written. `Entry` has `std::uint64_t hash` and `bool has_key(key)`.
template <typename Entry>
class Shards {
public:
    /// The entry of a key, or nullptr. Takes no lock and allocates nothing.
    template <typename Key>
    const Entry* find(std::uint64_t hash, const Key& key) const {
        const Shard* shard = shards_[shard_of(hash)].get();
        if (shard == nullptr) return nullptr;
        const std::size_t mask = shard->slots.size() - 1;
        for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
            const Slot& slot = shard->slots[at];
            if (slot.entry == nullptr) return nullptr;
            if (slot.hash == hash && slot.entry->has_key(key)) return slot.entry.get();
        }
    }

    /// Puts an entry in, or in the place of the one with the same key.
    template <typename Key>
    void put(const Key& key, std::shared_ptr<const Entry> entry) {
        const std::uint64_t hash = entry->hash;
        Shard changed = without(hash, key);
        changed.entries.push_back(std::move(entry));
        set(hash, std::move(changed));
    }

    template <typename Key>
    void erase(std::uint64_t hash, const Key& key) {
        set(hash, without(hash, key));
    }

    std::size_t size() const { return size_; }

private:
    static constexpr std::size_t kShards = 256;

    struct Slot {
        std::uint64_t hash = 0;
        std::shared_ptr<const Entry> entry;
    };
    struct Shard {
        std::vector<std::shared_ptr<const Entry>> entries;
        std::vector<Slot> slots;  ///< a power of two, at most half full
    };

    static std::size_t shard_of(std::uint64_t hash) { return hash >> 56; }

    template <typename Key>
    Shard without(std::uint64_t hash, const Key& key) const {
        Shard copy;
        const Shard* shard = shards_[shard_of(hash)].get();
        if (shard == nullptr) return copy;
        copy.entries.reserve(shard->entries.size() + 1);
        for (const auto& entry : shard->entries) {
            if (entry->hash != hash || !entry->has_key(key)) copy.entries.push_back(entry);
        }
        return copy;
    }

    void set(std::uint64_t hash, Shard shard) {
        auto& place = shards_[shard_of(hash)];
        size_ -= place ? place->entries.size() : 0;
        size_ += shard.entries.size();
        if (shard.entries.empty()) {
            place = nullptr;
            return;
        }
        shard.slots.resize(std::bit_ceil(shard.entries.size() * 2));
        const std::size_t mask = shard.slots.size() - 1;
        for (const auto& entry : shard.entries) {
            std::size_t at = entry->hash & mask;
            while (shard.slots[at].entry != nullptr) at = (at + 1) & mask;
            shard.slots[at] = {entry->hash, entry};
        }
        place = std::make_shared<const Shard>(std::move(shard));
    }

    std::array<std::shared_ptr<const Shard>, kShards> shards_;
    std::size_t size_ = 0;
};

}  // namespace nsr::resolver
