#pragma once

#include <deque>
#include <string>
#include <vector>

#include "resolver/forward/flight_table.h"
#include "tests/support/upstream_reply.h"

namespace nsr::resolver {

/// Servers that a script plays: they note what they are asked, and answer when they are told to.
class ScriptedUpstreams final : public Wire {
public:
    struct Asked {
        Try which;
        std::size_t server = 0;  ///< from 1
        bool over_tcp = false;
        bool is_lost = false;  ///< nobody was there
        std::uint16_t id = 0;
        testing::Packet query;
    };

    /// Server number N has the address 192.0.2.N.
    static Upstream server(std::size_t number, bool from_host) {
        Upstream upstream;
        upstream.address = IpAddress::v4((192U << 24) | (2U << 8) | static_cast<std::uint32_t>(number));
        upstream.from_host = from_host;
        return upstream;
    }

    bool send(const Try& which, const Upstream& upstream, const ForwardClient&, dns::Buffer query,
              bool over_tcp) override {
        const std::size_t number = upstream.address.bytes()[3];
        const bool is_lost = number == unreachable_;
        asked_.push_back({which, number, over_tcp, is_lost, ++last_id_, {query.begin(), query.end()}});
        return !is_lost;
    }

    void forget(const ForwardClient&) override {}

    /// The oldest question that no line has expected yet; nothing is server 0.
    Asked take_asked() {
        if (asked_.empty()) return {};
        Asked first = asked_.front();
        asked_.pop_front();
        if (!first.is_lost) open_.push_back(first);
        return first;
    }
    /// The oldest question that the server was asked and has not answered.
    Asked take_open(std::size_t server) {
        const auto found = std::ranges::find(open_, server, &Asked::server);
        if (found == open_.end()) return {};
        Asked open = *found;
        open_.erase(found);
        return open;
    }
    void put_back(const Asked& asked) { open_.push_front(asked); }
    bool was_asked() const { return !asked_.empty(); }
    std::size_t first_asked() const { return asked_.front().server; }
    void set_unreachable(std::size_t server) { unreachable_ = server; }

private:
    std::deque<Asked> asked_;
    std::deque<Asked> open_;
    std::size_t unreachable_ = 0;
    std::uint16_t last_id_ = 100;
};

/// The message of "NOERROR 192.0.2.1 ttl 60", "NXDOMAIN soa 30", "NOERROR truncated", "NOERROR 40 addresses".
inline testing::Packet scripted_reply(const ScriptedUpstreams::Asked& asked, unsigned rcode,
                                      const std::vector<std::string>& words) {
    testing::Packet bare(asked.query.begin(), asked.query.end());
    const dns::Query query = testing::read(bare);
    testing::Ask ask{.name = query.name.text(),
                     .type = std::to_underlying(query.type),
                     .id = asked.id,
                     .edns_size = query.has_edns ? 1232 : -1,
                     .options = {}};
    std::vector<testing::Answer> records;
    unsigned flags = 0x8180;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const auto number = [&] { return static_cast<unsigned>(std::stoul(words.at(at + 1))); };
        if (const auto address = IpAddress::parse(words[at])) {
            const auto bytes = address->bytes();
            records.push_back({ask.name, address->is_v4() ? 1U : 28U, 0, {bytes.begin(), bytes.end()}, 0});
        } else if (words[at] == "ttl") {
            for (auto& record : records) record.ttl = number();
        } else if (words[at] == "soa") {
            records.push_back(testing::soa("", number(), number()));
        } else if (words[at] == "truncated") {
            flags |= 0x0200;
        } else if (words[at] == "addresses") {
            const auto count = static_cast<int>(std::stoul(words.at(at - 1)));
            for (int index = 0; index < count; ++index) records.push_back(testing::address(ask.name, 60, index));
        }
    }
    return testing::reply_packet(ask, rcode, records, flags);
}

}  // namespace nsr::resolver
