#include "resolver/forward/flight.h"

#include <algorithm>

namespace nsr::resolver {

Flight::Flight(std::size_t servers, TimePoint now, Duration budget) : servers_(servers), end_(now + budget) {}

Step Flight::next(TimePoint now) {
    if (now >= end_) return {Step::Kind::fail, 0};
    const auto is_waiting = [](const Server& server) { return server.tries > 0 && !server.has_failed; };
    const auto is_untried = [](const Server& server) { return server.tries == 0 && !server.has_failed; };
    const bool waits = std::ranges::any_of(servers_, is_waiting);
    const auto untried = std::ranges::find_if(servers_, is_untried);
    if (untried != servers_.end() && (!waits || hands_over_ || now - last_new_ >= kHeadStart)) {
        last_new_ = now;
        hands_over_ = false;
        return ask(static_cast<std::size_t>(untried - servers_.begin()), now);
    }
    if (!waits && untried == servers_.end()) return {Step::Kind::fail, 0};
    for (std::size_t index = 0; index < servers_.size(); ++index) {
        const Server& server = servers_[index];
        if (is_waiting(server) && server.tries < kTriesMax && now - server.asked >= kRetry) return ask(index, now);
    }
    return {Step::Kind::wait, 0};
}

Step Flight::ask(std::size_t server, TimePoint now) {
    ++servers_[server].tries;
    servers_[server].asked = now;
    return {Step::Kind::ask, server};
}

bool Flight::is_silent(std::size_t server, TimePoint now) const {
    const Server& asked = servers_[server];
    return asked.tries > 1 || (asked.tries == 1 && !asked.has_failed && now - asked.asked >= kHeadStart);
}

}  // namespace nsr::resolver
