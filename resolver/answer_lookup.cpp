#include "resolver/answer_lookup.h"

#include "resolver/zone/wildcard.h"

namespace nsr::resolver {

dns::Bytes split_suffix(dns::Bytes name, dns::Bytes suffix) {
    if (name.size() <= suffix.size()) return {};
    const std::size_t border = name.size() - suffix.size();
    if (!std::ranges::equal(name.subspan(border), suffix)) return {};
    std::size_t at = 0;
    while (at < border) at += 1U + name[at];
    return at == border ? name.first(border) : dns::Bytes();
}

const NameEntry* Lookup::find_in(const View::Network& network, const Zone& zone, const dns::Name& name,
                                 std::uint64_t hash, bool with_network) const {
    for (const auto& link : network.links) {
        if (!(link.alias == name)) continue;
        const auto* target = zone.find(dns::hash_name(link.target.wire()), link.target);
        if (trace_ != nullptr) note("link alias '" + name.text() + "' leads to '" + link.target.text() + "'");
        if (target != nullptr && !target->is_empty()) return target;
    }
    const NameEntry* entry = zone.find(hash, name);
    if (entry == nullptr) {
        entry = zone.has_wildcards() ? find_wildcard(zone, name) : nullptr;
        if (trace_ != nullptr && entry != nullptr) note("'" + name.text() + "' is one of '" + entry->name.text() + "'");
        return entry;
    }
    // What is there only because of names below it is ours where the network or a wildcard says that all of it is:
    // nobody's "example.org" goes away because somebody has the alias "www.example.org".
    return !entry->is_empty() || with_network || is_of_wildcard(zone, name) ? entry : nullptr;
}

}  // namespace nsr::resolver
