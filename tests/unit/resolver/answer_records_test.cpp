#include "tests/unit/resolver/answer_fixture.h"

namespace nsr::resolver {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(AnswerTest, AnswersRecordsOfUsers) {
    record("n1", "text", "TXT", "\"hello world\" x");
    record("n1", "fixed", "A", "192.0.2.7");
    EXPECT_THAT(ask("text", 16).data(), ElementsAre("0b68656c6c6f20776f726c640178"));
    EXPECT_THAT(ask("fixed").data(), ElementsAre("192.0.2.7"));
    EXPECT_THAT(ask("text", kA).answers, IsEmpty());
    EXPECT_EQ(ask("text", kA).rcode, kNoError);
}

TEST_F(AnswerTest, AnswersWildcards) {
    add("n1", "app", "10.77.0.40", {"*.app"});
    EXPECT_THAT(ask("x.app").data(), ElementsAre("10.77.0.40"));
    EXPECT_THAT(ask("y.x.app.n1").data(), ElementsAre("10.77.0.40"));
    add("n1", "exact", "10.77.0.41", {"x.app"});
    EXPECT_THAT(ask("x.app").data(), ElementsAre("10.77.0.41")) << "an exact name wins";
    EXPECT_TRUE(is_forwarded("y.x.app")) << "the closest name that exists is x.app, which has no wildcard";
}

TEST_F(AnswerTest, PrefersContainersToRecordsOfTheSameName) {
    record("n1", "web1", "A", "192.0.2.7");
    record("n1", "web1", "TXT", "x");
    record("n1", "stopped", "A", "192.0.2.8");
    record("n1", "other", "CNAME", "web1");
    EXPECT_THAT(ask("web1").data(), ElementsAre("10.77.0.11"));
    EXPECT_THAT(ask("web1", 16).data(), ElementsAre("0178")) << "types that containers do not answer";
    EXPECT_THAT(ask("stopped").answers, IsEmpty()) << "a container that does not run owns its name";
    view({"n2", "n1"});
    EXPECT_THAT(ask("other").data(), ElementsAre("10.78.0.11"));
    book_.remove_endpoint("n1", "stopped");
    EXPECT_THAT(ask("stopped").data(), ElementsAre("192.0.2.8")) << "the record was there all the time";
}

TEST_F(AnswerTest, PrefersTheNamesOfContainersForTheirAddresses) {
    record("n1", "11.0.77.10.in-addr.arpa", "PTR", "somebody");
    record("n1", "200.0.77.10.in-addr.arpa", "PTR", "somebody");
    EXPECT_THAT(ask("11.0.77.10.in-addr.arpa", kPtr).data(), ElementsAre("web1.n1."));
    EXPECT_THAT(ask("200.0.77.10.in-addr.arpa", kPtr).data(), ElementsAre("somebody.")) << "of nobody else";
}

TEST_F(AnswerTest, GivesRecordsTheirOwnTtl) {
    zones_["n1"].records = {{"n1", "a", "A", "192.0.2.1", 60},  {"n1", "a", "A", "192.0.2.2", 30},
                            {"n1", "a", "AAAA", "fd00::1", 90}, {"n1", "a", "TXT", "x", 7},
                            {"n1", "d", "A", "192.0.2.3", {}},  {"n1", "c", "CNAME", "d", 11},
                            {"n1", "web1", "TXT", "x", 12}};
    zones_["n1"].ttl_seconds = 77;
    zones_["n1"].negative_ttl_seconds = 33;
    book_.put_network(zones_["n1"]);
    const auto ttls = [&](const char* name, unsigned type) {
        std::vector<unsigned> all;
        for (const auto& record : ask(name, type).answers) all.push_back(record.ttl);
        return all;
    };
    EXPECT_THAT(ttls("a", kA), ElementsAre(30, 30)) << "one TTL for a set, the shortest";
    EXPECT_THAT(ttls("a", kAaaa), ElementsAre(90));
    EXPECT_THAT(ttls("a", 16), ElementsAre(7));
    EXPECT_THAT(ttls("d", kA), ElementsAre(77)) << "the network's";
    EXPECT_THAT(ttls("c", kA), ElementsAre(11, 77));
    EXPECT_THAT(ttls("web1", 16), ElementsAre(12));
    EXPECT_THAT(ttls("web1", kA), ElementsAre(77));
    EXPECT_EQ(ask("a", kMx).authorities.at(0).ttl, 33U);
}

TEST_F(AnswerTest, ChangesOnlyTheNamesWhoseRecordsChange) {
    record("n1", "a", "A", "192.0.2.1");
    record("n1", "b", "A", "192.0.2.2");
    book_.take_changes();
    record("n1", "b", "TXT", "x");
    std::vector<std::string> changed;
    for (const auto& name : book_.take_changes().changed_names) changed.push_back(name.text());
    EXPECT_THAT(changed, ElementsAre("b", "b.n1"));
    zones_["n1"].records.clear();
    book_.put_network(zones_["n1"]);
    EXPECT_THAT(book_.take_changes().changed_names, SizeIs(4)) << "what is gone has changed, too";
    book_.put_network(zones_["n1"]);
    EXPECT_THAT(book_.take_changes().changed_names, IsEmpty());
}

TEST_F(AnswerTest, FollowsCnamesToContainers) {
    record("n1", "www", "CNAME", "WEB1.n1");
    record("n1", "first", "CNAME", "www");
    record("n1", "*.app", "CNAME", "web2");
    const auto reply = ask("first");
    ASSERT_THAT(reply.answers, SizeIs(3));
    EXPECT_EQ(reply.answers[0].name, "first.");
    EXPECT_EQ(reply.answers[0].data, "www.");
    EXPECT_EQ(reply.answers[1].name, "www.");
    EXPECT_EQ(reply.answers[1].data, "web1.n1.");
    EXPECT_EQ(reply.answers[2].name, "web1.n1.");
    EXPECT_EQ(reply.answers[2].data, "10.77.0.11");
    EXPECT_THAT(ask("first", 5).data(), ElementsAre("www.")) << "asked for itself it is not followed";
    EXPECT_THAT(ask("first", kAny).data(), ElementsAre("www."));
    EXPECT_THAT(ask("x.app").data(), ElementsAre("web2.", "10.77.0.12"));
    EXPECT_EQ(ask("x.app").answers[0].name, "x.app.");

    const auto none = ask("www", kMx);
    EXPECT_EQ(none.rcode, kNoError);
    EXPECT_THAT(none.data(), ElementsAre("web1.n1."));
    ASSERT_THAT(none.authorities, SizeIs(1));
    EXPECT_EQ(none.authorities[0].name, "n1.") << "of the target";
}

TEST_F(AnswerTest, FollowsCnamesToReverseNamesAndServices) {
    record("n1", "ptr", "CNAME", "11.0.77.10.in-addr.arpa");
    record("n1", "nobody", "CNAME", "200.0.77.10.in-addr.arpa");
    record("n1", "srv", "CNAME", "_http._tcp.web2");
    EXPECT_THAT(ask("ptr", kPtr).data(), ElementsAre("11.0.77.10.in-addr.arpa.", "web1.n1."));
    EXPECT_EQ(ask("nobody", kPtr).rcode, kNxDomain);
    EXPECT_EQ(ask("nobody", kPtr).authorities.at(0).name, "0.77.10.in-addr.arpa.");
    EXPECT_THAT(ask("srv", kSrv).answers, SizeIs(2));
    record("n1", "short", "CNAME", "nosuch");
    spec_.keep_single_labels = true;
    EXPECT_EQ(ask("short").rcode, kNxDomain);
}

TEST_F(AnswerTest, EndsCnamesThatLeadToEachOther) {
    record("n1", "a", "CNAME", "b");
    record("n1", "b", "CNAME", "a");
    const auto reply = ask(Ask{.name = "a", .edns_size = 1232, .options = {}});
    EXPECT_EQ(reply.rcode, kServFail);
    EXPECT_THAT(reply.answers, IsEmpty());
    EXPECT_EQ(reply.opt_options, "000f00020000") << "other error";
    for (int index = 0; index < 9; ++index) {
        record("n1", "l" + std::to_string(index), "CNAME", "l" + std::to_string(index + 1));
    }
    record("n1", "l9", "A", "192.0.2.1");
    EXPECT_THAT(ask("l1").answers, SizeIs(9)) << "eight are followed";
    EXPECT_EQ(ask("l0").rcode, kServFail) << "nine are not";
}

TEST_F(AnswerTest, AsksOutsideForTheTargetOfACname) {
    record("n1", "cdn", "CNAME", "edge.example.org");
    const Outcome outcome = decide(query_packet({.name = "CDN", .edns_size = 1232, .options = {}}));
    ASSERT_EQ(outcome.verdict, Verdict::forward_target);
    const auto chain = testing::parse_reply({out_.begin(), out_.begin() + static_cast<long>(outcome.size)});
    EXPECT_THAT(chain.data(), ElementsAre("edge.example.org."));
}

TEST_F(AnswerTest, AnswersServicesBelowWildcards) {
    add("n1", "shop", "10.77.0.50", {"*.shop"}, {{80, registry::Protocol::tcp}});
    EXPECT_THAT(ask("_http._tcp.a.shop", kSrv).answers, SizeIs(1));
    EXPECT_EQ(ask("_https._tcp.a.shop", kSrv).rcode, kNxDomain);
    EXPECT_EQ(ask("a.shop", kSrv).rcode, kNoError);
}

TEST_F(AnswerTest, GivesTheAddressesOfTheTargetsOfMxAndSrv) {
    add_network("n6", "");
    add("n6", "web1", "fd00::11");
    view({"n1", "n6"});
    record("n1", "post", "A", "192.0.2.25");
    record("n1", "mail", "MX", "10 web1.n1");
    record("n1", "mail", "MX", "20 post");
    record("n1", "mail", "MX", "30 mx.example.org");
    record("n1", "mail", "MX", "40 stopped");
    record("n1", "_sip._udp.pbx", "SRV", "0 0 5060 web1");
    record("n1", "_sip._udp.pbx", "SRV", "1 0 5061 WEB1");
    record("n1", "_sip._udp.none", "SRV", "0 0 0 .");
    const auto additionals = [](const testing::Reply& reply) {
        std::vector<std::string> texts;
        for (const auto& each : reply.additionals) texts.push_back(each.name + " " + each.data);
        return texts;
    };
    const auto mail = ask("mail", kMx);
    EXPECT_THAT(mail.answers, SizeIs(4));
    EXPECT_THAT(additionals(mail), ElementsAre("web1.n1. 10.77.0.11", "post. 192.0.2.25"));
    EXPECT_EQ(mail.additionals.at(0).ttl, 5U);
    const auto service = ask("_sip._udp.pbx", kSrv);
    EXPECT_THAT(service.answers, SizeIs(2));
    EXPECT_THAT(additionals(service), ElementsAre("web1. 10.77.0.11", "web1. fd00::11")) << "each host once";
    EXPECT_THAT(ask("_sip._udp.none", kSrv).answers, SizeIs(1));
    EXPECT_THAT(ask("_sip._udp.none", kSrv).additionals, IsEmpty()) << "a service that is not there (RFC 2782)";
    EXPECT_THAT(ask("mail", kAny).additionals, IsEmpty());
}

TEST_F(AnswerTest, LeavesOutAddressesOfTargetsThatDoNotFit) {
    const std::string host(60, 'x');
    record("n1", host, "A", "192.0.2.1");
    for (int index = 0; index < 20; ++index) record("n1", "many", "A", "192.0.2." + std::to_string(index));
    record("n1", "mail", "MX", "1 " + host);
    record("n1", "mail", "MX", "2 many");
    record("n1", "mail", "MX", "3 web1");
    const auto small = ask("mail", kMx);
    EXPECT_FALSE(small.flag(kTc));
    EXPECT_THAT(small.answers, SizeIs(3));
    EXPECT_THAT(small.additionals, SizeIs(1)) << "a set is whole or not there";
    EXPECT_LE(small.size, 512U);
    const auto large = ask(Ask{.name = "mail", .type = kMx, .edns_size = 1232, .options = {}});
    EXPECT_THAT(large.additionals, SizeIs(22));
    EXPECT_TRUE(large.has_opt);
}

TEST_F(AnswerTest, KnowsEmptyNonTerminals) {
    // RFC 4592 §2.2.2: what has names below exists, and no wildcard answers for it.
    record("n1", "*.app", "A", "192.0.2.1");
    record("n1", "z.y.app", "A", "192.0.2.2");
    EXPECT_THAT(ask("x.app").data(), ElementsAre("192.0.2.1"));
    EXPECT_THAT(ask("z.y.app").data(), ElementsAre("192.0.2.2"));
    for (const char* name : {"y.app", "app", "y.app.n1", "app.n1"}) {
        SCOPED_TRACE(name);
        EXPECT_EQ(ask(name).rcode, kNoError);
        EXPECT_THAT(ask(name).answers, IsEmpty());
        EXPECT_THAT(ask(name).authorities, SizeIs(1));
    }
    EXPECT_TRUE(is_forwarded("x.y.app")) << "the closest name that exists is y.app, which has no wildcard";
    zones_["n1"].records.pop_back();
    book_.put_network(zones_["n1"]);
    EXPECT_THAT(ask("y.app").data(), ElementsAre("192.0.2.1")) << "nothing below it any more";
}

TEST_F(AnswerTest, LeavesOutsideWhatIsAboveItsNames) {
    add("n1", "shop", "10.77.0.42", {"www.example.org"});
    EXPECT_TRUE(is_forwarded("example.org"));
    EXPECT_TRUE(is_forwarded("org"));
    EXPECT_EQ(ask("example.org.n1").rcode, kNoError) << "below the network all is ours";
    add("n1", "wild", "10.77.0.43", {"*.example.org"});
    EXPECT_FALSE(is_forwarded("example.org")) << "a wildcard says that all of it is ours";
    EXPECT_TRUE(is_forwarded("org"));
    book_.remove_endpoint("n1", "shop");
    book_.remove_endpoint("n1", "wild");
    EXPECT_TRUE(is_forwarded("example.org.n1"));
}

TEST_F(AnswerTest, TakesAStarInTheMiddleAsALabel) {
    record("n1", "a.*.b", "A", "192.0.2.1");
    EXPECT_THAT(ask("a.*.b").data(), ElementsAre("192.0.2.1"));
    EXPECT_TRUE(is_forwarded("a.x.b"));
}

TEST_F(AnswerTest, AProtocolBelowANameExistsWhereRecordsAreBelowIt) {
    EXPECT_TRUE(is_forwarded("_tcp.web1", kA));
    record("n1", "_http._tcp.web1", "SRV", "1 1 99 web1");
    EXPECT_EQ(ask("_tcp.web1").rcode, kNoError);
    EXPECT_THAT(ask("_tcp.web1").answers, IsEmpty());
    EXPECT_EQ(ask("_tcp.web1.n1").rcode, kNoError);
    EXPECT_TRUE(is_forwarded("_udp.web1", kA));
}

TEST_F(AnswerTest, WhatDoesNotFitOverTcpIsAFailure) {
    for (int number = 0; number < 4200; ++number) {
        const std::string address = "10.1." + std::to_string(number / 250) + "." + std::to_string(number % 250);
        zones_["n1"].records.push_back({"n1", "huge", "A", address, std::nullopt});
    }
    book_.put_network(zones_["n1"]);
    const Ask huge{.name = "huge", .type = kA, .options = {}};
    EXPECT_EQ(ask(huge).flags & kTc, kTc);
    const auto reply = ask(huge, dns::Transport::tcp);
    EXPECT_EQ(reply.rcode, kServFail);
    EXPECT_EQ(reply.flags & kTc, 0U);
}

}  // namespace
}  // namespace nsr::resolver
