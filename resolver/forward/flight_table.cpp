#include "resolver/forward/flight_table.h"

#include <algorithm>
#include <array>
#include <utility>

#include "resolver/answer.h"
#include "resolver/dns/message.h"

namespace nsr::resolver {

using dns::Rcode;

namespace {

constexpr std::size_t kServersMax = 255;  // of one list that are asked: Question::order has a byte for each

/// Of identical questions: everything that may change the answer, the servers and from where they are asked.
std::uint64_t identity_hash(const ForwardRequest& request, const Route& route) {
    const dns::Query& query = request.query;
    const std::uint64_t rest = (std::uint64_t{std::to_underlying(query.type)} << 48) |
                               (std::uint64_t{std::to_underlying(query.klass)} << 32) |
                               (std::uint64_t{query.flags} << 16) | (query.dnssec_ok ? 1U : 0U) |
                               (query.has_edns ? 2U : 0U) | (request.transport == dns::Transport::tcp ? 4U : 0U);
    return query.hash ^ (rest * 0x9e3779b97f4a7c15U) ^ (route.id * 0xbf58476d1ce4e5b9U);
}

bool is_same(const dns::Query& a, const dns::Query& b) {
    return a.name == b.name && a.type == b.type && a.klass == b.klass && a.flags == b.flags &&
           a.dnssec_ok == b.dnssec_ok && a.has_edns == b.has_edns;
}

/// One more, unless there are `limit` already.
bool take_one(std::atomic<unsigned>& taken, unsigned limit) {
    if (taken.fetch_add(1, std::memory_order_relaxed) < limit) return true;
    taken.fetch_sub(1, std::memory_order_relaxed);
    return false;
}

}  // namespace

// -------------------------------------------------------------------------------------------------- asking

void FlightTable::ask(const ForwardRequest& request, Deliver deliver, TimePoint now) {
    if (questions_.size() >= limits_.in_flight || !take_place(*request.client)) {
        counters_.forward_overload.add();
        return refuse(request, deliver, dns::Ede::other);
    }
    const auto route = routes_.find(request);
    if (route->servers.empty()) {
        give_place_back(*request.client);
        counters_.forward_failures.add();
        // Servers there are, but an internal network keeps them away: a policy, not a failure.
        const bool has_some = !listed_for(request.view, domain_of(request.view, request.query.name)).empty();
        return refuse(request, deliver, has_some ? dns::Ede::filtered : dns::Ede::no_reachable_authority);
    }
    counters_.forwarded.add();
    counters_.forward_in_flight.set(++in_flight_);
    Question* same = find_same(request, *route);
    const Question::Id id = same != nullptr ? same->id : start(request, route, now);
    const std::size_t size = dns::kHeaderSize + request.query.question_size;
    questions_.at(id).waiters.push_back({{request.datagram.begin(), request.datagram.begin() + std::ptrdiff_t(size)},
                                         request.query,
                                         request.query.reply_limit(request.transport),
                                         request.client,
                                         std::move(deliver)});
    if (same == nullptr) advance(id, now);
}

bool FlightTable::take_place(const ForwardClient& client) {
    if (!take_one(*limits_.taken, limits_.in_flight)) return false;
    if (take_one(*client.in_flight, limits_.in_flight_per_container)) return true;
    limits_.taken->fetch_sub(1, std::memory_order_relaxed);
    return false;
}

void FlightTable::give_place_back(const ForwardClient& client) {
    limits_.taken->fetch_sub(1, std::memory_order_relaxed);
    client.in_flight->fetch_sub(1, std::memory_order_relaxed);
}

void FlightTable::refuse(const ForwardRequest& request, Deliver& deliver, dns::Ede ede) {
    source_ = {.kind = AnswerSource::Kind::failure, .server = {}};
    const std::size_t size = write_failure(request, ede, out_);
    deliver(dns::Bytes(out_).first(size));
}

std::size_t FlightTable::write_failure(const ForwardRequest& request, dns::Ede ede, dns::Buffer out) {
    return write_error(request.datagram, request.query, Rcode::servfail, ede, out);
}

Question* FlightTable::find_same(const ForwardRequest& request, const Route& route) {
    const auto [first, last] = by_hash_.equal_range(identity_hash(request, route));
    for (auto at = first; at != last; ++at) {
        Question& other = questions_.at(at->second);
        if (other.route->id == route.id && other.transport == request.transport && is_same(other.query, request.query))
            return &other;
    }
    return nullptr;
}

Question::Id FlightTable::start(const ForwardRequest& request, const std::shared_ptr<const Route>& route,
                                TimePoint now) {
    if (std::exchange(request.client->has_moved, false)) wire_.forget(*request.client);
    const std::size_t servers = std::min(route->servers.size(), kServersMax);
    const Question::Id id = ++last_id_;
    Question& question = questions_.try_emplace(id, servers, now).first->second;
    question.id = id;
    question.hash = identity_hash(request, *route);
    question.route = route;
    question.client = request.client;
    const auto size = static_cast<std::ptrdiff_t>(dns::kHeaderSize + request.query.question_size);
    question.datagram.assign(request.datagram.begin(), request.datagram.begin() + size);
    question.query = request.query;
    question.transport = request.transport;
    if (is_cacheable(request.query) && cache_of(request.view) != nullptr) {
        question.network = request.view.networks.front().zone;
    }
    order_servers(question, now);
    by_hash_.emplace(question.hash, id);
    return id;
}

/// In the order of the list, but those that have failed lately last, and of these the one first whose time ends first.
void FlightTable::order_servers(Question& question, TimePoint now) const {
    const std::size_t count = std::min(question.route->servers.size(), kServersMax);
    for (std::size_t index = 0; index < count; ++index) question.order.push_back(static_cast<std::uint8_t>(index));
    if (memory_.empty() || count < 2) return;
    const auto badness = [&](std::uint8_t index) {
        const std::uint64_t from = question.route->servers[index].from_host ? 0 : question.client->serial;
        const TimePoint until = memory_.bad_until({from, question.route->servers[index]});
        return until > now ? until : TimePoint::min();
    };
    std::ranges::stable_sort(question.order, {}, badness);
}

/// Does what the flight says until it has nothing to do but to wait.
void FlightTable::advance(Question::Id id, TimePoint now) {
    for (;;) {
        const auto found = questions_.find(id);
        if (found == questions_.end()) return;
        Question& question = found->second;
        const Step step = question.flight.next(now);
        switch (step.kind) {
            case Step::Kind::wait:
                return;
            case Step::Kind::fail:
                source_ = {};  // what is relayed now is nobody's good answer
                // TC says that there is more over TCP: to a client that came over TCP it would say nothing.
                if (!question.truncated.empty() && question.transport == dns::Transport::udp)
                    return finish(question, std::vector(question.truncated), now);
                if (!question.first_failure.empty()) return finish(question, std::vector(question.first_failure), now);
                // A server that has answered is no failure to reach one.
                return fail(question, question.refusal ? dns::Ede::none : dns::Ede::no_reachable_authority, now);
            case Step::Kind::ask:
                break;
        }
        if (send(question, step.server, false)) continue;
        if (const auto still = questions_.find(id); still != questions_.end()) {
            server_failed(still->second, step.server, ServerFailure::unreachable, now);
        }
    }
}

bool FlightTable::send(const Question& question, std::size_t server, bool over_tcp) {
    std::array<std::uint8_t, dns::kUdpLimit> query;
    const std::size_t size = dns::write_upstream_query(question.datagram, question.query, 0, query);
    return wire_.send({question.id, server}, question.route->servers[question.order[server]], *question.client,
                      dns::Buffer(query.data(), size), over_tcp);
}

// -------------------------------------------------------------------------------------------------- replies

bool FlightTable::on_reply(const Try& which, std::uint16_t id, dns::Bytes reply, bool over_tcp, TimePoint now) {
    const auto found = questions_.find(which.flight);
    if (found == questions_.end()) return true;  // answered by another, or given up
    Question& question = found->second;
    const auto facts = reply.empty() ? std::nullopt : dns::match_reply(reply, id, question.query);
    if (!facts && !reply.empty() && !over_tcp) return false;  // perhaps forged: the true one may still come
    if (!facts) {
        server_failed(question, which.server, ServerFailure::unreachable, now);
        advance(which.flight, now);
    } else if (facts->truncated && !over_tcp) {
        question.truncated.assign(reply.begin(), reply.end());
        if (send(question, which.server, true)) return true;
        if (const auto still = questions_.find(which.flight); still != questions_.end()) {
            server_failed(still->second, which.server, ServerFailure::unreachable, now);
            advance(which.flight, now);
        }
    } else if (!dns::is_readable(reply)) {  // the next server at once (D-77)
        server_failed(question, which.server, ServerFailure::refusing, now);
        advance(which.flight, now);
    } else {
        judge(question, which.server, reply, facts->rcode, now);
    }
    return true;
}

/// What a reply is worth (D-69 to D-73).
void FlightTable::judge(Question& question, std::size_t server, dns::Bytes reply, Rcode rcode, TimePoint now) {
    const Question::Id id = question.id;
    switch (rcode) {
        case Rcode::noerror:
        case Rcode::nxdomain:
            memory_.answered(place_of(question, server));
            source_ = {AnswerSource::Kind::upstream, question.route->servers[question.order[server]], rcode,
                       now - question.started};
            return finish(question, reply, now);
        case Rcode::servfail:
        case Rcode::refused:
            question.refusal = {
                AnswerSource::Kind::refused, question.route->servers[question.order[server]], rcode, {}};
            server_failed(question, server, ServerFailure::refusing, now);
            break;
        default:
            if (question.first_failure.empty()) question.first_failure.assign(reply.begin(), reply.end());
            question.flight.failed(server);
    }
    advance(id, now);
}

ServerPlace FlightTable::place_of(const Question& question, std::size_t server) const {
    const Upstream& upstream = question.route->servers[question.order[server]];
    return {upstream.from_host ? 0 : question.client->serial, upstream};
}

void FlightTable::server_failed(Question& question, std::size_t server, ServerFailure failure, TimePoint now) {
    question.flight.failed(server);
    if (question.order.size() > 1) memory_.failed(place_of(question, server), failure, now);
}

/// Servers that have let another one win by far, or everybody wait, are tried last for a while.
void FlightTable::note_silent(const Question& question, TimePoint now) {
    for (std::size_t server = 0; server < question.order.size(); ++server) {
        if (!question.flight.is_silent(server, now)) continue;
        counters_.forward_timeouts.add();
        if (question.order.size() < 2) continue;
        const bool was_asked_again = question.flight.tries(server) > 1;
        memory_.failed(place_of(question, server), was_asked_again ? ServerFailure::silent : ServerFailure::slow, now);
    }
}

FlightTable::Questions::node_type FlightTable::take(const Question& question, TimePoint now) {
    const auto [first, last] = by_hash_.equal_range(question.hash);
    by_hash_.erase(std::find_if(first, last, [&](const auto& entry) { return entry.second == question.id; }));
    auto node = questions_.extract(question.id);
    note_silent(node.mapped(), now);
    return node;
}

void FlightTable::finish(Question& question, dns::Bytes reply, TimePoint now) {
    auto copy = std::exchange(spare_, {});  // delivering may bring the next reply
    copy.assign(reply.begin(), reply.end());
    const auto taken = take(question, now);
    keep(taken.mapped(), copy, now);
    for (auto& waiter : taken.mapped().waiters) {
        const auto size = dns::write_client_reply(copy, waiter.datagram, waiter.query, waiter.limit, out_);
        if (size) {
            counters_.forward_replies.add();
            deliver(waiter, dns::Bytes(out_).first(*size));
        } else {
            counters_.forward_failures.add();
            const auto failed = write_error(waiter.datagram, waiter.query, Rcode::servfail, dns::Ede::other, out_);
            deliver(waiter, dns::Bytes(out_).first(failed));
        }
    }
    spare_ = std::move(copy);
}

void FlightTable::fail(Question& question, dns::Ede ede, TimePoint now) {
    if (awaits_siblings(question, now)) return;  // it comes here again when they have answered
    const Question::Id id = question.id;
    keep_failure(question, now);
    give_stale(question, now);
    const auto still = questions_.find(id);
    if (still == questions_.end()) return;
    const auto node = take(still->second, now);
    Question& taken = node.mapped();
    source_ = taken.refusal.value_or(AnswerSource{.kind = AnswerSource::Kind::failure, .server = {}});
    source_.elapsed = now - taken.started;
    for (auto& waiter : taken.waiters) {
        counters_.forward_failures.add();
        const std::size_t size = write_error(waiter.datagram, waiter.query, Rcode::servfail, ede, out_);
        deliver(waiter, dns::Bytes(out_).first(size));
    }
}

void FlightTable::deliver(Waiter& waiter, dns::Bytes reply) {
    counters_.forward_in_flight.set(--in_flight_);
    give_place_back(*waiter.client);
    if (!waiter.client->closed) waiter.deliver(reply);
}

// -------------------------------------------------------------------------------------------------- time and ends

void FlightTable::on_time(TimePoint now) {
    std::vector<Question::Id> ids;
    ids.reserve(questions_.size());
    for (const auto& [id, question] : questions_) ids.push_back(id);
    for (const Question::Id id : ids) {
        const auto found = questions_.find(id);
        if (found == questions_.end()) continue;
        if (now - found->second.started >= kStaleAfter && !give_stale(found->second, now)) {
            awaits_siblings(found->second, now);
        }
        advance(id, now);
    }
    memory_.sweep(now);
}

void FlightTable::close(const std::shared_ptr<ForwardClient>& client, TimePoint now) {
    client->closed = true;
    std::vector<Question::Id> ids;
    for (const auto& [id, question] : questions_) {
        const auto is_theirs = [&](const Waiter& waiter) { return waiter.client == client; };
        const bool is_for_them =
            question.waiters.empty() ? question.client == client : std::ranges::all_of(question.waiters, is_theirs);
        if (is_for_them) ids.push_back(id);
    }
    for (const Question::Id id : ids) {
        const auto found = questions_.find(id);
        if (found == questions_.end()) continue;
        const auto gone = take(found->second, now);
        for (auto& waiter : gone.mapped().waiters) deliver(waiter, {});
    }
    client->routes.clear();
}

void FlightTable::clear() {
    questions_.clear();
    by_hash_.clear();
}

FlightTable::FlightTable(Wire& wire, DnsCounters& counters, ForwardLimits limits)
    : wire_(wire), counters_(counters), limits_(limits) {}
FlightTable::~FlightTable() = default;

}  // namespace nsr::resolver
