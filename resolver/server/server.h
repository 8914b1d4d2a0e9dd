#pragma once

#include <time.h>

#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "common/metrics.h"
#include "common/netns.h"
#include "common/random.h"
#include "common/unique_fd.h"
#include "resolver/answer.h"
#include "resolver/forward/forwarder.h"
#include "resolver/server/inbox.h"
#include "resolver/server/steering.h"
#include "resolver/server/udp_batch.h"
#include "resolver/zone/snapshot.h"

namespace nsr::resolver {

class UdpListener;
class TcpListener;

/// Limits of DNS over TCP (RFC 7766 §6). Each is on one connection unless it says otherwise. A connection that reaches
/// a limit of time is closed and counted (DnsCounters::tcp_timeouts); one with too much on its way is not read until
/// that has gone (tcp_paused).
struct TcpLimits {
    std::size_t connections = 128;                ///< per container; more are closed at once (tcp_refused)
    std::size_t in_flight = 256;                  ///< forwarded queries
    std::size_t unsent = 256 * 1024;              ///< bytes of answers
    std::chrono::milliseconds first_query{5000};  ///< from the accept to the first whole query
    std::chrono::milliseconds idle{10000};        ///< without a whole query, or without progress in sending
    std::chrono::milliseconds total{300000};      ///< however busy it is
};

/// All that one worker works with. Buffers belong to the worker, not to its sockets: a container costs little memory.
struct ServerState {
    ServerState(boost::asio::io_context& loop, unsigned number, DnsCounters& dns_counters,
                std::shared_ptr<const NetNs> home, ForwardLimits limits = {}, bool merges = true);

    /// Reads the clock for what is answered next (cookies): once for each time that a socket is ready.
    void tick() {
        timespec now{};
        ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
        snapshot.now = static_cast<std::uint32_t>(now.tv_sec);
    }

    boost::asio::io_context& io;
    unsigned worker;  ///< its number
    DnsCounters& counters;
    Snapshot snapshot;
    FastRandom random;
    Outbox outbox;
    Forwarder forwarder;
    UdpBatch batch;
    TcpLimits tcp_limits;
    std::vector<std::uint8_t> tcp_out;  ///< an answer over TCP before it is queued on its connection
    Inbox inbox;
};

/// One worker's side of a container that is served.
struct ServedContainer {
    Slot view = kNoSlot;
    std::shared_ptr<ForwardClient> forward;
};

/// Asks outside for a query of a container. `chain`: CNAME records of ours that lead there, or empty.
void forward(ServerState& state, const ServedContainer& container, dns::Bytes datagram, const dns::Query& query,
             dns::Transport transport, dns::Bytes chain, Deliver deliver);

/// What becomes of a query of a container: true if `out` holds a reply of `size` bytes to send now. Otherwise there is
/// none, or `deliver()` was called, whose result brings a forwarded reply later (on this thread, perhaps at once).
template <typename MakeDeliver>
std::size_t serve(ServerState& state, const ServedContainer& container, dns::Bytes datagram, dns::Transport transport,
                  dns::Buffer out, MakeDeliver&& make_deliver) {
    dns::Query query;
    const Outcome outcome =
        answer(datagram, transport, state.snapshot, container.view, state.random, out, query, nullptr);
    switch (outcome.verdict) {
        case Verdict::reply:
            state.counters.answers_local.add();
            return outcome.size;
        case Verdict::error:
            state.counters.answers_error.add();
            return outcome.size;
        case Verdict::drop:
            state.counters.dropped.add();
            return 0;
        case Verdict::forward: {
            const View& view = *state.snapshot.view(container.view);
            const std::size_t size =
                state.forwarder.answer_cached({datagram, query, transport, view, container.forward}, out);
            if (size > 0) return size;
            break;
        }
        case Verdict::forward_target:
            break;
    }
    forward(state, container, datagram, query, transport, out.first(outcome.size), make_deliver());
    return 0;
}

/// What the workers' sides of a container have in common.
struct SharedContainer {
    std::string id;
    Slot view = kNoSlot;
    std::shared_ptr<const NetNs> sandbox;
    std::shared_ptr<Steering> steering;
    std::shared_ptr<const UniqueFd> replies;  ///< the socket that all send from
    /// See ForwardClient.
    std::shared_ptr<std::atomic<unsigned>> in_flight = std::make_shared<std::atomic<unsigned>>(0);
};

/// The server of one worker: its listeners and what they answer from. All calls but give() on the worker's thread.
class Server {
public:
    Server(boost::asio::io_context& io, unsigned worker, DnsCounters& counters, std::shared_ptr<const NetNs> home,
           ForwardLimits limits, bool merges);
    ~Server();

    /// From any thread: has a function called on the worker's, soon, and before any query is answered that is sent
    /// after this has returned. In the order of the calls.
    void give(Inbox::Function function);
    /// The same without waking the worker: its turn comes with the next query or with wake(), after kLeftUnread of
    /// them at the latest.
    void leave(Inbox::Function function);
    /// The worker does soon what it was given and left.
    void wake();
    static constexpr unsigned kLeftUnread = 64;

    void apply(const Publication& publication);
    /// `tcp` is empty on the workers that do not own the container's TCP listener. Replaces what was open.
    void open(const SharedContainer& shared, UniqueFd udp, UniqueFd tcp);
    void set_view(const std::string& container_id, Slot view);
    void close(const std::string& container_id);
    /// Has a query of a container answered as over TCP; false if the container is not open here. For explain().
    bool ask(const std::string& container_id, dns::Bytes datagram, Deliver deliver);
    /// Where the answer to ask() has come from, if not from our own names. While it is delivered.
    const AnswerSource& source() const { return state_.forwarder.source(); }
    /// The other workers' servers, which are asked for what they have kept when nobody outside answers. They must
    /// outlive the threads of all.
    void set_siblings(std::vector<Server*> siblings);
    /// Closes everything, so that the loop runs out of work.
    void close_all();

private:
    /// A question that goes from worker to worker until one has something: plain data, wherever it is dropped.
    struct Search {
        Server* origin;
        Question::Id question;
        std::string container_id;
        dns::Query query;
        std::vector<Server*> left;  ///< to be asked
        std::optional<KeptReply> kept = {};
    };

    struct Listeners {
        std::shared_ptr<ServedContainer> container;
        std::shared_ptr<UdpListener> udp;
        std::shared_ptr<TcpListener> tcp;
    };

    void close(Listeners& listeners);
    bool seek(const Question& question);
    static void pass_on(const std::shared_ptr<Search>& search);
    void look(const std::shared_ptr<Search>& search);

    ServerState state_;
    std::map<std::string, Listeners> open_;
    std::vector<Server*> siblings_;
    std::atomic<bool> woken_{false};  ///< and has not looked yet
    std::atomic<unsigned> left_{0};
};

}  // namespace nsr::resolver
