/// Reverse names: of containers, and of the subnets that are ours.
#include <algorithm>

#include "resolver/answer_responder.h"
#include "resolver/dns/reverse.h"

namespace nsr::resolver {

using dns::Rcode;
using dns::Reply;
using dns::RrType;

namespace {

bool is_address(const dns::ReverseName& reverse) {
    return reverse.extra_labels == 0 && reverse.prefix.host_bits() == 0;
}

}  // namespace

/// The container whose address it is.
std::optional<Outcome> Responder::answer_pointer() {
    const auto reverse = dns::read_reverse(*name_);
    const bool asks_pointer = query_.type == RrType::ptr || query_.type == RrType::any;
    if (!reverse || !is_address(*reverse) || !asks_pointer) return std::nullopt;
    for (const auto& network : view_.networks) {
        const Zone* zone = snapshot_.zone(network.zone);
        if (zone == nullptr || !zone->answers()) continue;
        const auto* entry = zone->find_address(reverse->prefix.address());
        if (entry == nullptr) continue;
        if (trace_ != nullptr) {
            note("address of '" + entry->canonical.text() + "', ttl " + std::to_string(zone->ttl()) +
                 " s (the network's)");
        }
        return positive(
            reply_.add_target(Reply::Section::answer, owner_, RrType::ptr, zone->ttl(), {}, entry->canonical));
    }
    return std::nullopt;
}

/// What is ours and has no such records: inside a bridge subnet, or an address of a container elsewhere.
std::optional<Outcome> Responder::deny_reverse() {
    const auto reverse = dns::read_reverse(*name_);
    if (!reverse) return std::nullopt;
    bool exists = reverse->extra_labels == 0 && !is_address(*reverse);
    const Zone* owner = nullptr;
    const IpPrefix* ours = nullptr;
    for (const auto& network : view_.networks) {
        const Zone* zone = snapshot_.zone(network.zone);
        if (zone == nullptr || !zone->answers()) continue;
        const bool has_address = is_address(*reverse) && zone->find_address(reverse->prefix.address()) != nullptr;
        exists |= has_address;
        if (has_address && owner == nullptr) owner = zone;
        for (const auto& subnet : zone->reverse_subnets()) {
            if (ours == nullptr && subnet.contains(reverse->prefix)) ours = &subnet, owner = zone;
        }
    }
    if (owner == nullptr) return std::nullopt;
    if (trace_ != nullptr && ours != nullptr) note("inside " + ours->text() + ", which is ours: not forwarded");
    return negative(exists ? Rcode::noerror : Rcode::nxdomain, ours == nullptr ? owner_ : reverse_owner(*ours),
                    owner->negative_ttl());
}

/// The reverse zone of the subnet, which is the end of the question's name.
Reply::Offset Responder::reverse_owner(const IpPrefix& subnet) const {
    const std::size_t labels = name_->label_count();
    const std::size_t wanted = std::min(labels, dns::reverse_zone_labels(subnet));
    std::size_t at = 0;
    for (std::size_t skipped = 0; skipped < labels - wanted; ++skipped) at += 1U + name_->wire()[at];
    return static_cast<Reply::Offset>(owner_ + at);
}

}  // namespace nsr::resolver
