/// Runs every .scn file as a test case: real answers, a real flight, scripted upstreams, and a clock that only the
/// script moves. README.md has the grammar.

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include <gtest/gtest.h>

#include "resolver/answer.h"
#include "resolver/forward/flight.h"
#include "resolver/zone/book.h"
#include "tests/support/dns_packet.h"
#include "tests/support/manual_clock.h"

namespace nsr::resolver {
namespace {

using Words = std::vector<std::string>;
using std::chrono::milliseconds;

const std::map<std::string, unsigned> kTypes{{"A", 1}, {"PTR", 12}, {"MX", 15}, {"TXT", 16}, {"AAAA", 28}};
const std::map<std::string, unsigned> kRcodes{{"NOERROR", 0}, {"SERVFAIL", 2}, {"NXDOMAIN", 3}, {"REFUSED", 5}};

/// What is said of a reply: "NOERROR, no answer, authority SOA" or "NOERROR www A 10.1.0.2 ttl 5".
std::string describe(const testing::Reply& reply) {
    const auto name_of = [](const auto& table, unsigned number) {
        for (const auto& [name, value] : table) {
            if (value == number) return name;
        }
        return std::to_string(number);
    };
    const auto bare = [](std::string name) {
        if (name.ends_with('.')) name.pop_back();
        return name;
    };
    std::string text = name_of(kRcodes, reply.rcode);
    std::vector<std::string> answers;
    for (const auto& record : reply.answers) {
        answers.push_back(" " + bare(record.name) + " " + name_of(kTypes, record.type) + " " + bare(record.data) +
                          " ttl " + std::to_string(record.ttl));
    }
    std::ranges::sort(answers);
    for (std::size_t index = 0; index < answers.size(); ++index) text += (index > 0 ? " and" : "") + answers[index];
    if (reply.rcode == 0 && answers.empty()) text += ", no answer";
    if (!reply.authorities.empty()) text += reply.authorities[0].type == 6 ? ", authority SOA" : ", authority ?";
    return text;
}

class Scenario {
public:
    void run(const std::string& line) {
        std::istringstream in(line);
        Words words;
        for (std::string word; in >> word;) words.push_back(word);
        if (words.empty() || words[0].starts_with('#') || words[0] == "scenario:") return;
        if (!setup(words) && !talk(words, line) && !upstream(words)) ADD_FAILURE() << "not understood";
    }

    void end() const {
        EXPECT_TRUE(asked_.empty()) << "upstream " << asked_.front() + 1 << " was asked, and no line expects it";
        EXPECT_TRUE(replies_.empty()) << "a reply that no line expects: " << replies_.front();
        EXPECT_FALSE(flight_) << "a question is still open";
    }

private:
    struct Container {
        ViewSpec view;
        std::map<std::string, EndpointNames> endpoints;  ///< by network
    };

    bool setup(const Words& w) {
        if (w[0] == "network") {
            ZoneSpec zone;
            zone.network_id = zone.network_name = w.at(1);
            zone.reverse_subnets.push_back(*IpPrefix::parse(w.at(2)));
            book_.put_network(zone);
        } else if (w[0] == "container") {
            join(w);
        } else if (w[0] == "upstreams" && w.size() == 2) {
            upstreams_ = std::stoul(w[1]);
        } else if (w.size() > 1 && w[1] == "stops") {
            for (auto& [network, names] : containers_.at(w[0]).endpoints) put(network, names, std::nullopt);
        } else if (w.size() > 3 && w[1] == "starts") {
            for (auto& [network, names] : containers_.at(w[0]).endpoints) put(network, names, IpAddress::parse(w[3]));
        } else if (w.size() > 2 && w[1] == "is" && w[2] == "removed") {
            for (auto& [network, names] : containers_.at(w[0]).endpoints) book_.remove_endpoint(network, w[0]);
            book_.remove_view(w[0]);
        } else if (w.size() > 4 && w[1] == "links") {  // app links web as db
            auto& view = containers_.at(w[0]).view;
            view.networks.at(0).links.push_back({w[2], w[4]});
            book_.put_view(view);
        } else if (w.size() > 2 && w[1] == "sets" && w[2] == "ndots") {
            auto& view = containers_.at(w[0]).view;
            view.keep_single_labels = true;
            book_.put_view(view);
        } else {
            return false;
        }
        return true;
    }

    /// container NAME on NETWORK at ADDRESS [alias NAME]...
    void join(const Words& w) {
        Container& container = containers_[w.at(1)];
        container.view.container_id = w.at(1);
        container.view.networks.push_back({w.at(3), {}});
        EndpointNames& names = container.endpoints[w.at(3)];
        names.container_id = names.container_name = w.at(1);
        for (std::size_t index = 7; index < w.size(); index += 2) names.names.push_back(w[index]);
        put(w.at(3), names, IpAddress::parse(w.at(5)));
        book_.put_view(container.view);
    }

    void put(const std::string& network, EndpointNames& names, std::optional<IpAddress> address) {
        names.ipv4 = names.ipv6 = std::nullopt;
        if (address) (address->is_v4() ? names.ipv4 : names.ipv6) = address;
        book_.put_endpoint(network, names);
    }

