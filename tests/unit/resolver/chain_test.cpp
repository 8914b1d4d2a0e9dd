#include "resolver/dns/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resolver/dns/reply.h"
#include "tests/support/dns_packet.h"

namespace nsr::dns {
namespace {

using nsr::testing::append16;
using nsr::testing::append_name;
using nsr::testing::Packet;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr unsigned kA = 1, kSoa = 6, kServFail = 2, kNxDomain = 3;

/// "www CNAME edge.example.org" of ours, and what an upstream says about edge.example.org.
class ChainTest : public ::testing::Test {
protected:
    ChainTest() { ask({.name = "WWW", .edns_size = 1232, .options = {}}); }

    void ask(const nsr::testing::Ask& question) {
        datagram_ = nsr::testing::query_packet(question);
        EXPECT_EQ(read_query(datagram_, query_), QueryStatus::ok);
        chain_.resize(kMessageMax);
        Reply reply(datagram_, query_, kUdpLimit, chain_);
        reply.add_target(Reply::Section::answer, Reply::kQuestionName, RrType::cname, 60, {},
                         *Name::from_text("edge.example.org"));
        chain_.resize(reply.finish(Rcode::noerror));
    }

    /// The head of an upstream's reply; the question's name stands at 12, example.org at 17.
    static Packet head(unsigned flags, unsigned answers, unsigned authorities) {
        Packet packet;
        for (const unsigned word : {0x1234U, flags, 1U, answers, authorities, 0U}) append16(packet, word);
        append_name(packet, "edge.example.org");
        append16(packet, kA);
        append16(packet, 1);
        return packet;
    }

    static void add(Packet& packet, unsigned owner, unsigned type, const Packet& data) {
        append16(packet, 0xc000U | owner);
        append16(packet, type);
        append16(packet, 1);
        append16(packet, 0);
        append16(packet, 300);
        append16(packet, static_cast<unsigned>(data.size()));
        packet.insert(packet.end(), data.begin(), data.end());
    }

    nsr::testing::Reply join(const Packet& reply) {
        std::vector<std::uint8_t> out(query_.reply_limit(Transport::udp));
        out.resize(write_chain_reply(chain_, query_, reply, out.size(), out));
        auto joined = nsr::testing::parse_reply(out);
        EXPECT_TRUE(joined.ok);
        EXPECT_EQ(joined.question, "WWW.");
        return joined;
    }

    Packet datagram_;
    Query query_;
    std::vector<std::uint8_t> chain_;
};

TEST_F(ChainTest, AsksForTheTargetAsTheClientAsked) {
    const auto asked = write_target_query(datagram_, query_, chain_);
    Query query;
    ASSERT_EQ(read_query(asked, query), QueryStatus::ok);
    EXPECT_EQ(query.name.text(), "edge.example.org");
    EXPECT_EQ(query.id, query_.id);
    EXPECT_EQ(query.type, RrType::a);
    EXPECT_TRUE(query.has_edns);
    EXPECT_EQ(query.edns_size, 1232);
}

TEST_F(ChainTest, PutsTheAnswerBehindTheChain) {
    auto reply = head(0x8180, 2, 0);
    add(reply, 12, 5, {1, 'x', 0xc0, 17});  // x.example.org, compressed
    add(reply, 17, kA, {192, 0, 2, 1});
    const auto joined = join(reply);
    EXPECT_EQ(joined.rcode, 0U);
    EXPECT_THAT(joined.data(), ElementsAre("edge.example.org.", "x.example.org.", "192.0.2.1"));
    EXPECT_EQ(joined.answers[0].name, "WWW.");
    EXPECT_EQ(joined.answers[0].ttl, 60U);
    EXPECT_EQ(joined.answers[1].name, "edge.example.org.");
    EXPECT_EQ(joined.answers[2].name, "example.org.");
    EXPECT_EQ(joined.answers[2].ttl, 300U);
    EXPECT_TRUE(joined.has_opt);
}

TEST_F(ChainTest, PassesADenialOn) {
    auto reply = head(0x8183, 0, 1);
    Packet soa{0xc0, 17, 0xc0, 17};
    soa.resize(24, 1);
    add(reply, 17, kSoa, soa);
    const auto joined = join(reply);
    EXPECT_EQ(joined.rcode, kNxDomain) << "of the last name (RFC 2308 2.1)";
    EXPECT_THAT(joined.data(), ElementsAre("edge.example.org."));
    ASSERT_THAT(joined.authorities, SizeIs(1));
    EXPECT_EQ(joined.authorities[0].name, "example.org.");
}

TEST_F(ChainTest, PassesAFailureOnWithItsReason) {
    auto reply = head(0x8182, 0, 0);
    reply[11] = 1;
    for (const unsigned byte : {0U, 0U, 41U, 4U, 0xd0U, 0U, 0U, 0U, 0U, 0U, 6U, 0U, 15U, 0U, 2U, 0U, 22U}) {
        reply.push_back(static_cast<std::uint8_t>(byte));
    }
    const auto joined = join(reply);
    EXPECT_EQ(joined.rcode, kServFail);
    EXPECT_THAT(joined.answers, IsEmpty());
    EXPECT_EQ(joined.opt_options, "000f00020016");
}

TEST_F(ChainTest, TruncatesTheAnswerAsAWhole) {
    auto large = head(0x8180, 40, 0);
    for (unsigned index = 0; index < 40; ++index) add(large, 17, kA, {192, 0, 2, 1});
    ask({.name = "WWW", .options = {}});
    const auto joined = join(large);
    EXPECT_TRUE(joined.flag(0x0200));
    EXPECT_THAT(joined.answers, IsEmpty());
    EXPECT_TRUE(join(head(0x8380, 0, 0)).flag(0x0200)) << "the upstream's TC";
}

TEST_F(ChainTest, FailsOnWhatIsMalformed) {
    auto cut = head(0x8180, 1, 0);
    auto bad_data = head(0x8180, 1, 0);
    add(bad_data, 12, 5, {0xc0, 0xff});
    for (const auto& reply : {cut, bad_data, Packet{1, 2, 3}}) {
        const auto joined = join(reply);
        EXPECT_EQ(joined.rcode, kServFail);
        EXPECT_THAT(joined.answers, IsEmpty());
    }
}

}  // namespace
}  // namespace nsr::dns
