/// Reverse names: of containers, and of the subnets that are ours.
#include <algorithm>

#include "resolver/answer_responder.h"
#include "resolver/dns/reverse.h"

namespace nsr::resolver {

using dns::Rcode;
using dns::Reply;
using dns::RrType;

std::optional<Outcome> Responder::answer_reverse(bool only_containers) {
    const auto reverse = dns::read_reverse(*name_);
    if (!reverse) return std::nullopt;
    const bool is_address = reverse->extra_labels == 0 && reverse->prefix.host_bits() == 0;
    const IpPrefix* ours = nullptr;
    const Zone* owner = nullptr;
    for (const auto& network : view_.networks) {
        const Zone* zone = snapshot_.zone(network.zone);
        if (zone == nullptr || !zone->answers()) continue;
        const auto* entry = is_address ? zone->find_address(reverse->prefix.address()) : nullptr;
        if (entry != nullptr) {
            if (query_.type != RrType::ptr && query_.type != RrType::any) {
                return negative(Rcode::noerror, owner_, zone->negative_ttl());
            }
            if (trace_ != nullptr) {
                note("address of '" + entry->canonical.text() + "', ttl " + std::to_string(zone->ttl()) +
                     " s (the network's)");
            }
            return positive(
                reply_.add_target(Reply::Section::answer, owner_, RrType::ptr, zone->ttl(), {}, entry->canonical));
        }
        for (const auto& subnet : zone->reverse_subnets()) {
            if (ours == nullptr && subnet.contains(reverse->prefix)) ours = &subnet, owner = zone;
        }
    }
    if (ours == nullptr || only_containers) return std::nullopt;
    if (trace_ != nullptr) note("inside " + ours->text() + ", which is ours: not forwarded");
    const bool is_inner = reverse->extra_labels == 0 && !is_address;
    return negative(is_inner ? Rcode::noerror : Rcode::nxdomain, reverse_owner(*ours), owner->negative_ttl());
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
