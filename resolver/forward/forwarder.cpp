#include "resolver/forward/forwarder.h"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "resolver/answer.h"
#include "resolver/dns/message.h"
#include "resolver/forward/flight.h"
#include "resolver/forward/tcp_channel.h"
#include "resolver/forward/udp_pool.h"

namespace nsr::resolver {
namespace {

using dns::Rcode;

constexpr std::chrono::milliseconds kTick{50};
constexpr std::chrono::seconds kBadServerMemory{5};

/// A server as seen from one namespace.
struct Place {
    std::uint64_t netns = 0;  ///< inode
    Upstream server;

    auto operator<=>(const Place&) const = default;
};

/// Somebody who asked, with all that the reply must be fitted to.
struct Waiter {
    std::vector<std::uint8_t> datagram;
    dns::Query query;
    std::size_t limit = 0;
    std::shared_ptr<ForwardClient> client;
    Deliver deliver;
};

/// One question in flight, for everybody who has asked it.
struct Question {
    Question(std::size_t server_count, TimePoint now) : flight(server_count, now, kForwardBudget) {}

    Flight flight;
    std::string key;
    std::vector<Upstream> servers;
    std::vector<std::uint8_t> first_failure;  ///< a reply such as FORMERR, relayed if nobody does better (D-72)
    std::vector<std::uint8_t> truncated;      ///< a reply with TC, relayed if TCP fails
    std::vector<Waiter> waiters;
};

/// The key of identical questions: everything that may change the answer, the servers and from where they are asked.
std::string key_of(const ForwardRequest& request, const std::vector<Upstream>& servers) {
    std::string key;
    const auto add = [&key](auto value) { key.append(reinterpret_cast<const char*>(&value), sizeof value); };
    // The size first: else a longer name could be made to read as a shorter one with what stands behind it.
    add(request.query.name.size());
    key.append(reinterpret_cast<const char*>(request.query.name.wire().data()), request.query.name.size());
    add(request.query.type);
    add(request.query.klass);
    add(request.query.flags);
    add(request.query.dnssec_ok);
    add(request.query.has_edns);
    add(request.transport);
    const bool all_from_host = std::ranges::all_of(servers, &Upstream::from_host);
    add(all_from_host ? std::uint64_t{0} : request.client->sandbox->inode());
    for (const auto& server : servers) {
        key.append(reinterpret_cast<const char*>(server.address.bytes().data()), server.address.bytes().size());
        add(server.port);
        add(server.from_host);
        key += server.zone;
    }
    return key;
}

/// The servers for a name: those of the longest matching domain, else the container's; without those that must not be
/// asked from an internal network (D-88).
std::vector<Upstream> servers_for(const ForwardRequest& request) {
    const std::vector<Upstream>* chosen = &request.view.upstreams;
    const dns::Bytes name = request.query.name.wire();
    for (const auto& [domain, upstreams] : request.view.domains) {
        const dns::Bytes suffix = domain.wire();
        if (suffix.size() > name.size() || !std::ranges::equal(name.last(suffix.size()), suffix)) continue;
        std::size_t at = 0;
        while (at < name.size() - suffix.size()) at += 1U + name[at];
        if (at != name.size() - suffix.size()) continue;
        chosen = &upstreams;
        break;
    }
    std::vector<Upstream> servers;
    for (const auto& server : *chosen) {
        if (!server.from_host || request.view.outside) servers.push_back(server);
    }
    return servers;
}

}  // namespace

struct Forwarder::State {
    State(boost::asio::io_context& loop, DnsCounters& dns_counters, std::shared_ptr<const NetNs> home_netns)
        : io(loop), timer(loop), counters(dns_counters), home(std::move(home_netns)) {}

    void ask(const ForwardRequest& request, Deliver deliver);
    void close(const std::shared_ptr<ForwardClient>& client);
    void close_all();

