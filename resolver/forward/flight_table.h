#pragma once

#include <atomic>
#include <memory>
#include <memory_resource>
#include <optional>
#include <unordered_map>
#include <vector>

#include "common/metrics.h"
#include "resolver/cache/cache.h"
#include "resolver/forward/exchange.h"
#include "resolver/forward/question.h"
#include "resolver/forward/routes.h"
#include "resolver/forward/server_memory.h"

namespace nsr::resolver {

/// What one worker's forwarding may use.
struct ForwardLimits {
    /// Queries that wait for an upstream, of all workers; one more is answered SERVFAIL at once and counted
    /// (forward_overload).
    unsigned in_flight = 16384;
    unsigned in_flight_per_container = 1024;
    /// Of a network's cache: the workers share its bytes.
    unsigned cache_share = 1;
    /// What `in_flight` is compared with: one for all workers, whose limits are copies.
    std::shared_ptr<std::atomic<unsigned>> taken = std::make_shared<std::atomic<unsigned>>(0);
};

/// Without a reply for so long, a client gets a stale answer if there is one, and asking goes on (RFC 8767 §5).
inline constexpr std::chrono::milliseconds kStaleAfter{1800};

/// The way to the servers, as the flight table sees it.
class Wire {
public:
    virtual ~Wire() = default;
    /// Sends a query (whose id it overwrites by a random one) from the host's namespace or the client's. False if the
    /// server cannot be reached. What comes back is given to FlightTable::on_reply(), not before this has returned or
    /// with that try only.
    virtual bool send(const Try& which, const Upstream& server, const ForwardClient& from, dns::Buffer query,
                      bool over_tcp) = 0;
    /// The client's addresses or routes may have changed: what was opened in its namespace is not used any more.
    virtual void forget(const ForwardClient& from) = 0;
    /// Asks the other workers what they have kept of the answer. FlightTable::siblings_said() follows, not before this
    /// has returned; false if there is nobody to ask.
    virtual bool ask_siblings(const Question& /*question*/) { return false; }
};

/// The questions on their way, for everybody who has asked them: which servers they go to, what a reply is worth, what
/// is kept of it. No sockets and no clock of its own: the owner says what happened and when. One per worker.
class FlightTable {
public:
    FlightTable(Wire& wire, DnsCounters& counters, ForwardLimits limits);
    ~FlightTable();

    /// Writes the answer if it is in the cache, or if it is known that there is none; returns its size. 0: ask().
    std::size_t answer_cached(const ForwardRequest& request, dns::Buffer out, TimePoint now);
    /// Asks; `deliver` brings the reply, in any case (unless the client is closed), perhaps before this returns.
    void ask(const ForwardRequest& request, Deliver deliver, TimePoint now);

    /// Something has come back: a message, or nothing if the try has failed. True if the try is over; false if this is
    /// no reply to its question, so that it is waited on (D-75, D-76).
    bool on_reply(const Try& which, std::uint16_t id, dns::Bytes reply, bool over_tcp, TimePoint now);
    /// What is kept of an answer, fresh or past its time: for another worker.
    std::optional<KeptReply> kept(const ForwardRequest& request, TimePoint now);
    /// What the other workers have kept of the answer to a question, or nothing.
    void siblings_said(Question::Id id, std::optional<KeptReply> kept, TimePoint now);

    /// To be called now and then while there are questions.
    void on_time(TimePoint now);
    bool is_idle() const { return questions_.empty(); }

    /// Forgets what a container has in flight.
    void close(const std::shared_ptr<ForwardClient>& client, TimePoint now);
    /// Forgets what has become wrong: denials of names that exist now, caches of networks that are gone.
    void apply(const Publication& publication);
    /// Forgets all questions without an answer.
    void clear();

    /// Where the answer has come from that was written or is being delivered.
    const AnswerSource& source() const { return source_; }

private:
    using Id = Question::Id;
    using Questions = std::pmr::unordered_map<Id, Question>;

    // Asking and what comes back.
    bool take_place(const ForwardClient& client);
    void give_place_back(const ForwardClient& client);
    std::size_t write_failure(const ForwardRequest& request, dns::Ede ede, dns::Buffer out);
    void refuse(const ForwardRequest& request, Deliver& deliver, dns::Ede ede);
    Id start(const ForwardRequest& request, const std::shared_ptr<const Route>& route, TimePoint now);
    Question* find_same(const ForwardRequest& request, const Route& route);
    void order_servers(Question& question, TimePoint now) const;

    void advance(Id id, TimePoint now);
    bool send(const Question& question, std::size_t server, bool over_tcp);
    void judge(Question& question, std::size_t server, dns::Bytes reply, dns::Rcode rcode, TimePoint now);
    void server_failed(Question& question, std::size_t server, ServerFailure failure, TimePoint now);
    void note_silent(const Question& question, TimePoint now);
    void finish(Question& question, dns::Bytes reply, TimePoint now);
    void fail(Question& question, dns::Ede ede, TimePoint now);
    Questions::node_type take(const Question& question, TimePoint now);
    void deliver(Waiter& waiter, dns::Bytes reply);

    ServerPlace place_of(const Question& question, std::size_t server) const;

    // The cache.
    Cache* cache_of(const View& view);
    void refresh(const ForwardRequest& request, const std::shared_ptr<const Route>& route, TimePoint now);
    std::size_t write_entry(const CacheEntry& entry, const ForwardRequest& request, dns::Buffer out, TimePoint now);
    void keep(const Question& question, dns::Bytes reply, TimePoint now);
    void keep_failure(const Question& question, TimePoint now);
    bool give_stale(Question& question, TimePoint now);
    bool awaits_siblings(Question& question, TimePoint now);
    Cache* cache_of(const Question& question) const;
    template <typename Change>
    void change(Cache& cache, Change&& change);

    Wire& wire_;
    DnsCounters& counters_;
    ForwardLimits limits_;
    RouteTable routes_;
    ServerMemory memory_;
    std::vector<std::unique_ptr<Cache>> caches_;   ///< by slot of the network
    std::pmr::unsynchronized_pool_resource pool_;  ///< questions come and go by the ten thousand a second
    Questions questions_{&pool_};
    std::pmr::unordered_multimap<std::uint64_t, Id> by_hash_{&pool_};  ///< of what makes questions identical
    Id last_id_ = 0;
    unsigned in_flight_ = 0;
    AnswerSource source_;
    std::vector<std::uint8_t> spare_;  ///< what finish() copies into
    std::vector<std::uint8_t> out_ = std::vector<std::uint8_t>(dns::kMessageMax);
};

}  // namespace nsr::resolver
