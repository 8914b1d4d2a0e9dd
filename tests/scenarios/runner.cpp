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
#include "resolver/zone/book.h"
#include "tests/scenarios/upstreams.h"
#include "tests/support/dns_packet.h"
#include "tests/support/manual_clock.h"

namespace nsr::resolver {
namespace {

using Words = std::vector<std::string>;
using std::chrono::milliseconds;

const std::map<std::string, unsigned> kTypes{{"A", 1}, {"PTR", 12}, {"MX", 15}, {"TXT", 16}, {"AAAA", 28}};
const std::map<std::string, unsigned> kRcodes{{"NOERROR", 0},  {"FORMERR", 1}, {"SERVFAIL", 2},
                                              {"NXDOMAIN", 3}, {"NOTIMP", 4},  {"REFUSED", 5}};

/// Extended DNS Errors (RFC 8914) that scripts are to see.
const std::map<std::string, const char*> kReasons{{"000f00020000", "too many"}, {"000f00020003", "stale"},
                                                  {"000f00020013", "stale"},    {"000f0002000d", "failed before"},
                                                  {"000f00020011", "filtered"}, {"000f00020016", "nobody to ask"}};

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
    if (answers.size() > 3) text = name_of(kRcodes, reply.rcode) + " " + std::to_string(answers.size()) + " addresses";
    if (reply.flag(dns::kFlagTc)) text += ", truncated";
    if (!reply.authorities.empty()) text += reply.authorities[0].type == 6 ? ", authority SOA" : ", authority ?";
    for (const auto& [option, reason] : kReasons) {
        if (reply.opt_options.ends_with(option)) text += std::string(", ") + reason;
    }
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
        EXPECT_FALSE(servers_.was_asked()) << "upstream " << servers_.first_asked() << " was asked, unexpectedly";
        EXPECT_TRUE(replies_.empty()) << "a reply that no line expects: " << replies_.front();
        EXPECT_TRUE(flights_.is_idle()) << "a question is still open";
    }

private:
    struct Container {
        ViewSpec view;
        std::map<std::string, EndpointNames> endpoints;  ///< by network
        std::shared_ptr<ForwardClient> client = std::make_shared<ForwardClient>(nullptr);
    };

