#pragma once

#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>

#include "resolver/forward/flight_table.h"
#include "resolver/forward/outbox.h"

namespace nsr::resolver {

/// Asks upstream servers on behalf of containers: the flight table with sockets and a clock. One per worker, used on
/// its thread only.
class Forwarder {
public:
    Forwarder(boost::asio::io_context& io, Outbox& outbox, DnsCounters& counters, std::shared_ptr<const NetNs> home,
              ForwardLimits limits);
    ~Forwarder();

    /// Writes the answer if the cache has it; returns its size. 0: ask().
    std::size_t answer_cached(const ForwardRequest& request, dns::Buffer out);
    /// Asks; `deliver` brings the reply, in any case (unless the client is closed).
    void ask(const ForwardRequest& request, Deliver deliver);
    /// Forgets what a container has in flight.
    void close(const std::shared_ptr<ForwardClient>& client);
    /// Forgets cached denials of names that exist now.
    void apply(const Publication& publication);
    /// Ends all timers and sockets, so that the loop runs out of work.
    void close_all();

    /// Asks the other workers what they have kept of the answer to a question: see Wire::ask_siblings().
    using AskSiblings = std::function<bool(const Question& question)>;
    void set_siblings(AskSiblings ask);
    std::optional<KeptReply> kept(const ForwardRequest& request);
    void siblings_said(Question::Id question, std::optional<KeptReply> kept);

    /// Where the answer has come from that was written or is being delivered.
    const AnswerSource& source() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace nsr::resolver
