#include "resolver/answer.h"

#include <algorithm>
#include <optional>

#include "resolver/dns/reply.h"
#include "resolver/dns/reverse.h"
#include "resolver/zone/derivation.h"
#include "resolver/zone/wildcard.h"

namespace nsr::resolver {
namespace {

using dns::Bytes;
using dns::Name;
using dns::Rcode;
using dns::Reply;
using dns::RrType;

/// The most addresses of one name that a reply can hold: 64 KiB of records with a compressed owner.
constexpr std::size_t kAddressesMax = (dns::kMessageMax - dns::kHeaderSize) / 16;

/// The most CNAME records that are followed for one question; a longer chain is a loop, or as bad as one.
constexpr unsigned kCnamesMax = 8;

/// What stands before `suffix` in a name; empty if the name does not end with it at the border of a label.
Bytes split_suffix(Bytes name, Bytes suffix) {
    if (name.size() <= suffix.size()) return {};
    const std::size_t border = name.size() - suffix.size();
    if (!std::ranges::equal(name.subspan(border), suffix)) return {};
    std::size_t at = 0;
    while (at < border) at += 1U + name[at];
    return at == border ? name.first(border) : Bytes();
}

/// Whether a name may be a reverse one.
bool is_arpa(Bytes name) {
    static constexpr std::uint8_t kArpa[] = {4, 'a', 'r', 'p', 'a'};
    return name.size() > sizeof kArpa && std::ranges::equal(name.last(sizeof kArpa), kArpa);
}

/// A header alone, as FORMERR and NOTIMP are (D-103, D-104).
std::size_t write_refusal(dns::Query query, Rcode rcode, dns::Buffer out) {
    query.question_size = 0;
    query.has_edns = false;
    Reply reply({}, query, dns::kUdpLimit, out);
    reply.without_ra();
    return reply.finish(rcode);
}

/// Whether a record is answered: what a container says of the same name goes before.
bool is_answered(const NameEntry& entry, const StoredRecord& record) {
    return entry.contributions.empty() ||
           (record.type != RrType::a && record.type != RrType::aaaa && record.type != RrType::cname);
}

/// Checks the cookie that came and sets the one that goes (RFC 9018). A bad one is treated as none at all (RFC 7873
/// §5.2.4): nobody can forge the addresses inside a container. False if there was one and it is bad.
bool settle_cookie(dns::Query& query, const Snapshot& snapshot, Slot client) {
    if (query.cookie_size == 0) return true;
    std::array<std::uint8_t, 4> who;
    dns::write32(who.data(), client);
    const std::size_t whole = query.client_cookie.size() + query.server_cookie.size();
    auto verdict = dns::CookieVerdict::bad;
    if (query.cookie_size == whole) {
        verdict =
            dns::check_server_cookie(query.server_cookie, query.client_cookie, who, snapshot.now, snapshot.cookie_key);
    }
    if (verdict != dns::CookieVerdict::good) {
        query.server_cookie = dns::make_server_cookie(query.client_cookie, who, snapshot.now, snapshot.cookie_key);
    }
    return verdict != dns::CookieVerdict::bad || query.cookie_size == query.client_cookie.size();
}

/// A place where a name is known.
struct Match {
    const Zone* zone = nullptr;
    const NameEntry* entry = nullptr;
    bool with_network = false;  ///< read as NAME.NETWORK
    std::size_t name_size = 0;  ///< bytes of the question's name that are NAME
};

/// One query on its way to an answer. Lives on the stack of answer().
class Responder {
public:
    Responder(Bytes datagram, const Snapshot& snapshot, const View& view, FastRandom& random, const dns::Query& query,
              std::size_t limit, dns::Buffer out, Trace* trace)
        : snapshot_(snapshot),
          view_(view),
          random_(random),
          query_(query),
          name_(&query.name),
          hash_(query.hash),
          trace_(trace),
          reply_(datagram, query, limit, out) {}

    Outcome run();

private:
    // Lookup. Each visits the places where a name is known, in order, until `visit` returns true.
    template <typename Visit>
    bool each_match(const Name& name, std::uint64_t hash, Visit&& visit);
    const NameEntry* find_in(const View::Network& network, const Zone& zone, const Name& name, std::uint64_t hash,
                             bool with_network);

    std::optional<Outcome> answer_once();
    std::optional<Outcome> answer_name();
    std::optional<Outcome> answer_reverse(bool only_containers);
    std::optional<Outcome> answer_service();
    std::optional<Outcome> answer_match(const Match& match, const Match& first);
    bool add_cname(const StoredRecord& cname);
    Outcome ask_outside();
    Outcome give_up();