    bool setup(const Words& w) {
        if (w[0] == "network") {
            ZoneSpec zone;
            zone.network_id = zone.network_name = w.at(1);
            zone.reverse_subnets.push_back(*IpPrefix::parse(w.at(2)));
            if (w.size() > 3) zone.mode = w.at(4) == "off" ? DnsMode::off : DnsMode::forward_only;
            book_.put_network(zone);
        } else if (w[0] == "container") {
            join(w);
        } else if (w[0] == "upstreams" && (w.size() == 2 || w[2] == "on")) {
            default_upstreams_ = servers(std::stoul(w[1]), w.size() > 2);
            for (auto& [name, container] : containers_) ask_of(container, default_upstreams_);
        } else if (w[0] == "the" && w[1] == "cache") {  // the cache is off | holds 4 KiB
            cache_bytes_ = w[2] == "off" || w[3] == "off" ? 0 : std::stoul(w[3]) * 1024;
            for (auto& [name, container] : containers_) ask_of(container, container.view.upstreams);
        } else if (w[0] == "domain") {  // domain corp.example is at upstream 3 [on host], or: is at nobody
            domains_.push_back({w.at(1), {}});
            if (w.at(4) == "upstream") {
                domains_.back().upstreams = {ScriptedUpstreams::server(std::stoul(w.at(5)), w.size() > 6)};
            }
            for (auto& [name, container] : containers_) ask_of(container, container.view.upstreams);
        } else if (w.size() == 5 && w[1] == "has" && w[3] == "upstream") {  // app has its upstream 4
            ask_of(containers_.at(w[0]), {ScriptedUpstreams::server(std::stoul(w[4]), false)});
        } else if (w.size() > 4 && w[3] == "internal") {  // app is on internal networks [no more]
            auto& container = containers_.at(w[0]);
            container.view.outside = w.size() > 5;
            ask_of(container, container.view.upstreams);
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
        ask_of(container, default_upstreams_);
    }

    static std::vector<Upstream> servers(std::size_t count, bool from_host) {
        std::vector<Upstream> all;
        for (std::size_t number = 1; number <= count; ++number)
            all.push_back(ScriptedUpstreams::server(number, from_host));
        return all;
    }

    void ask_of(Container& container, std::vector<Upstream> upstreams) {
        container.view.upstreams = std::move(upstreams);
        container.view.domains = domains_;
        container.view.cache_bytes = cache_bytes_;
        book_.put_view(container.view);
    }

    void put(const std::string& network, EndpointNames& names, std::optional<IpAddress> address) {
        names.ipv4 = names.ipv6 = std::nullopt;
        if (address) (address->is_v4() ? names.ipv4 : names.ipv6) = address;
        book_.put_endpoint(network, names);
    }

    bool talk(const Words& w, const std::string& line) {
        if (w.size() >= 4 && w[1] == "asks") {
            ask(w[0], w[2], w[3], w.size() > 4 ? dns::Transport::tcp : dns::Transport::udp);
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

    /// As a worker does it: answer(), the cache, then asking outside.
    void ask(const std::string& who, const std::string& name, const std::string& type, dns::Transport transport) {
        apply();
        const auto packet = testing::query_packet(
            {.name = name, .type = static_cast<std::uint16_t>(kTypes.at(type)), .edns_size = 1232, .options = {}});
        const Slot slot = book_.view_slot(who);
        dns::Query query;
        const Outcome outcome = answer(packet, transport, snapshot_, slot, random_, out_, query);
        if (outcome.verdict != Verdict::forward) return reply(dns::Bytes(out_).first(outcome.size));
        const ForwardRequest request{packet, query, transport, *snapshot_.view(slot), containers_.at(who).client};
        const std::size_t size = flights_.answer_cached(request, out_, clock_.now());
        if (size > 0) return reply(dns::Bytes(out_).first(size));
        flights_.ask(request, [this](dns::Bytes bytes) { reply(bytes); }, clock_.now());
    }

    void apply() {
        const Publication changes = book_.take_changes();
        snapshot_.apply(changes);
        flights_.apply(changes);
    }

    void reply(dns::Bytes bytes) {
        const auto read = testing::parse_reply({bytes.begin(), bytes.end()});
        EXPECT_TRUE(read.ok) << "the reply does not parse";
        replies_.push_back(describe(read));
    }

    void pass(const std::string& duration) {
        const long number = std::stol(duration);
        const milliseconds time{duration.ends_with("ms") ? number : number * 1000};
        // Hours pass in one step: nothing is timed so exactly then.
        const milliseconds step = time > std::chrono::minutes(1) ? time : milliseconds(1);
        for (milliseconds passed{0}; passed < time; passed += step) {
            clock_.advance(step);
            flights_.on_time(clock_.now());
        }
    }

    bool upstream(const Words& w) {
        if (w[0] == "upstreams" && w.size() == 4) {  // upstreams were not asked
            EXPECT_FALSE(servers_.was_asked()) << "upstream " << servers_.first_asked() << " was asked";
            return true;
        }
        if (w[0] != "upstream" || w.size() < 4) return false;
        const std::size_t server = std::stoul(w[1]);
        if (w[2] == "is" && w[3] == "asked") {
            const auto asked = servers_.take_asked();
            EXPECT_EQ(asked.server, server) << "(0: nobody was asked)";
            EXPECT_EQ(asked.over_tcp, w.size() > 4) << "over TCP";
        } else if (w[2] == "is" && w[3] == "unreachable") {
            servers_.set_unreachable(server);
        } else if (w[2] == "is" && w[3] == "reachable") {
            servers_.set_unreachable(0);
        } else if (w[2] == "answers" || w[2] == "forges") {
            answered(server, w);
        } else {
            return false;
        }
        return true;
    }

    /// upstream N answers RCODE [...]; upstream N forges an id | a question
    void answered(std::size_t server, const Words& w) {
        auto asked = servers_.take_open(server);
        if (asked.server == 0) {
            ADD_FAILURE() << "it was asked nothing that it has not answered";
            return;
        }
        if (w[2] == "answers") {
            const auto message = scripted_reply(asked, kRcodes.at(w[3]), {w.begin() + 4, w.end()});
            EXPECT_TRUE(flights_.on_reply(asked.which, asked.id, message, asked.over_tcp, clock_.now()));
            return;
        }
        servers_.put_back(asked);
        auto message = scripted_reply(asked, 0, {"203.0.113.66", "ttl", "60"});
        auto& byte = w.at(4) == "id" ? message[0] : message[dns::kHeaderSize + 1];
        byte = static_cast<std::uint8_t>(byte ^ 1);
        EXPECT_FALSE(flights_.on_reply(asked.which, asked.id, message, asked.over_tcp, clock_.now()));
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
    std::map<std::string, Container> containers_;
    std::vector<Upstream> default_upstreams_ = servers(1, false);
    std::vector<DomainUpstreams> domains_;
    std::size_t cache_bytes_ = kCacheBytes;
    DnsCounters counters_;
    ScriptedUpstreams servers_;
    FlightTable flights_{servers_, counters_, ForwardLimits{16, 4, 1}};
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
