#pragma once

#include <algorithm>

#include "resolver/answer.h"

namespace nsr::resolver {

/// A place where a name is known.
struct Match {
    const Zone* zone = nullptr;
    const NameEntry* entry = nullptr;
    bool with_network = false;  ///< read as NAME.NETWORK
    std::size_t name_size = 0;  ///< bytes of the name that are NAME
};

/// Where a container's names are looked for, and in which order: the networks of its view, each reading of a name.
class Lookup {
public:
    Lookup(const Snapshot& snapshot, const View& view, Trace* trace)
        : snapshot_(snapshot), view_(view), trace_(trace) {}

    /// Visits the places where a name is known, in order, until `visit` returns true; false if it never did.
    template <typename Visit>
    bool each_match(const dns::Name& name, std::uint64_t hash, Visit&& visit) const;

private:
    const NameEntry* find_in(const View::Network& network, const Zone& zone, const dns::Name& name, std::uint64_t hash,
                             bool with_network) const;
    void note(std::string text) const { trace_->push_back(std::move(text)); }

    const Snapshot& snapshot_;
    const View& view_;
    Trace* trace_;
};

/// What stands before `suffix` in a name; empty if the name does not end with it at the border of a label.
dns::Bytes split_suffix(dns::Bytes name, dns::Bytes suffix);

template <typename Visit>
bool Lookup::each_match(const dns::Name& name, std::uint64_t hash, Visit&& visit) const {
    std::size_t labels_max = 0;
    for (const auto& network : view_.networks) {
        const Zone* zone = snapshot_.zone(network.zone);
        if (trace_ != nullptr && zone != nullptr && !zone->answers()) {
            note(zone->network().text() + " only forwards: its names are not looked up");
        }
        if (zone == nullptr || !zone->answers()) continue;
        labels_max = std::max(labels_max, zone->network_labels());
        const NameEntry* entry = find_in(network, *zone, name, hash, false);
        if (entry != nullptr && visit(Match{zone, entry, false, name.size()})) return true;
        if (trace_ != nullptr && entry == nullptr) {
            note("'" + name.text() + "' is not known on " + zone->network().text());
        }
    }
    // name.network, the shortest network first (docker-behaviour D-18).
    for (std::size_t labels = 1; labels <= labels_max; ++labels) {
        for (const auto& network : view_.networks) {
            const Zone* zone = snapshot_.zone(network.zone);
            if (zone == nullptr || !zone->answers() || zone->network_labels() != labels) continue;
            const auto prefix = split_suffix(name.wire(), zone->network().wire());
            if (prefix.empty()) continue;
            const auto inner = dns::Name::from_wire(prefix);
            const NameEntry* entry = find_in(network, *zone, inner, dns::hash_name(prefix), true);
            if (entry != nullptr && visit(Match{zone, entry, true, prefix.size()})) return true;
        }
    }
    return false;
}

}  // namespace nsr::resolver
