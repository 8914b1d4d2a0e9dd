#include "resolver/answer.h"

#include <algorithm>

#include "resolver/answer_responder.h"

namespace nsr::resolver {
namespace {

using dns::Bytes;
using dns::Rcode;
using dns::Reply;
using dns::RrType;

/// The most CNAME records that are followed for one question; a longer chain is a loop, or as bad as one.
constexpr unsigned kCnamesMax = 8;

/// Whether a name may be a reverse one.
bool is_arpa(Bytes name) {
    static constexpr std::uint8_t kArpa[] = {4, 'a', 'r', 'p', 'a'};
    return name.size() > sizeof kArpa && std::ranges::equal(name.last(sizeof kArpa), kArpa);
}

/// FORMERR and NOTIMP: a header (D-103, D-104), and the question if it could be read (D-106).
std::size_t write_refusal(Bytes datagram, dns::Query query, Rcode rcode, dns::Buffer out) {
    query.has_edns = false;
    Reply reply(datagram, query, dns::kUdpLimit, out);
    reply.without_ra();
    return reply.finish(rcode);
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

}  // namespace

// -------------------------------------------------------------------------------------------------- what is tried

Outcome Responder::run() {
    for (;;) {
        is_cname_ = false;
        if (auto outcome = answer_once()) return *outcome;
        if (!is_cname_) return ask_outside();
        if (++cnames_ > kCnamesMax) return give_up("CNAME records lead to each other without end");
    }
}

/// What is known of the name; nullopt if it is to be asked outside, or is another name for what to look for next.
std::optional<Outcome> Responder::answer_once() {
    std::optional<Outcome> outcome;
    // The address of a container has its name, whatever a record says.
    if (is_arpa(name_->wire()) && (outcome = answer_pointer())) return outcome;
    outcome = answer_name();
    if (outcome || is_cname_) return outcome;
    if ((outcome = deny_reverse()) || (outcome = answer_service())) return outcome;
    const bool address_type = query_.type == RrType::a || query_.type == RrType::aaaa;
    if (!view_.keep_single_labels || !address_type || name_->label_count() != 1) return std::nullopt;
    if (trace_ != nullptr) note("unknown single label, and ndots is set: not forwarded");
    return negative(Rcode::nxdomain, owner_, 5);
}

// -------------------------------------------------------------------------------------------------- how it ends

/// A question for an upstream. Behind a CNAME record the reply so far is what its answer is put to.
Outcome Responder::ask_outside() {
    if (cnames_ == 0) return {Verdict::forward, 0};
    return {Verdict::forward_target, reply_.finish(Rcode::noerror)};
}

Outcome Responder::give_up(const char* why) {
    if (trace_ != nullptr) note(why);
    take_back_all();
    reply_.set_ede(dns::Ede::other);
    return {Verdict::error, reply_.finish(Rcode::servfail)};
}

/// An RRset that does not fit is left out whole, with TC, so that the client asks again over TCP. One that
/// does not fit there is a failure.
Outcome Responder::positive(bool whole) {
    if (!whole && over_tcp_) return give_up("the records do not fit in a message of 65535 bytes");
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

// Eight parameters: what a worker has at hand, without an object to be filled for each datagram.
// NOLINTNEXTLINE(readability-function-size)
Outcome answer(Bytes datagram, dns::Transport transport, const Snapshot& snapshot, Slot slot, FastRandom& random,
               dns::Buffer out, dns::Query& query, Trace* trace) {
    const dns::QueryStatus status = dns::read_query(datagram, query);
    switch (status) {
        case dns::QueryStatus::drop:
            return {Verdict::drop, 0};
        case dns::QueryStatus::formerr:
            return {Verdict::error, write_refusal(datagram, query, Rcode::formerr, out)};
        case dns::QueryStatus::not_a_query:
            return {Verdict::error, write_refusal(datagram, query, Rcode::notimp, out)};
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
