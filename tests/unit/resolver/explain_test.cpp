#include "resolver/explain.h"

#include "tests/unit/resolver/answer_fixture.h"

namespace nsr::resolver {
namespace {

using ::testing::ElementsAre;

/// What is said about an answer: the sentences of --explain.
class ExplainTest : public AnswerTest {
protected:
    std::vector<std::string> trace(const std::string& name, const std::string& type = "A") {
        book_.put_view(spec_);
        snapshot_.apply(book_.take_changes());
        auto explained = explain_answer(snapshot_, book_.view_slot("cl"), random_, name, type);
        EXPECT_TRUE(explained);
        return explained ? explained->trace : std::vector<std::string>{};
    }
};

TEST_F(ExplainTest, NamesTheNetworksInOrderAndTheOneThatAnswers) {
    view({"n1", "n2"});
    EXPECT_THAT(trace("other"), ElementsAre("'other' is not known on n1",
                                            "'other' is known on n2: name of 'other.n2', ttl 5 s (the network's)"));
    EXPECT_THAT(trace("frontend"),
                ElementsAre("'frontend' is known on n1: alias of 'web1.n1', alias of 'web2.n1', ttl 5 s (the "
                            "network's)"));
}

TEST_F(ExplainTest, SaysHowANameIsRead) {
    EXPECT_THAT(trace("web1.n1"),
                ElementsAre("'web1.n1' is not known on n1",
                            "'web1.n1' is known on n1, read as 'web1' there: name of 'web1.n1', ttl 5 s (the "
                            "network's)"));
}

TEST_F(ExplainTest, NamesLinksWildcardsAndRecords) {
    spec_.networks = {{"n1", {{"web1", "db"}}}};
    EXPECT_THAT(trace("db"), ElementsAre("link alias 'db' leads to 'web1'",
                                         "'db' is known on n1: name of 'web1.n1', ttl 5 s (the network's)"));
    record("n1", "*.app", "CNAME", "web1");
    zones_["n1"].records.push_back({"n1", "text", "TXT", "x", 60});
    book_.put_network(zones_["n1"]);
    EXPECT_THAT(trace("x.app"), ElementsAre("'x.app' is one of '*.app'",
                                            "'x.app' is known on n1: CNAME record of '*.app', ttl 5 s (the network's)",
                                            "CNAME record: 'x.app' leads to 'web1'",
                                            "'web1' is known on n1: name of 'web1.n1', ttl 5 s (the network's)"));
    EXPECT_THAT(trace("text", "TXT"),
                ElementsAre("'text' is known on n1: TXT record of 'text', ttl 60 s (the record's)"));
}

TEST_F(ExplainTest, NamesThePortsOfServices) {
    EXPECT_THAT(trace("_http._tcp.web2", "SRV"),
                ElementsAre("'_http._tcp.web2' is not known on n1", "port 80 of 'web2.n1', ttl 5 s (the network's)"));
    EXPECT_THAT(trace("_http._tcp.web1", "SRV").back(), "'web1' is known on n1, but has no such port");
}

TEST_F(ExplainTest, NamesNetworksThatOnlyForward) {
    zones_["n2"].mode = DnsMode::forward_only;
    book_.put_network(zones_["n2"]);
    view({"n2"});
    EXPECT_EQ(trace("other").front(), "n2 only forwards: its names are not looked up");
}

TEST_F(ExplainTest, SaysWhyThereIsNoAnswer) {
    EXPECT_THAT(trace("web1", "MX"),
                ElementsAre("'web1' is known on n1 without such records, ttl 5 s (the network's)"));
    EXPECT_THAT(trace("11.0.77.10.in-addr.arpa", "PTR").back(), "address of 'web1.n1', ttl 5 s (the network's)");
    EXPECT_THAT(trace("200.0.77.10.in-addr.arpa", "PTR").back(), "inside 10.77.0.0/24, which is ours: not forwarded");
    record("n1", "cdn", "CNAME", "edge.example");
    spec_.upstreams = {Upstream{*IpAddress::parse("192.0.2.53"), 53, "", true}};
    EXPECT_THAT(trace("cdn").back(), "'edge.example' is not ours: to be asked of 192.0.2.53#53 (from the host)");
    spec_.upstreams.clear();
    EXPECT_THAT(trace("cdn").back(), "'edge.example' is not ours: no upstream to ask");
    spec_.keep_single_labels = true;
    EXPECT_THAT(trace("nosuch").back(), "unknown single label, and ndots is set: not forwarded");
}

/// The host's servers are not asked from internal networks (D-88): that is why, not that there are none.
TEST_F(ExplainTest, SaysThatAnInternalNetworkIsTheReason) {
    const Upstream host1{*IpAddress::parse("192.0.2.53"), 53, "", true};
    const Upstream host2{*IpAddress::parse("192.0.2.54"), 53, "", true};
    const Upstream inside{*IpAddress::parse("10.77.0.53"), 53, "", false};
    spec_.outside = false;
    spec_.upstreams = {host1};
    spec_.domains = {{"corp.example", {host1, host2}}, {"here.example", {inside, host2}}};
    EXPECT_THAT(trace("foo.b").back(),
                "'foo.b' is not ours: its networks are internal: 192.0.2.53#53 (from the host) is not asked");
    EXPECT_THAT(trace("a.corp.example").back(),
                "'a.corp.example' is not ours: its networks are internal: 192.0.2.53#53 (from the host) 192.0.2.54#53 "
                "(from the host) are not asked");
    EXPECT_THAT(trace("a.here.example").back(),
                "'a.here.example' is not ours: to be asked for 'here.example' of 10.77.0.53#53; its networks are "
                "internal: 192.0.2.54#53 (from the host) is not asked");
}

/// What a network says by itself, to nobody in particular.
class ExplainZoneTest : public AnswerTest {
protected:
    struct Said {
        testing::Reply reply;
        std::vector<std::string> trace;
    };