    bool talk(const Words& w, const std::string& line) {
        if (w.size() == 4 && w[1] == "asks") {
            ask(w[0], w[2], w[3]);
        } else if (w.size() > 2 && w[1] == "gets") {
            require_reply();
            EXPECT_EQ(replies_.front(), line.substr(line.find(" gets ") + 6));
            replies_.pop_front();
        } else if (w[0] == "after") {
            pass(w.at(1));
        } else {
            return false;
        }
        return true;
    }

    void ask(const std::string& who, const std::string& name, const std::string& type) {
        EXPECT_TRUE(replies_.empty() && !flight_) << "the question before is still open";
        snapshot_.apply(book_.take_changes());
        const auto packet =
            testing::query_packet({.name = name, .type = static_cast<std::uint16_t>(kTypes.at(type)), .options = {}});
        const Outcome outcome =
            answer(packet, dns::Transport::udp, snapshot_, book_.view_slot(who), random_, out_, query_);
        packet_ = packet;
        question_ = name + " " + type;
        if (outcome.verdict != Verdict::forward) return reply(outcome.size);
        flight_.emplace(upstreams_, clock_.now(), kForwardBudget);
        act();
    }

    void reply(std::size_t size) {
        const auto read = testing::parse_reply({out_.begin(), out_.begin() + static_cast<long>(size)});
        EXPECT_TRUE(read.ok) << "the reply does not parse";
        replies_.push_back(describe(read));
    }

    /// Does what the flight says until it waits.
    void act() {
        while (flight_) {
            const Step step = flight_->next(clock_.now());
            if (step.kind == Step::Kind::wait) return;
            if (step.kind == Step::Kind::ask) {
                asked_.push_back(step.server);
                continue;
            }
            flight_.reset();
            reply(write_error(packet_, query_, dns::Rcode::servfail, dns::Ede::no_reachable_authority, out_));
        }
    }

    void pass(const std::string& duration) {
        const long number = std::stol(duration);
        const milliseconds time{duration.ends_with("ms") ? number : number * 1000};
        for (milliseconds passed{0}; passed < time; ++passed) {
            clock_.advance(milliseconds(1));
            act();
        }
    }

    bool upstream(const Words& w) {
        if (w[0] == "upstreams" && w.size() == 4) {  // upstreams were not asked
            EXPECT_TRUE(asked_.empty()) << "upstream " << asked_.front() + 1 << " was asked";
            return true;
        }
        if (w[0] != "upstream" || w.size() < 4) return false;
        const std::size_t server = std::stoul(w[1]) - 1;
        if (w[2] == "is" && w[3] == "asked") {
            if (asked_.empty()) {
                ADD_FAILURE() << "no upstream was asked";
                return true;
            }
            EXPECT_EQ(asked_.front() + 1, server + 1);
            asked_.pop_front();
        } else if (w[2] == "is" && w[3] == "silent") {
            EXPECT_TRUE(flight_ && flight_->is_silent(server, clock_.now()));
        } else if (w[2] == "answers") {
            answered(server, w);
        } else {
            return false;
        }
        return true;
    }

    /// upstream N answers RCODE [ADDRESS ttl N]
    void answered(std::size_t server, const Words& w) {
        if (!flight_) {
            ADD_FAILURE() << "no question is open";
            return;
        }
        if (w[3] == "SERVFAIL" || w[3] == "REFUSED") {
            flight_->failed(server);
            return act();
        }
        flight_.reset();
        replies_.push_back(w[3] + (w.size() > 6 ? " " + question_ + " " + w[4] + " ttl " + w[6] : ""));
    }

    void require_reply() {
        if (!replies_.empty()) return;
        ADD_FAILURE() << "there is no reply";
        replies_.push_back("nothing");
    }

    testing::ManualClock clock_;
    Book book_;
    Snapshot snapshot_;
    FastRandom random_{1};
    std::vector<std::uint8_t> out_ = std::vector<std::uint8_t>(dns::kMessageMax);
    dns::Query query_;
    testing::Packet packet_;
    std::string question_;
    std::map<std::string, Container> containers_;
    std::size_t upstreams_ = 1;
    std::optional<Flight> flight_;
    std::deque<std::size_t> asked_;
    std::deque<std::string> replies_;
};

class ScenarioTest : public ::testing::Test {
public:
    explicit ScenarioTest(std::filesystem::path file) : file_(std::move(file)) {}

    void TestBody() override {
        std::ifstream in(file_);
        ASSERT_TRUE(in) << file_;
        Scenario scenario;
        int number = 0;
        for (std::string line; std::getline(in, line);) {
            SCOPED_TRACE(file_.filename().string() + ":" + std::to_string(++number) + ": " + line);
            scenario.run(line);
        }
        scenario.end();
    }

private:
    std::filesystem::path file_;
};

}  // namespace
}  // namespace nsr::resolver

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(NSR_SCENARIOS)) {
        if (entry.path().extension() != ".scn") continue;
        testing::RegisterTest("Scenario", entry.path().stem().c_str(), nullptr, nullptr, __FILE__, __LINE__,
                              [path = entry.path()] { return new nsr::resolver::ScenarioTest(path); });
    }
    return RUN_ALL_TESTS();
}
