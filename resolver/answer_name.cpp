/// What is said of a name that the zones know.
#include "resolver/answer_responder.h"
#include "resolver/zone/derivation.h"

namespace nsr::resolver {

using dns::Name;
using dns::RrType;

std::optional<Outcome> Responder::answer_name() {
    Match first;
    Match found;
    lookup().each_match(*name_, hash_, [&](const Match& match) {
        if (first.entry == nullptr) first = match;
        if (has_data(*match.entry)) found = match;
        // Addresses are looked for on the other networks, too (D-47); everything else ends at the first that knows the
        // name.
        const bool look_on = query_.type == RrType::a || query_.type == RrType::aaaa;
        return found.entry != nullptr || !look_on;
    });
    if (first.entry == nullptr) return std::nullopt;
    return answer_match(found, first);
}

std::optional<Outcome> Responder::answer_match(const Match& match, const Match& first) {
    if (match.entry == nullptr) {
        // `_port._proto.NAME` of a NAME that only a wildcard knows: the wildcard would hide its services.
        if (query_.type == RrType::srv && first.name_size != first.entry->name.size()) {
            if (auto service = answer_service()) return service;
        }
        if (trace_ != nullptr) note_unsaid(first);
        // The SOA of NETWORK for NAME.NETWORK, of the queried name itself for a bare one.
        const auto apex = static_cast<dns::Reply::Offset>(first.with_network ? owner_ + first.name_size : owner_);
        return negative(dns::Rcode::noerror, apex, first.zone->negative_ttl());
    }
    if (trace_ != nullptr) note_said(match);
    const StoredRecord* cname = match.entry->cname();
    if (cname == nullptr || query_.type == RrType::cname || query_.type == RrType::any) {
        return positive(add_data(match));
    }
    if (!add_cname(*cname)) return positive(false);
    return std::nullopt;
}

/// Adds the record, and goes on with what it leads to.
bool Responder::add_cname(const StoredRecord& cname) {
    if (trace_ != nullptr) note("CNAME record: '" + name_->text() + "' leads to '" + cname.target.text() + "'");
    if (!reply_.add(dns::Reply::Section::answer, owner_, RrType::cname, cname.ttl, cname.data)) return false;
    name_ = &cname.target;
    hash_ = dns::hash_name(cname.target.wire());
    owner_ = reply_.last_data();
    is_cname_ = true;
    return true;
}

void Responder::note_unsaid(const Match& first) const {
    note("'" + name_->text() + "' is known on " + first.zone->network().text() + " without such records, ttl " +
         std::to_string(first.zone->negative_ttl()) + " s (the network's)");
}

void Responder::note_said(const Match& match) const {
    const std::string reading =
        match.with_network ? ", read as '" + Name::text_of(name_->wire().first(match.name_size)) + "' there" : "";
    note("'" + name_->text() + "' is known on " + match.zone->network().text() + reading + ": " +
         derivation(*match.zone, *match.entry, query_.type));
}

}  // namespace nsr::resolver