    Said ask_zone(const std::string& name, const std::string& type = "A") {
        auto explained = explain_zone(book_.zone("n1"), random_, name, type);
        EXPECT_TRUE(explained);
        if (!explained || explained->reply.empty()) return {{}, explained->trace};
        return {testing::parse_reply(explained->reply), explained->trace};
    }
};

TEST_F(ExplainZoneTest, KnowsWhatAContainerOnTheNetworkIsAnswered) {
    record("n1", "*.app", "CNAME", "web1");
    EXPECT_EQ(ask_zone("x.y.app").reply.answers.size(), 2U);
    EXPECT_EQ(ask_zone("frontend").reply.answers.size(), 2U);
    EXPECT_EQ(ask_zone("_80._tcp.web2", "SRV").reply.answers.size(), 1U);
    EXPECT_EQ(ask_zone("11.0.77.10.in-addr.arpa", "PTR").reply.answers.size(), 1U);
    EXPECT_EQ(ask_zone("99.0.77.10.in-addr.arpa", "PTR").reply.rcode, kNxDomain);
    EXPECT_EQ(ask_zone("web1.n1", "MX").reply.rcode, kNoError);
}

TEST_F(ExplainZoneTest, SaysThatItDoesNotKnowANameOrThatItLeadsOutside) {
    const auto unknown = ask_zone("other");
    EXPECT_TRUE(unknown.reply.answers.empty());
    EXPECT_THAT(unknown.trace, ElementsAre("'other' is not known on n1"));
    record("n1", "cdn", "CNAME", "www.example.test");
    const auto outside = ask_zone("cdn");
    EXPECT_EQ(outside.reply.answers.size(), 1U);
    EXPECT_EQ(outside.trace.back(), "'www.example.test' is asked of servers outside");
    EXPECT_EQ(explain_zone(book_.zone("n1"), random_, "a..b", "A").error().code(), Errc::invalid);
}

}  // namespace
}  // namespace nsr::resolver
