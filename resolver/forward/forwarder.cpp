#include "resolver/forward/forwarder.h"

#include <map>

#include <boost/asio/steady_timer.hpp>

#include "resolver/forward/tcp_channel.h"
#include "resolver/forward/udp_pool.h"

namespace nsr::resolver {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTick{50};  ///< while questions wait: how exactly their times are kept
constexpr std::chrono::seconds kTidy{5};        ///< while only sockets are left

/// A server as seen from one namespace.
struct Place {
    std::uint64_t netns = 0;  ///< inode
    Upstream server;

    auto operator<=>(const Place&) const = default;
};

}  // namespace

struct Forwarder::State final : Wire {
    State(boost::asio::io_context& loop, Outbox& out, DnsCounters& counters, std::shared_ptr<const NetNs> home_netns,
          ForwardLimits limits)
        : io(loop), outbox(out), timer(loop), home(std::move(home_netns)), flights(*this, counters, limits) {}

    bool send(const Try& which, const Upstream& server, const ForwardClient& from, dns::Buffer query,
              bool over_tcp) override;
    void forget(const ForwardClient& from) override;
    bool ask_siblings(const Question& question) override { return siblings && siblings(question); }
    void close_sockets(const NetNs& netns);
    void arm();
    void tidy(TimePoint now);

    boost::asio::io_context& io;
    Outbox& outbox;
    boost::asio::steady_timer timer;
    std::shared_ptr<const NetNs> home;
    FlightTable flights;
    AskSiblings siblings;
    bool is_armed = false;
    bool is_slow = false;
    TimePoint tidied{};
    std::map<Place, std::unique_ptr<UdpPool>> udp;
    std::map<Place, std::unique_ptr<TcpChannel>> tcp;
    std::multimap<Place, std::unique_ptr<TcpChannel>> retired;  ///< that nothing more is sent through
};

bool Forwarder::State::send(const Try& which, const Upstream& server, const ForwardClient& from, dns::Buffer query,
                            bool over_tcp) {
    const auto& netns = server.from_host ? home : from.sandbox;
    const Place place{netns->inode(), server};
    if (over_tcp) {
        auto& channel = tcp[place];
        if (!channel) {
            channel = std::make_unique<TcpChannel>(io, netns, server,
                                                   [this](const Try& answered, std::uint16_t id, dns::Bytes reply) {
                                                       return flights.on_reply(answered, id, reply, true, Clock::now());
                                                   });
        }
        return channel->send(which, query, Clock::now());
    }
    auto& pool = udp[place];
    if (!pool) {
        pool = std::make_unique<UdpPool>(io, outbox, netns, server,
                                         [this](const Try& answered, std::uint16_t id, dns::Bytes reply) {
                                             return flights.on_reply(answered, id, reply, false, Clock::now());
                                         });
    }
    return pool->send(which, query, Clock::now());
}

/// A tick for as long as questions wait; a slow one while only sockets are left; none when there is nothing.
void Forwarder::State::arm() {
    const bool is_slow_enough = flights.is_idle();
    if (is_armed && (is_slow_enough || !is_slow)) return;
    if (is_slow_enough && udp.empty() && tcp.empty() && retired.empty()) return;
    is_armed = true;
    is_slow = is_slow_enough;
    timer.expires_after(is_slow ? Clock::duration(kTidy) : Clock::duration(kTick));  // cancels a slow one
    timer.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        is_armed = false;
        const auto now = Clock::now();
        flights.on_time(now);
        if (now - tidied >= kTidy) tidy(now);
        arm();
    });
}

void Forwarder::State::tidy(TimePoint now) {
    tidied = now;
    std::erase_if(udp, [now](auto& entry) {
        entry.second->tidy(now);
        return entry.second->is_idle(now);
    });
    const auto is_idle = [now](const auto& entry) { return entry.second->is_idle(now); };
    std::erase_if(tcp, is_idle);
    std::erase_if(retired, is_idle);
}

void Forwarder::State::close_sockets(const NetNs& netns) {
    const auto is_there = [&netns](const auto& entry) { return entry.first.netns == netns.inode(); };
    std::erase_if(udp, is_there);
    std::erase_if(tcp, is_there);
    std::erase_if(retired, is_there);
}

/// What is on its way is still waited for.
void Forwarder::State::forget(const ForwardClient& from) {
    const std::uint64_t netns = from.sandbox->inode();
    if (netns == home->inode()) return;
    for (auto& [place, pool] : udp) {
        if (place.netns == netns) pool->retire();
    }
    for (auto& [place, channel] : tcp) {
        if (place.netns == netns) retired.emplace(place, std::move(channel));
    }
    std::erase_if(tcp, [](const auto& entry) { return entry.second == nullptr; });
}

Forwarder::Forwarder(boost::asio::io_context& io, Outbox& outbox, DnsCounters& counters,
                     std::shared_ptr<const NetNs> home, ForwardLimits limits)
    : state_(std::make_unique<State>(io, outbox, counters, std::move(home), limits)) {}
Forwarder::~Forwarder() = default;

std::size_t Forwarder::answer_cached(const ForwardRequest& request, dns::Buffer out) {
    const std::size_t size = state_->flights.answer_cached(request, out, Clock::now());
    state_->arm();  // an answer may be fetched ahead
    return size;
}

void Forwarder::ask(const ForwardRequest& request, Deliver deliver) {
    state_->flights.ask(request, std::move(deliver), Clock::now());
    state_->arm();
}

void Forwarder::close(const std::shared_ptr<ForwardClient>& client) {
    state_->flights.close(client, Clock::now());
    // Its sockets must not keep its namespace alive.
    if (client->sandbox->inode() != state_->home->inode()) state_->close_sockets(*client->sandbox);
}

void Forwarder::set_siblings(AskSiblings ask) { state_->siblings = std::move(ask); }

std::optional<KeptReply> Forwarder::kept(const ForwardRequest& request) {
    return state_->flights.kept(request, Clock::now());
}

void Forwarder::siblings_said(Question::Id question, std::optional<KeptReply> kept) {
    state_->flights.siblings_said(question, std::move(kept), Clock::now());
}

void Forwarder::apply(const Publication& publication) { state_->flights.apply(publication); }

void Forwarder::close_all() {
    state_->timer.cancel();
    state_->flights.clear();
    state_->udp.clear();
    state_->tcp.clear();
    state_->retired.clear();
}

const AnswerSource& Forwarder::source() const { return state_->flights.source(); }

}  // namespace nsr::resolver
