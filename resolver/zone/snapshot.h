#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "resolver/dns/cookie.h"
#include "resolver/zone/zone.h"

namespace nsr::resolver {

using Slot = std::uint32_t;
inline constexpr Slot kNoSlot = 0xffffffff;

/// A private alias: a name that only this container knows, for a name on the same network (docker-behaviour 4.3).
struct LinkAlias {
    dns::Name alias;
    dns::Name target;
};

/// What one container may see: an immutable value. Zones are named by slot, so that a change of one zone needs no new
/// view.
struct View {
    struct Network {
        Slot zone = kNoSlot;
        std::vector<LinkAlias> links;
    };

    std::string container_id;
    std::vector<Network> networks;  ///< in the order of lookup
    std::vector<Upstream> upstreams;
    std::vector<std::pair<dns::Name, std::vector<Upstream>>> domains;  ///< longest first
    bool keep_single_labels = false;
    bool can_forward = true;
    bool outside = true;
    std::size_t cache_bytes = 0;  ///< of the cache of its first network; 0: no cache
    std::uint64_t revision = 0;   ///< never that of another view
};

/// What has changed since the last one: to be applied as a whole.
struct Publication {
    std::vector<std::pair<Slot, std::shared_ptr<const Zone>>> zones;  ///< nullptr: gone
    std::vector<std::pair<Slot, std::shared_ptr<const View>>> views;  ///< nullptr: gone
    std::vector<dns::Name>
        changed_names;  ///< names (with and without the network) whose cached denials must be forgotten
};

/// All zones and views as one worker knows them; each worker owns its copy, so a reader takes no lock.
struct Snapshot {
    std::vector<std::shared_ptr<const Zone>> zones;  ///< by slot
    std::vector<std::shared_ptr<const View>> views;  ///< by slot
    dns::CookieKey cookie_key{};                     ///< the same for all workers
    std::uint32_t now = 0;                           ///< seconds since 1970, for cookies; kept by the worker

    void apply(const Publication& publication) {
        put(zones, publication.zones);
        put(views, publication.views);
    }

    const Zone* zone(Slot slot) const { return slot < zones.size() ? zones[slot].get() : nullptr; }
    const View* view(Slot slot) const { return slot < views.size() ? views[slot].get() : nullptr; }

private:
    template <typename T>
    static void put(std::vector<std::shared_ptr<const T>>& table,
                    const std::vector<std::pair<Slot, std::shared_ptr<const T>>>& changes) {
        for (const auto& [slot, value] : changes) {
            if (slot >= table.size()) table.resize(slot + 1);
            table[slot] = value;
        }
    }
};

}  // namespace nsr::resolver
