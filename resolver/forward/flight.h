#pragma once

#include <boost/container/small_vector.hpp>
#include <chrono>
#include <cstdint>

#include "common/clock.h"

namespace nsr::resolver {

// The rules of asking, in numbers.
inline constexpr std::chrono::milliseconds kHeadStart{250};  ///< of a server before the next one is asked as well
inline constexpr std::chrono::milliseconds kRetry{1500};     ///< until a silent server is asked again
inline constexpr unsigned kTriesMax = 3;                     ///< of one server for one question

/// How long a question may take in all; then SERVFAIL: before stub resolvers give up, which they do after 5 s.
inline constexpr std::chrono::milliseconds kForwardBudget{4800};

/// What is to be done next about a question.
struct Step {
    enum class Kind : std::uint8_t { wait, ask, fail };
    Kind kind = Kind::wait;
    std::size_t server = 0;  ///< whom to ask
};

/// One question on its way: which server is asked when. No sockets and no clock of its own: the owner says what
/// happened and when, and does what next() says.
///
/// The servers are asked in their order, each with a head start over the next; one that fails hands over at once, one
/// that is silent is asked again. The first good reply wins, and that is for the owner to see.
class Flight {
public:
    Flight(std::size_t servers, TimePoint now, Duration budget);

    /// To be called at the start, after every event and now and then; again while it says `ask`.
    Step next(TimePoint now);

    /// The server cannot be reached, or has answered that it cannot help: the next one has its turn at once.
    void failed(std::size_t server) {
        hands_over_ |= !servers_[server].has_failed;
        servers_[server].has_failed = true;
    }

    /// Whether the server was asked so long ago that it counts as silent.
    bool is_silent(std::size_t server, TimePoint now) const;
    unsigned tries(std::size_t server) const { return servers_[server].tries; }

private:
    struct Server {
        unsigned tries = 0;
        bool has_failed = false;
        TimePoint asked{};
    };

    Step ask(std::size_t server, TimePoint now);

    boost::container::small_vector<Server, 4> servers_;
    TimePoint end_;
    TimePoint last_new_{};  ///< when a server was asked for the first time
    bool hands_over_ = false;
};

}  // namespace nsr::resolver
