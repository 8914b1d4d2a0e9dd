#include <set>

#include "tests/unit/resolver/answer_fixture.h"

namespace nsr::resolver {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TEST_F(AnswerTest, KnowsNamesAliasesAndIdsWithoutRegardToCase) {
    for (const char* name : {"web1", "WEB1", "mixed-case", "0123456789ab", "web1.n1", "Web1.N1", "mixed-case.n1"}) {
        SCOPED_TRACE(name);
        const auto reply = ask(name);
        EXPECT_EQ(reply.rcode, kNoError);
        EXPECT_THAT(reply.data(), ElementsAre("10.77.0.11"));
        EXPECT_EQ(reply.question, std::string(name) + ".") << "the question is echoed byte for byte";
        EXPECT_EQ(reply.answers.at(0).name, std::string(name) + ".");
        EXPECT_EQ(reply.answers.at(0).ttl, 5U);
    }
    EXPECT_THAT(ask("dotted.name").data(), ElementsAre("10.77.0.13"));
    EXPECT_THAT(ask("dotted.name.n1").data(), ElementsAre("10.77.0.13"));
    EXPECT_THAT(ask("a_b").data(), ElementsAre("10.77.0.13"));
}

TEST_F(AnswerTest, HasTheHeaderOfAResolver) {
    const auto reply = ask(Ask{.name = "web1", .flags = 0x0100 | 0x0400 | 0x0200 | 0x0040 | 0x0010, .options = {}});
    EXPECT_EQ(reply.id, 0x1234U);
    EXPECT_EQ(reply.flags, kQr | kRd | kRa | kCd) << "AA, TC and Z of the query are not copied";
    EXPECT_EQ(ask(Ask{.name = "web1", .flags = 0, .options = {}}).flags, kQr | kRa);
    EXPECT_FALSE(reply.flag(kAa) || reply.flag(kZ));
}

TEST_F(AnswerTest, GivesAllAddressesOfASharedAliasInEveryOrder) {
    add("n1", "web3", "10.77.0.14", {"frontend"});
    std::set<std::vector<std::string>> orders;
    for (int tries = 0; tries < 200; ++tries) {
        const auto reply = ask("frontend");
        EXPECT_THAT(reply.data(), UnorderedElementsAre("10.77.0.11", "10.77.0.12", "10.77.0.14"));
        orders.insert(reply.data());
    }
    EXPECT_THAT(orders, SizeIs(6));
}

TEST_F(AnswerTest, SaysNoDataForOtherTypesOfAKnownName) {
    for (const unsigned type : {kAaaa, kMx, 16U, 6U, 2U, 35U, 43U, 252U, 65U}) {
        SCOPED_TRACE(type);
        const auto reply = ask("web1", type);
        EXPECT_EQ(reply.rcode, kNoError);
        EXPECT_THAT(reply.answers, IsEmpty());
        EXPECT_THAT(reply.authorities, SizeIs(1));
    }
    EXPECT_EQ(ask("web1", kAaaa).authorities.at(0).name, "web1.") << "a bare name is its own zone";
    EXPECT_EQ(ask("web1.n1", kAaaa).authorities.at(0).name, "n1.");
    EXPECT_THAT(ask("web1", kAny).data(), ElementsAre("10.77.0.11"));
}

TEST_F(AnswerTest, OwnsTheNamesOfContainersThatDoNotRun) {
    for (const char* name : {"stopped", "old", "stopped.n1"}) {
        SCOPED_TRACE(name);
        EXPECT_EQ(ask(name).rcode, kNoError);
        EXPECT_THAT(ask(name).answers, IsEmpty());
    }
    book_.remove_endpoint("n1", "stopped");
    EXPECT_TRUE(is_forwarded("stopped"));
}

TEST_F(AnswerTest, ForwardsWhatItDoesNotKnow) {
    for (const char* name : {"other", "other.n2", "nosuch", "nosuch.n1", "no.such.name", "web1.n1.n1", "web1.bridge",
                             "web1 x", "xn1", "in-addr.arpa"}) {
        SCOPED_TRACE(name);
        EXPECT_TRUE(is_forwarded(name));
    }
}

TEST_F(AnswerTest, TakesADotInsideALabelAsAByte) {
    testing::Packet packet = query_packet({.name = "web1xn1", .options = {}});
    packet[dns::kHeaderSize + 1 + 4] = '.';
    EXPECT_EQ(decide(packet).verdict, Verdict::forward);
}

TEST_F(AnswerTest, SearchesTheNetworksInOrder) {
    add("n2", "web1", "10.78.0.50");
    view({"n2", "n1"});
    EXPECT_THAT(ask("web1").data(), ElementsAre("10.78.0.50"));
    EXPECT_THAT(ask("web1.n1").data(), ElementsAre("10.77.0.11"));
    view({"n1", "n2"});
    EXPECT_THAT(ask("web1").data(), ElementsAre("10.77.0.11"));
    EXPECT_THAT(ask("other").data(), ElementsAre("10.78.0.11"));
}

TEST_F(AnswerTest, LooksForAddressesOfTheOtherFamilyOnLaterNetworks) {
    add_network("n6", "");
    add("n6", "web1", "fd00::11");
    view({"n1", "n6"});
    EXPECT_THAT(ask("web1", kAaaa).data(), ElementsAre("fd00::11"));
    EXPECT_THAT(ask("web1", kA).data(), ElementsAre("10.77.0.11"));
}

TEST_F(AnswerTest, KnowsLinkAliasesOfTheAskerAlone) {
    spec_.networks = {{"n1", {{"web1", "db"}, {"web2", "WEB1"}}}};
    EXPECT_THAT(ask("db").data(), ElementsAre("10.77.0.11"));
    EXPECT_THAT(ask("DB.n1").data(), ElementsAre("10.77.0.11"));
    EXPECT_THAT(ask("web1").data(), ElementsAre("10.77.0.12")) << "an alias shadows a name";
    view({"n1"});
    EXPECT_TRUE(is_forwarded("db"));
}

TEST_F(AnswerTest, AnswersReverseNamesOfItsNetworks) {
    const auto reply = ask("11.0.77.10.in-addr.arpa", kPtr);
    EXPECT_THAT(reply.data(), ElementsAre("web1.n1."));
    EXPECT_THAT(ask("11.0.77.10.IN-ADDR.ARPA", kPtr).data(), ElementsAre("web1.n1."));
    const auto unassigned = ask("200.0.77.10.in-addr.arpa", kPtr);
    EXPECT_EQ(unassigned.rcode, kNxDomain);
    EXPECT_EQ(unassigned.authorities.at(0).name, "0.77.10.in-addr.arpa.");
    EXPECT_EQ(ask("0.77.10.in-addr.arpa", kPtr).rcode, kNoError);
    EXPECT_EQ(ask("1.11.0.77.10.in-addr.arpa", kPtr).rcode, kNxDomain);
    for (const char* name : {"11.0.78.10.in-addr.arpa", "11.0.0.127.in-addr.arpa", "77.10.in-addr.arpa",
                             "0.077.10.in-addr.arpa", "in-addr.arpa"}) {
        SCOPED_TRACE(name);
        EXPECT_TRUE(is_forwarded(name, kPtr));
    }
}

TEST_F(AnswerTest, ForwardsNothingBelowItsReverseZones) {
    for (const char* name : {"011.0.77.10.in-addr.arpa", "999.0.77.10.in-addr.arpa", "0/25.0.77.10.in-addr.arpa",
                             "1.0/25.0.77.10.in-addr.arpa", "lb._dns-sd._udp.0.0.77.10.in-addr.arpa"}) {
        SCOPED_TRACE(name);
        const auto reply = ask(name, kPtr);
        EXPECT_EQ(reply.rcode, kNxDomain);
        EXPECT_EQ(reply.authorities.at(0).name, "0.77.10.in-addr.arpa.");
    }
}

TEST_F(AnswerTest, KnowsAnAddressWhateverIsAskedOfIt) {
    const auto reply = ask("11.0.77.10.in-addr.arpa", kA);
    EXPECT_EQ(reply.rcode, kNoError);
    EXPECT_THAT(reply.answers, IsEmpty());
    EXPECT_EQ(reply.authorities.at(0).name, "0.77.10.in-addr.arpa.");
    // A user's record of another type stands beside the container's PTR.
    record("n1", "11.0.77.10.in-addr.arpa", "TXT", "rack 7");
    EXPECT_THAT(ask("11.0.77.10.in-addr.arpa", 16).answers, SizeIs(1));
    EXPECT_THAT(ask("11.0.77.10.in-addr.arpa", kPtr).data(), ElementsAre("web1.n1."));
    // On a network whose subnet is not ours, as macvlan's, the address alone is known.
    add_network("mv", "");
    add("mv", "far", "192.0.2.3");
    view({"mv"});
    EXPECT_EQ(ask("3.2.0.192.in-addr.arpa", kA).authorities.at(0).name, "3.2.0.192.in-addr.arpa.");
    EXPECT_TRUE(is_forwarded("4.2.0.192.in-addr.arpa", kPtr));
}

TEST_F(AnswerTest, AnswersReverseNamesOfIpv6) {
    add_network("n6", "fd00:79::/64");
    add("n6", "v1", "fd00:79::11");
    view({"n6"});
    const std::string zeros = "1.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.9.7.0.0.0.0.";
    EXPECT_THAT(ask(zeros + "d.f.ip6.arpa", kPtr).data(), ElementsAre("v1.n6."));
    EXPECT_THAT(ask(zeros + "D.F.IP6.ARPA", kPtr).data(), ElementsAre("v1.n6."));
}

TEST_F(AnswerTest, AnswersServicesFromPorts) {
    for (const char* name : {"_80._tcp.web2", "_http._tcp.web2", "_WWW._TCP.web2.n1", "_http._tcp.frontend"}) {
        SCOPED_TRACE(name);
        const auto reply = ask(name, kSrv);
        ASSERT_THAT(reply.answers, SizeIs(1));
        EXPECT_EQ(reply.answers[0].data, "0000000000500477656232026e3100") << "0 0 80 web2.n1.";
        EXPECT_FALSE(reply.additionals.empty());
    }
    EXPECT_EQ(ask("_443._tcp.web2", kSrv).rcode, kNxDomain);
    EXPECT_EQ(ask("_http._tcp.web1", kSrv).rcode, kNxDomain);
    EXPECT_EQ(ask("_http._tcp.web2", kA).rcode, kNoError);
    EXPECT_THAT(ask("_http._tcp.web2", kA).answers, IsEmpty());
    EXPECT_TRUE(is_forwarded("_http._tcp.example.org", kSrv));
    // What is above a service exists, and has nothing.
    EXPECT_EQ(ask("_tcp.web2", kA).authorities.at(0).name, "web2.");
    EXPECT_EQ(ask("_TCP.web2.n1", kSrv).rcode, kNoError);
    EXPECT_TRUE(is_forwarded("_udp.web2", kA));
    EXPECT_TRUE(is_forwarded("_cp.web2", kA));
    EXPECT_TRUE(is_forwarded("_tcp.web1", kA));
}

TEST_F(AnswerTest, KeepsSingleLabelsWhenNdotsIsSet) {
    spec_.keep_single_labels = true;
    EXPECT_EQ(ask("nosuch").rcode, kNxDomain);
    EXPECT_EQ(ask("nosuch", kAaaa).rcode, kNxDomain);
    EXPECT_TRUE(is_forwarded("no.such"));
}

TEST_F(AnswerTest, FailsAtOnceOnNoNetwork) {
    view({});
    spec_.can_forward = false;
    EXPECT_EQ(ask("web1").rcode, kServFail);
}

TEST_F(AnswerTest, SpeaksEdnsWithThoseThatDo) {
    const auto reply = ask(Ask{.name = "web1", .edns_size = 4096, .dnssec_ok = true, .options = {}});
    EXPECT_TRUE(reply.has_opt);
    EXPECT_EQ(reply.opt_size, 1232U);
    EXPECT_FALSE(ask("web1").has_opt);
    const auto badvers = ask(Ask{.name = "web1", .edns_size = 1232, .edns_version = 1, .options = {}});
    EXPECT_EQ(badvers.rcode, kBadVers);
    EXPECT_THAT(badvers.answers, IsEmpty());
}

TEST_F(AnswerTest, IgnoresOptionsItDoesNotKnow) {
    const auto reply = ask(Ask{.name = "web1", .edns_size = 1232, .options = {0xfd, 0xe9, 0, 2, 1, 2}});
    EXPECT_THAT(reply.data(), ElementsAre("10.77.0.11"));
    EXPECT_EQ(reply.opt_options, "") << "nothing is echoed";
}

TEST_F(AnswerTest, TakesASmallEdnsSizeFor512) {
    for (int index = 0; index < 20; ++index) {
        add("n1", "pool" + std::to_string(index), "10.77.0." + std::to_string(100 + index), {"pool"});
    }
    const auto reply = ask(Ask{.name = "pool", .edns_size = 100, .options = {}});
    EXPECT_FALSE(reply.flag(kTc));
    EXPECT_THAT(reply.answers, SizeIs(20));
}

TEST_F(AnswerTest, SaysWhyItFails) {
    view({});
    spec_.can_forward = false;
    const auto alone = ask(Ask{.name = "web1", .edns_size = 1232, .options = {}});
    EXPECT_EQ(alone.rcode, kServFail);
    EXPECT_EQ(alone.opt_options, "000f00020017") << "network error";
    EXPECT_FALSE(ask("web1").has_opt) << "an error goes into an OPT only where the client sent one";

    const auto packet = query_packet({.name = "web1", .edns_size = 1232, .options = {}});
    const Outcome outcome =
        answer(packet, dns::Transport::udp, Snapshot(), book_.view_slot("cl"), random_, out_, query_);
    ASSERT_EQ(outcome.verdict, Verdict::error);
    const auto early = testing::parse_reply({out_.begin(), out_.begin() + static_cast<long>(outcome.size)});
    EXPECT_EQ(early.rcode, kServFail);
    EXPECT_EQ(early.opt_options, "000f0002000e") << "not ready";
}

TEST_F(AnswerTest, BoundsTheTimeOfNegativeAnswers) {
    const auto reply = ask("web1", kMx);
    ASSERT_THAT(reply.authorities, SizeIs(1));
    EXPECT_EQ(reply.authorities[0].type, 6U);
    EXPECT_EQ(reply.authorities[0].ttl, 5U);
    EXPECT_THAT(reply.authorities[0].data, ::testing::EndsWith("00000005")) << "MINIMUM";
}

TEST_F(AnswerTest, TruncatesByWholeSets) {
    for (int index = 0; index < 100; ++index) {
        add("n1", "pool" + std::to_string(index), "10.77.0." + std::to_string(100 + index), {"pool"});
    }
    const auto small = ask("pool");
    EXPECT_TRUE(small.flag(kTc));
    EXPECT_THAT(small.answers, IsEmpty());
    EXPECT_LE(small.size, 512U);
    const auto large = ask(Ask{.name = "pool", .options = {}}, dns::Transport::tcp);
    EXPECT_FALSE(large.flag(kTc));
    EXPECT_THAT(large.answers, SizeIs(100));
}

TEST_F(AnswerTest, FitsEightAddressesOfALongNameInto512Bytes) {
    const std::string name = "pool-" + std::string(55, 'x');
    for (int index = 0; index < 8; ++index) {
        add("n1", "p" + std::to_string(index), "10.77.0." + std::to_string(30 + index), {name});
    }
    EXPECT_THAT(ask(name).answers, SizeIs(8));
}

TEST_F(AnswerTest, RefusesOtherClassesAndOpcodes) {
    EXPECT_EQ(ask(Ask{.name = "web1", .klass = 3, .options = {}}).rcode, kRefused);
    EXPECT_THAT(ask(Ask{.name = "web1", .klass = 255, .options = {}}).data(), ElementsAre("10.77.0.11"));
    for (const unsigned opcode : {1U, 2U, 4U, 5U, 6U, 15U}) {
        SCOPED_TRACE(opcode);
        const auto reply =
            ask(Ask{.name = "web1", .flags = static_cast<std::uint16_t>(0x0100 | opcode << 11), .options = {}});
        EXPECT_EQ(reply.rcode, kNotImp);
        EXPECT_EQ(reply.flags >> 11 & 15, opcode);
        EXPECT_EQ(reply.size, dns::kHeaderSize);
        EXPECT_FALSE(reply.flag(kRa));
    }
}

TEST_F(AnswerTest, DropsWhatIsNoQuery) {
    EXPECT_EQ(decide({}).verdict, Verdict::drop);
    EXPECT_EQ(decide({1, 2, 3}).verdict, Verdict::drop);
    EXPECT_EQ(decide(query_packet({.name = "web1", .flags = 0x8100, .options = {}})).verdict, Verdict::drop);
}

TEST_F(AnswerTest, SaysFormErrToWhatIsMalformed) {
    const auto whole = query_packet({.name = "web1", .edns_size = 1232, .options = {}});
    auto no_question = whole;
    no_question.resize(dns::kHeaderSize);
    auto two_questions = whole;
    two_questions[5] = 2;
    auto pointer = whole;
    pointer[12] = 0xc0, pointer[13] = 0xff;
    auto loop = whole;
    loop[12] = 0xc0, loop[13] = 12;
    auto reserved = whole;
    reserved[12] = 0x44;
    auto cut_opt = whole;
    cut_opt.pop_back();
    auto many_additionals = whole;
    many_additionals[11] = 3;
    for (const auto& packet : {no_question, two_questions, pointer, loop, reserved, cut_opt, many_additionals}) {
        const Outcome outcome = decide(packet);
        ASSERT_EQ(outcome.verdict, Verdict::error);
        const auto reply = testing::parse_reply({out_.begin(), out_.begin() + static_cast<long>(outcome.size)});
        EXPECT_EQ(reply.rcode, kFormErr);
        EXPECT_EQ(reply.flags, kQr | kRd | kFormErr);
    }
    const auto echoed = testing::parse_reply([&] {
        const Outcome outcome = decide(cut_opt);
        return std::vector<std::uint8_t>{out_.begin(), out_.begin() + static_cast<long>(outcome.size)};
    }());
    EXPECT_EQ(echoed.question, "web1.") << "it could be read (D-106)";
    auto trailing = whole;
    trailing.push_back(7);
    EXPECT_EQ(decide(trailing).verdict, Verdict::reply) << "trailing bytes are ignored";
}

}  // namespace
}  // namespace nsr::resolver