    void advance(std::uint64_t id);
    bool send(std::uint64_t id, std::size_t server, bool over_tcp);
    void on_udp(const Try& which, std::uint16_t id, dns::Bytes reply);
    void on_tcp(const Try& which, std::uint16_t id, dns::Bytes reply);
    void judge(const Try& which, dns::Bytes reply, const dns::ReplyFacts& facts);
    void server_failed(const Try& which);
    void relay(std::uint64_t id, dns::Bytes reply);
    void fail(std::uint64_t id, dns::Ede ede);
    Question take(std::uint64_t id);
    void deliver(Waiter& waiter, dns::Bytes reply);
    void note_silent(const Question& question);

    Place place_of(const Question& question, std::size_t server) const;
    const std::shared_ptr<const NetNs>& netns_of(const Question& question, std::size_t server) const;
    void arm();
    void on_tick();

    boost::asio::io_context& io;
    boost::asio::steady_timer timer;
    DnsCounters& counters;
    std::shared_ptr<const NetNs> home;
    bool is_armed = false;
    std::uint64_t next_id = 1;
    unsigned in_flight = 0;
    std::unordered_map<std::uint64_t, Question> questions;
    std::unordered_map<std::string, std::uint64_t> by_key;
    std::map<Place, std::unique_ptr<UdpPool>> udp;
    std::map<Place, std::unique_ptr<TcpChannel>> tcp;
    std::map<Place, TimePoint> bad_until;
    std::vector<std::uint8_t> out = std::vector<std::uint8_t>(dns::kMessageMax);
};

void Forwarder::State::ask(const ForwardRequest& request, Deliver deliver) {
    Waiter waiter{{request.datagram.begin(), request.datagram.end()},
                  request.query,
                  request.query.reply_limit(request.transport),
                  request.client,
                  std::move(deliver)};
    const auto refuse = [&](dns::Ede ede) {
        const std::size_t size = write_error(waiter.datagram, waiter.query, Rcode::servfail, ede, out);
        waiter.deliver(dns::Bytes(out).first(size));
    };
    if (in_flight >= kForwardsMax || request.client->in_flight >= kForwardsPerContainerMax) {
        counters.forward_overload.add();
        return refuse(dns::Ede::other);
    }
    auto servers = servers_for(request);
    if (servers.empty()) {
        counters.forward_failures.add();
        // Servers there are, but an internal network keeps them away: a policy, not a failure.
        return refuse(request.view.upstreams.empty() ? dns::Ede::no_reachable_authority : dns::Ede::filtered);
    }
    counters.forwarded.add();
    ++in_flight;
    ++request.client->in_flight;
    counters.forward_in_flight.set(in_flight);
    std::string key = key_of(request, servers);
    if (const auto same = by_key.find(key); same != by_key.end()) {
        questions.at(same->second).waiters.push_back(std::move(waiter));
        return;
    }
    const auto now = std::chrono::steady_clock::now();
    const std::uint64_t id = next_id++;
    Question question(servers.size(), now);
    question.key = key;
    question.waiters.push_back(std::move(waiter));
    question.servers = std::move(servers);
    // Servers that have failed lately are tried last.
    std::ranges::stable_partition(question.servers, [&](const Upstream& server) {
        const auto bad = bad_until.find({server.from_host ? home->inode() : request.client->sandbox->inode(), server});
        return bad == bad_until.end() || bad->second <= now;
    });
    questions.emplace(id, std::move(question));
    by_key.emplace(std::move(key), id);
    advance(id);
    arm();
}

/// Does what the flight says until it has nothing to do but to wait.
void Forwarder::State::advance(std::uint64_t id) {
    for (;;) {
        const auto found = questions.find(id);
        if (found == questions.end()) return;
        Question& question = found->second;
        const Step step = question.flight.next(std::chrono::steady_clock::now());
        switch (step.kind) {
            case Step::Kind::wait:
                return;
            case Step::Kind::fail:
                if (!question.truncated.empty()) return relay(id, std::vector(question.truncated));
                if (!question.first_failure.empty()) return relay(id, std::vector(question.first_failure));
                return fail(id, dns::Ede::no_reachable_authority);
            case Step::Kind::ask:
                break;
        }
        if (!send(id, step.server, false)) server_failed({id, step.server});
    }
}

Place Forwarder::State::place_of(const Question& question, std::size_t server) const {
    return {netns_of(question, server)->inode(), question.servers[server]};
}

const std::shared_ptr<const NetNs>& Forwarder::State::netns_of(const Question& question, std::size_t server) const {
    return question.servers[server].from_host ? home : question.waiters.front().client->sandbox;
}

bool Forwarder::State::send(std::uint64_t id, std::size_t server, bool over_tcp) {
    const Question& question = questions.at(id);
    const Waiter& first = question.waiters.front();
    const Place place = place_of(question, server);
    std::array<std::uint8_t, dns::kUdpLimit> query;
    const std::size_t size = dns::write_upstream_query(first.datagram, first.query, 0, query);
    const auto now = std::chrono::steady_clock::now();
    const dns::Buffer bytes(query.data(), size);
    if (over_tcp) {
        auto& channel = tcp[place];
        if (!channel) {
            channel = std::make_unique<TcpChannel>(
                io, netns_of(question, server), place.server,
                [this](const Try& which, std::uint16_t wire_id, dns::Bytes reply) { on_tcp(which, wire_id, reply); });
        }
        return channel->send({id, server}, bytes, now);
    }
    auto& pool = udp[place];
    if (!pool) {
        pool = std::make_unique<UdpPool>(
            io, netns_of(question, server), place.server,
            [this](const Try& which, std::uint16_t wire_id, dns::Bytes reply) { on_udp(which, wire_id, reply); });
    }
    return pool->send({id, server}, bytes, now);
}

void Forwarder::State::on_udp(const Try& which, std::uint16_t id, dns::Bytes reply) {
    const auto found = questions.find(which.flight);
    if (found == questions.end()) return;  // answered by another, or given up
    if (reply.empty()) {
        server_failed(which);
        return advance(which.flight);
    }
    Question& question = found->second;
    const auto facts = dns::match_reply(reply, id, question.waiters.front().query);
    if (!facts) return;  // not a reply to this question: wait on (D-75, D-76)
    if (facts->truncated) {
        question.truncated.assign(reply.begin(), reply.end());
        if (send(which.flight, which.server, true)) return;
        return relay(which.flight, std::vector(reply.begin(), reply.end()));
    }
    judge(which, reply, *facts);
}

void Forwarder::State::on_tcp(const Try& which, std::uint16_t id, dns::Bytes reply) {
    const auto found = questions.find(which.flight);
    if (found == questions.end()) return;
    const auto facts = reply.empty() ? std::nullopt : dns::match_reply(reply, id, found->second.waiters.front().query);
    if (facts) return judge(which, reply, *facts);
    server_failed(which);
    advance(which.flight);
}

/// What a reply is worth (D-69 to D-73).
void Forwarder::State::judge(const Try& which, dns::Bytes reply, const dns::ReplyFacts& facts) {
    Question& question = questions.at(which.flight);
    switch (facts.rcode) {
        case Rcode::noerror:
        case Rcode::nxdomain:
            bad_until.erase(place_of(question, which.server));
            return relay(which.flight, reply);
        case Rcode::servfail:
        case Rcode::refused:
            break;
        default:
            if (question.first_failure.empty()) question.first_failure.assign(reply.begin(), reply.end());
            question.flight.failed(which.server);
            return advance(which.flight);
    }
    server_failed(which);
    advance(which.flight);
}

void Forwarder::State::server_failed(const Try& which) {
    const auto found = questions.find(which.flight);
    if (found == questions.end()) return;
    found->second.flight.failed(which.server);
    if (found->second.servers.size() > 1) {
        bad_until[place_of(found->second, which.server)] = std::chrono::steady_clock::now() + kBadServerMemory;
    }
}

Question Forwarder::State::take(std::uint64_t id) {
    auto node = questions.extract(id);
    by_key.erase(node.mapped().key);
    note_silent(node.mapped());
    return std::move(node.mapped());
}

/// Servers that have let another one win by far, or everybody wait, are tried last for a while.
void Forwarder::State::note_silent(const Question& question) {
    const auto now = std::chrono::steady_clock::now();
    if (question.servers.size() < 2) return;
    for (std::size_t server = 0; server < question.servers.size(); ++server) {
        if (!question.flight.is_silent(server, now)) continue;
        counters.forward_timeouts.add();
        bad_until[place_of(question, server)] = now + kBadServerMemory;
    }
}

void Forwarder::State::relay(std::uint64_t id, dns::Bytes reply) {
    const std::vector<std::uint8_t> copy(reply.begin(), reply.end());  // delivering may bring the next reply
    Question question = take(id);
    for (auto& waiter : question.waiters) {
        const auto size = dns::write_client_reply(copy, waiter.datagram, waiter.query, waiter.limit, out);
        if (size) {
            counters.forward_replies.add();
            deliver(waiter, dns::Bytes(out).first(*size));
        } else {
            counters.forward_failures.add();
            const auto failed = write_error(waiter.datagram, waiter.query, Rcode::servfail, dns::Ede::other, out);
            deliver(waiter, dns::Bytes(out).first(failed));
        }
    }
}

void Forwarder::State::fail(std::uint64_t id, dns::Ede ede) {
    Question question = take(id);
    for (auto& waiter : question.waiters) {
        counters.forward_failures.add();
        const std::size_t size = write_error(waiter.datagram, waiter.query, Rcode::servfail, ede, out);
        deliver(waiter, dns::Bytes(out).first(size));
    }
}

void Forwarder::State::deliver(Waiter& waiter, dns::Bytes reply) {
    --in_flight;
    --waiter.client->in_flight;
    counters.forward_in_flight.set(in_flight);
    if (!waiter.client->closed) waiter.deliver(reply);
}

void Forwarder::State::arm() {
    if (is_armed || (questions.empty() && udp.empty() && tcp.empty())) return;
    is_armed = true;
    timer.expires_after(kTick);
    timer.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        is_armed = false;
        on_tick();
        arm();
    });
}

