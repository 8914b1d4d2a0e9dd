/// `_port._proto.NAME` below a name that is known (D-41), from the ports of containers.
#include <algorithm>

#include "resolver/answer_responder.h"

namespace nsr::resolver {

using dns::Name;
using dns::Rcode;
using dns::Reply;
using dns::RrType;

std::optional<Outcome> Responder::answer_service() {
    const dns::Bytes wire = name_->wire();
    if (wire.size() < 4 || wire[1] != '_') return std::nullopt;
    const std::size_t second = 1U + wire[0];
    if (second + 1U >= wire.size()) return std::nullopt;
    if (wire[second + 1U] != '_') return answer_protocol(second);
    const std::size_t base = second + 1U + wire[second];
    if (base >= wire.size()) return std::nullopt;
    const Name service = Name::from_wire(wire.first(base));
    const Name owner = Name::from_wire(wire.subspan(base));
    std::optional<Outcome> outcome;
    lookup().each_match(owner, dns::hash_name(owner.wire()), [&](const Match& match) {
        const Reply::Mark before = reply_.mark();
        const bool whole = add_services(match, service);
        const bool exists = reply_.answers() > before.counts[0] || !whole;
        const auto apex = static_cast<Reply::Offset>(owner_ + base);
        if (exists && query_.type == RrType::srv) {
            outcome = positive(whole);
        } else {
            reply_.take_back(before);
            if (trace_ != nullptr && !exists) {
                note("'" + owner.text() + "' is known on " + match.zone->network().text() + ", but has no such port");
            }
            outcome = negative(exists ? Rcode::noerror : Rcode::nxdomain, apex, match.zone->negative_ttl());
        }
        return true;
    });
    return outcome;
}

/// `_proto.NAME`, the first `base` bytes of which are the protocol: an empty non-terminal if NAME has such services, as
/// a container or by users' records.
/// Resolvers that ask label by label (RFC 9156) would take an NXDOMAIN from outside for all that is below (RFC 8020).
std::optional<Outcome> Responder::answer_protocol(std::size_t base) {
    const dns::Bytes protocol = name_->wire().first(base);
    const Name owner = Name::from_wire(name_->wire().subspan(base));
    const auto is_of_protocol = [protocol](const ServiceLabels& service) {
        return !service.names.empty() && !split_suffix(service.names.front().wire(), protocol).empty();
    };
    const auto has_services = [&](const Contribution& contribution) {
        const bool runs = contribution.ipv4 || contribution.ipv6;
        return runs && contribution.services && std::ranges::any_of(*contribution.services, is_of_protocol);
    };
    std::optional<Outcome> outcome;
    lookup().each_match(owner, dns::hash_name(owner.wire()), [&](const Match& match) {
        const auto key = Name::from_wire(name_->wire().first(base + match.name_size));
        const auto* entry = match.zone->find(dns::hash_name(key.wire()), key);
        const bool has_records = entry != nullptr && entry->below > 0;
        if (has_records || std::ranges::any_of(match.entry->contributions, has_services)) {
            if (trace_ != nullptr) note("'" + owner.text() + "' has services on " + match.zone->network().text());
            const auto apex = static_cast<Reply::Offset>(owner_ + base);
            outcome = negative(Rcode::noerror, apex, match.zone->negative_ttl());
        }
        return true;
    });
    return outcome;
}

bool Responder::add_services(const Match& match, const Name& service) {
    for (const auto& contribution : match.entry->contributions) {
        if (!contribution.services || (!contribution.ipv4 && !contribution.ipv6)) continue;
        for (const auto& labels : *contribution.services) {
            if (std::ranges::find(labels.names, service) == labels.names.end()) continue;
            std::array<std::uint8_t, 6> data{};  // priority and weight 0 (RFC 2782), then the port
            dns::write16(&data[4], labels.port);
            if (!reply_.add_target(Reply::Section::answer, owner_, RrType::srv, match.zone->ttl(), data,
                                   contribution.canonical)) {
                return false;
            }
            if (trace_ != nullptr) {
                note("port " + std::to_string(labels.port) + " of '" + contribution.canonical.text() + "', ttl " +
                     std::to_string(match.zone->ttl()) + " s (the network's)");
            }
        }
    }
    const Reply::Mark before = reply_.mark();
    for (const auto& contribution : match.entry->contributions) {
        for (const auto& address : {contribution.ipv4, contribution.ipv6}) {
            if (!address || reply_.answers() == 0) continue;
            const RrType type = address->is_v4() ? RrType::a : RrType::aaaa;
            if (!reply_.add_named(Reply::Section::additional, contribution.canonical, type, match.zone->ttl(),
                                  address->bytes())) {
                reply_.take_back(before);  // additional records are a courtesy: no TC for them (RFC 2181 §9)
                return true;
            }
        }
    }
    return true;
}

}  // namespace nsr::resolver