    bool has_data(const NameEntry& entry) const;
    bool add_data(const Match& match);
    template <std::size_t Size>
    bool add_addresses(RrType type, const std::vector<std::array<std::uint8_t, Size>>& addresses, std::uint32_t ttl);
    bool add_records(const NameEntry& entry, RrType type);
    bool add_services(const Match& match, const Name& service);

    Outcome positive(bool whole);
    void take_back_all() { reply_.take_back({dns::kHeaderSize + query_.question_size, {}}); }
    Outcome negative(Rcode rcode, Reply::Offset soa_owner, std::uint32_t ttl);
    Reply::Offset soa_owner(const Match& match) const;
    Reply::Offset reverse_owner(const IpPrefix& subnet) const;
    void note(std::string text) const {
        if (trace_ != nullptr) trace_->push_back(std::move(text));
    }
    std::string network_text(const Zone& zone) const { return zone.network().text(); }

    const Snapshot& snapshot_;
    const View& view_;
    FastRandom& random_;
    const dns::Query& query_;
    // The name that is looked up: the question's, or the target of a CNAME record, and where it stands in the reply.
    const Name* name_;
    std::uint64_t hash_;
    Reply::Offset owner_ = Reply::kQuestionName;
    unsigned cnames_ = 0;
    bool is_cname_ = false;  // of the last lookup
    Trace* trace_;
    Reply reply_;
};

// -------------------------------------------------------------------------------------------------- lookup

const NameEntry* Responder::find_in(const View::Network& network, const Zone& zone, const Name& name,
                                    std::uint64_t hash, bool with_network) {
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

template <typename Visit>
bool Responder::each_match(const Name& name, std::uint64_t hash, Visit&& visit) {
    std::size_t labels_max = 0;
    for (const auto& network : view_.networks) {
        const Zone* zone = snapshot_.zone(network.zone);
        if (zone == nullptr || !zone->answers()) continue;
        labels_max = std::max(labels_max, zone->network_labels());
        const NameEntry* entry = find_in(network, *zone, name, hash, false);
        if (entry != nullptr && visit(Match{zone, entry, false, name.size()})) return true;
        if (trace_ != nullptr && entry == nullptr) note("'" + name.text() + "' is not known on " + network_text(*zone));
    }
    // name.network, the shortest network first (docker-behaviour D-18).
    for (std::size_t labels = 1; labels <= labels_max; ++labels) {
        for (const auto& network : view_.networks) {
            const Zone* zone = snapshot_.zone(network.zone);
            if (zone == nullptr || !zone->answers() || zone->network_labels() != labels) continue;
            const auto prefix = split_suffix(name.wire(), zone->network().wire());
            if (prefix.empty()) continue;
            const Name inner = Name::from_wire(prefix);
            const NameEntry* entry = find_in(network, *zone, inner, dns::hash_name(prefix), true);
            if (entry != nullptr && visit(Match{zone, entry, true, prefix.size()})) return true;
        }
    }
    return false;
}

// -------------------------------------------------------------------------------------------------- answers

Outcome Responder::run() {
    for (;;) {
        is_cname_ = false;
        if (auto outcome = answer_once()) return *outcome;
        if (!is_cname_) return ask_outside();
        if (++cnames_ > kCnamesMax) return give_up();
    }
}

/// What is known of the name; nullopt if it is to be asked outside, or is another name for what to look for next.
std::optional<Outcome> Responder::answer_once() {
    std::optional<Outcome> outcome;
    // The address of a container has its name, whatever a record says.
    if (is_arpa(name_->wire()) && (outcome = answer_reverse(true))) return outcome;
    outcome = answer_name();
    if (outcome || is_cname_) return outcome;
    if ((outcome = answer_reverse(false)) || (outcome = answer_service())) return outcome;
    const bool address_type = query_.type == RrType::a || query_.type == RrType::aaaa;
    if (!view_.keep_single_labels || !address_type || name_->label_count() != 1) return std::nullopt;
    note("unknown single label, and ndots is set: not forwarded");
    return negative(Rcode::nxdomain, owner_, 5);
}

std::optional<Outcome> Responder::answer_name() {
    Match first;
    Match found;
    each_match(*name_, hash_, [&](const Match& match) {
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
        if (trace_ != nullptr) {
            note("'" + name_->text() + "' is known on " + network_text(*first.zone) + " without such records, ttl " +
                 std::to_string(first.zone->negative_ttl()) + " s (the network's)");
        }
        return negative(Rcode::noerror, soa_owner(first), first.zone->negative_ttl());
    }
    if (trace_ != nullptr) {
        const std::string reading =
            match.with_network ? ", read as '" + Name::text_of(name_->wire().first(match.name_size)) + "' there" : "";
        note("'" + name_->text() + "' is known on " + network_text(*match.zone) + reading + ": " +
             derivation(*match.zone, *match.entry, query_.type));
    }
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
    if (!reply_.add(Reply::Section::answer, owner_, RrType::cname, cname.ttl, cname.data)) return false;
    name_ = &cname.target;
    hash_ = dns::hash_name(cname.target.wire());
    owner_ = reply_.last_data();
    is_cname_ = true;
    return true;
}

/// A question for an upstream. Behind a CNAME record the reply so far is what its answer is put to.
Outcome Responder::ask_outside() {
    if (cnames_ == 0) return {Verdict::forward, 0};
    return {Verdict::forward_target, reply_.finish(Rcode::noerror)};
}

Outcome Responder::give_up() {
    note("more than " + std::to_string(kCnamesMax) + " CNAME records lead to each other");
    take_back_all();
    reply_.set_ede(dns::Ede::other);
    return {Verdict::error, reply_.finish(Rcode::servfail)};
}

bool Responder::has_data(const NameEntry& entry) const {
    if (entry.cname() != nullptr) return true;
    if (query_.type == RrType::a) return !entry.ipv4.empty();
    if (query_.type == RrType::aaaa) return !entry.ipv6.empty();
    const bool any = query_.type == RrType::any;
    if (any && (!entry.ipv4.empty() || !entry.ipv6.empty())) return true;
    return std::ranges::any_of(entry.records, [&](const auto& record) {
        return (any || record.type == query_.type) && is_answered(entry, record);
    });
}

bool Responder::add_data(const Match& match) {
    const NameEntry& entry = *match.entry;
    const std::uint32_t ipv4_ttl = entry.ipv4_ttl.value_or(match.zone->ttl());
    const std::uint32_t ipv6_ttl = entry.ipv6_ttl.value_or(match.zone->ttl());
    switch (query_.type) {
        case RrType::a:
            return add_addresses(RrType::a, entry.ipv4, ipv4_ttl);
        case RrType::aaaa:
            return add_addresses(RrType::aaaa, entry.ipv6, ipv6_ttl);
        case RrType::any:
            return add_addresses(RrType::a, entry.ipv4, ipv4_ttl) &&
                   add_addresses(RrType::aaaa, entry.ipv6, ipv6_ttl) && add_records(entry, RrType::any);
        default:
            return add_records(entry, query_.type);
    }
}

/// All addresses in an order of their own for each reply (D-32), or none.
template <std::size_t Size>
bool Responder::add_addresses(RrType type, const std::vector<std::array<std::uint8_t, Size>>& addresses,
                              std::uint32_t ttl) {
    if (addresses.size() == 1) return reply_.add(Reply::Section::answer, owner_, type, ttl, addresses[0]);
    if (addresses.size() > kAddressesMax) return false;
    std::array<std::uint16_t, kAddressesMax> order;  // only the first addresses.size() mean something
    const auto count = static_cast<std::uint16_t>(addresses.size());
    for (std::uint16_t index = 0; index < count; ++index) order[index] = index;
    for (std::uint16_t index = 0; index < count; ++index) {
        std::swap(order[index], order[index + random_.below(static_cast<std::uint32_t>(count - index))]);
        const auto& address = addresses[order[index]];
        if (!reply_.add(Reply::Section::answer, owner_, type, ttl, address)) return false;
    }
    return true;
}

bool Responder::add_records(const NameEntry& entry, RrType type) {
    for (const auto& record : entry.records) {
        const bool is_address = record.type == RrType::a || record.type == RrType::aaaa;  // among the addresses already
        if (is_address || (type != RrType::any && record.type != type) || !is_answered(entry, record)) continue;
        if (!reply_.add(Reply::Section::answer, owner_, record.type, record.ttl, record.data)) return false;
    }
    return true;
}

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
    note("inside " + ours->text() + ", which is ours: not forwarded");
    const bool is_inner = reverse->extra_labels == 0 && !is_address;
    return negative(is_inner ? Rcode::noerror : Rcode::nxdomain, reverse_owner(*ours), owner->negative_ttl());
}

/// `_port._proto.NAME` below a name that is known (D-41).
std::optional<Outcome> Responder::answer_service() {
    const Bytes wire = name_->wire();
    if (wire.size() < 4 || wire[1] != '_') return std::nullopt;
    const std::size_t second = 1U + wire[0];
    if (second + 1U >= wire.size() || wire[second + 1U] != '_') return std::nullopt;
    const std::size_t base = second + 1U + wire[second];
    if (base >= wire.size()) return std::nullopt;
    const Name service = Name::from_wire(wire.first(base));
    const Name owner = Name::from_wire(wire.subspan(base));
    std::optional<Outcome> outcome;
    each_match(owner, dns::hash_name(owner.wire()), [&](const Match& match) {
        const Reply::Mark before = reply_.mark();
        const bool whole = add_services(match, service);
        const bool exists = reply_.answers() > before.counts[0] || !whole;
        const auto apex = static_cast<Reply::Offset>(owner_ + base);
        if (exists && query_.type == RrType::srv) {
            outcome = positive(whole);
        } else {
            reply_.take_back(before);
            outcome = negative(exists ? Rcode::noerror : Rcode::nxdomain, apex, match.zone->negative_ttl());
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

// -------------------------------------------------------------------------------------------------- ends

/// An RRset that does not fit is left out whole, with TC, so that the client asks again over TCP.
Outcome Responder::positive(bool whole) {
    if (!whole) {
        take_back_all();
        reply_.truncate();
    }
    return {Verdict::reply, reply_.finish(Rcode::noerror)};
}

Outcome Responder::negative(Rcode rcode, Reply::Offset soa_owner, std::uint32_t ttl) {
    reply_.add_soa(soa_owner, ttl);  // does not fit only behind a question of 255 bytes in 512: then without
    return {Verdict::reply, reply_.finish(rcode)};
}

/// NETWORK for NAME.NETWORK, the queried name itself for a bare one.
Reply::Offset Responder::soa_owner(const Match& match) const {
    return static_cast<Reply::Offset>(match.with_network ? owner_ + match.name_size : owner_);
}

/// The reverse zone of the subnet, which is the end of the question's name.
Reply::Offset Responder::reverse_owner(const IpPrefix& subnet) const {
    const std::size_t labels = name_->label_count();
    const std::size_t wanted = std::min(labels, dns::reverse_zone_labels(subnet));
    std::size_t at = 0;
    for (std::size_t skipped = 0; skipped < labels - wanted; ++skipped) at += 1U + name_->wire()[at];
    return static_cast<Reply::Offset>(owner_ + at);
}

}  // namespace

// Eight parameters: what a worker has at hand, without an object to be filled for each datagram.
// NOLINTNEXTLINE(readability-function-size)
Outcome answer(Bytes datagram, dns::Transport transport, const Snapshot& snapshot, Slot slot, FastRandom& random,
               dns::Buffer out, dns::Query& query, Trace* trace) {
    const dns::QueryStatus status = dns::read_query(datagram, query);
    switch (status) {
        case dns::QueryStatus::drop:
            return {Verdict::drop, 0};
        case dns::QueryStatus::formerr:
            return {Verdict::error, write_refusal(query, Rcode::formerr, out)};
        case dns::QueryStatus::not_a_query:
            return {Verdict::error, write_refusal(query, Rcode::notimp, out)};
        case dns::QueryStatus::cookie_only:
        case dns::QueryStatus::ok:
            break;
    }
    const bool is_cookie_bad = !settle_cookie(query, snapshot, slot);
    const auto error = [&](Rcode rcode, dns::Ede ede) {
        return Outcome{Verdict::error, write_error(datagram, query, rcode, ede, out)};
    };
    if (query.has_edns && query.edns_version > 0) return error(Rcode::badvers, dns::Ede::none);
    if (status == dns::QueryStatus::cookie_only) {
        return error(is_cookie_bad ? Rcode::badcookie : Rcode::noerror, dns::Ede::none);
    }
    if (query.klass != dns::RrClass::in && query.klass != dns::RrClass::any) {
        return error(Rcode::refused, dns::Ede::none);
    }
    const View* view = snapshot.view(slot);
    if (view == nullptr) return error(Rcode::servfail, dns::Ede::not_ready);
    if (view->networks.empty() && !view->can_forward) {
        if (trace != nullptr) trace->push_back("the container is on no network");
        return error(Rcode::servfail, dns::Ede::network_error);
    }
    Responder responder(datagram, snapshot, *view, random, query, query.reply_limit(transport), out, trace);
    return responder.run();
}

std::size_t write_error(Bytes datagram, const dns::Query& query, Rcode rcode, dns::Ede ede, dns::Buffer out) {
    Reply reply(datagram, query, dns::kUdpLimit, out);
    reply.set_ede(ede);
    return reply.finish(rcode);
}

}  // namespace nsr::resolver