void Forwarder::State::on_tick() {
    std::vector<std::uint64_t> ids;
    ids.reserve(questions.size());
    for (const auto& [id, question] : questions) ids.push_back(id);
    for (const std::uint64_t id : ids) advance(id);
    const auto now = std::chrono::steady_clock::now();
    std::erase_if(udp, [now](auto& entry) {
        entry.second->tidy(now);
        return entry.second->is_idle(now);
    });
    std::erase_if(tcp, [now](const auto& entry) { return entry.second->is_idle(now); });
    std::erase_if(bad_until, [now](const auto& entry) { return entry.second <= now; });
}

void Forwarder::State::close(const std::shared_ptr<ForwardClient>& client) {
    client->closed = true;
    std::vector<std::uint64_t> ids;
    for (auto& [id, question] : questions) {
        const auto is_theirs = [&](const Waiter& waiter) { return waiter.client == client; };
        const auto gone = static_cast<unsigned>(std::ranges::count_if(question.waiters, is_theirs));
        if (gone == question.waiters.size()) ids.push_back(id);
    }
    for (const std::uint64_t id : ids) fail(id, dns::Ede::none);
    // Its sockets must not keep its namespace alive.
    const std::uint64_t netns = client->sandbox->inode();
    if (netns == home->inode()) return;
    std::erase_if(udp, [netns](const auto& entry) { return entry.first.netns == netns; });
    std::erase_if(tcp, [netns](const auto& entry) { return entry.first.netns == netns; });
}

void Forwarder::State::close_all() {
    timer.cancel();
    questions.clear();
    by_key.clear();
    udp.clear();
    tcp.clear();
}

Forwarder::Forwarder(boost::asio::io_context& io, DnsCounters& counters, std::shared_ptr<const NetNs> home)
    : state_(std::make_unique<State>(io, counters, std::move(home))) {}
Forwarder::~Forwarder() = default;

void Forwarder::ask(const ForwardRequest& request, Deliver deliver) { state_->ask(request, std::move(deliver)); }
void Forwarder::close(const std::shared_ptr<ForwardClient>& client) { state_->close(client); }
void Forwarder::close_all() { state_->close_all(); }

}  // namespace nsr::resolver
