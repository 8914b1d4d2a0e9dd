#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "resolver/cache/cache.h"
#include "resolver/forward/flight.h"
#include "resolver/forward/routes.h"

namespace nsr::resolver {

/// Header and question of a query; most names have less than 48 bytes.
using StoredQuestion = boost::container::small_vector<std::uint8_t, 64>;

/// Somebody who asked, with all that the reply must be fitted to.
struct Waiter {
    StoredQuestion datagram;
    dns::Query query;
    std::size_t limit = 0;
    std::shared_ptr<ForwardClient> client;
    Deliver deliver;
};

/// One question in flight, for everybody who has asked it; for nobody, when an answer is fetched ahead.
struct Question {
    using Id = std::uint64_t;

    Question(std::size_t servers, TimePoint now) : flight(servers, now, kForwardBudget), started(now) {}

    Flight flight;
    TimePoint started;
    Id id = 0;
    std::uint64_t hash = 0;
    std::shared_ptr<const Route> route;
    std::shared_ptr<ForwardClient> client;  ///< who has asked first
    StoredQuestion datagram;                ///< of the first
    dns::Query query;
    dns::Transport transport = dns::Transport::udp;
    boost::container::small_vector<std::uint8_t, 8> order;  ///< the flight's servers as indexes of the route's
    std::vector<std::uint8_t> first_failure;                ///< such as FORMERR, relayed if nobody does better (D-72)
    std::vector<std::uint8_t> truncated;                    ///< a reply with TC, relayed if TCP fails
    std::optional<AnswerSource> refusal;  ///< of the last server that has answered SERVFAIL or REFUSED
    boost::container::small_vector<Waiter, 1> waiters;
    enum class Siblings : std::uint8_t { unasked, asked, answered };
    Siblings siblings = Siblings::unasked;  ///< the other workers, about what they have kept
    Slot network = kNoSlot;                 ///< whose cache keeps the answer; kNoSlot: none
};

}  // namespace nsr::resolver
