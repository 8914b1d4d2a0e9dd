#include "resolver/dns/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns_packet.h"

namespace nsr::dns {
namespace {

using testing::append16;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::query_packet;
using ::testing::SizeIs;

/// A client's query, and the reply of an upstream to it with so many A records.
class MessageTest : public ::testing::Test {
protected:
    void ask(int edns_size = -1) {
        client_ = query_packet({.name = "Ok.Test", .edns_size = edns_size, .options = {}});
        ASSERT_EQ(read_query(client_, query_), QueryStatus::ok);
    }

    testing::Packet upstream_reply(int addresses, bool with_opt = false, unsigned flags = 0x8180) {
        auto packet =
            query_packet({.name = "ok.test", .flags = static_cast<std::uint16_t>(flags), .id = 7, .options = {}});
        packet[7] = static_cast<std::uint8_t>(addresses);
        for (int index = 0; index < addresses; ++index) {
            append16(packet, 0xc00c);
            append16(packet, 1);
            append16(packet, 1);
            append16(packet, 0);
            append16(packet, 300);
            append16(packet, 4);
            for (const int byte : {203, 0, 113, index}) packet.push_back(static_cast<std::uint8_t>(byte));
        }
        if (with_opt) {
            packet[11] = 1;
            for (const int byte : {0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0})
                packet.push_back(static_cast<std::uint8_t>(byte));
        }
        return packet;
    }

    testing::Reply relayed(const testing::Packet& reply, std::size_t limit) {
        std::vector<std::uint8_t> out(kMessageMax);
        const auto size = write_client_reply(reply, client_, query_, limit, out);
        EXPECT_TRUE(size);
        if (!size) return {};
        EXPECT_LE(*size, limit);
        out.resize(*size);
        auto parsed = testing::parse_reply(out);
        EXPECT_TRUE(parsed.ok);
        return parsed;
    }

    testing::Packet client_;
    Query query_;
};

TEST_F(MessageTest, MatchesOnlyRepliesToTheQuestion) {
    ask();
    const auto reply = upstream_reply(1);
    ASSERT_TRUE(match_reply(reply, 7, query_));
    EXPECT_FALSE(match_reply(reply, 8, query_)) << "wrong id";
    auto other = reply;
    other[kHeaderSize + 1] = 'x';
    EXPECT_FALSE(match_reply(other, 7, query_)) << "another question";
    other = reply;
    other[5] = 0;
    EXPECT_FALSE(match_reply(other, 7, query_)) << "no question";
    other = reply;
    other[2] &= 0x7f;
    EXPECT_FALSE(match_reply(other, 7, query_)) << "no response";
    other.resize(11);
    EXPECT_FALSE(match_reply(other, 7, query_)) << "no header";
}

TEST_F(MessageTest, AsksUpstreamWithTheFactsOfTheClient) {
    ask(4096);
    std::vector<std::uint8_t> out(512);
    out.resize(write_upstream_query(client_, query_, 0xbeef, out));
    const auto parsed = testing::parse_reply(out);
    EXPECT_TRUE(parsed.ok);
    EXPECT_EQ(parsed.id, 0xbeefU);
    EXPECT_EQ(parsed.question, "Ok.Test.");
    EXPECT_EQ(parsed.opt_size, 4096U);
    ask();
    out.assign(512, 0);
    out.resize(write_upstream_query(client_, query_, 1, out));
    EXPECT_FALSE(testing::parse_reply(out).has_opt) << "no EDNS for those that do not speak it (D-80)";
}

TEST_F(MessageTest, RestoresIdAndCaseAndKeepsTheRest) {
    ask();
    const auto reply = relayed(upstream_reply(2, true, 0x8100), kUdpLimit);
    EXPECT_EQ(reply.id, 0x1234U);
    EXPECT_EQ(reply.question, "Ok.Test.");
    EXPECT_THAT(reply.data(), ElementsAre("203.0.113.0", "203.0.113.1"));
    EXPECT_EQ(reply.answers.at(0).name, "Ok.Test.");
    EXPECT_EQ(reply.answers.at(0).ttl, 300U);
    EXPECT_TRUE(reply.flag(kFlagRa)) << "we do recurse";
    EXPECT_FALSE(relayed(upstream_reply(2, true, 0x8140), kUdpLimit).flag(kFlagZ));
    EXPECT_FALSE(reply.has_opt) << "the client spoke no EDNS";
}

TEST_F(MessageTest, GivesAnOptToThoseThatSentOne) {
    ask(1232);
    EXPECT_TRUE(relayed(upstream_reply(1, true), kEdnsLimit).has_opt);
    EXPECT_TRUE(relayed(upstream_reply(1, false), kEdnsLimit).has_opt);
}

TEST_F(MessageTest, TruncatesByWholeSets) {
    ask();
    const auto reply = relayed(upstream_reply(40), kUdpLimit);
    EXPECT_TRUE(reply.flag(kFlagTc));
    EXPECT_THAT(reply.answers, IsEmpty());
    EXPECT_THAT(relayed(upstream_reply(40), kMessageMax).answers, SizeIs(40));
}

TEST_F(MessageTest, RefusesRepliesThatAreCut) {
    ask();
    auto reply = upstream_reply(2);
    std::vector<std::uint8_t> out(kMessageMax);
    for (std::size_t size = reply.size() - 1; size > kHeaderSize; --size) {
        reply.resize(size);
        EXPECT_FALSE(write_client_reply(reply, client_, query_, kUdpLimit, out)) << size;
    }
}

TEST_F(MessageTest, KnowsWhatCannotBeRead) {
    ask();
    EXPECT_TRUE(is_readable(upstream_reply(3, true)));
    auto cut = upstream_reply(2);
    cut.pop_back();
    EXPECT_FALSE(is_readable(cut));
    auto fewer = upstream_reply(1);
    fewer[7] = 6;
    EXPECT_FALSE(is_readable(fewer));
    auto loop = upstream_reply(1);
    const std::size_t owner = loop.size() - 16;
    loop[owner + 1] = static_cast<std::uint8_t>(owner);
    EXPECT_FALSE(is_readable(loop));
}

TEST_F(MessageTest, PassesTheReasonOn) {
    ask(1232);
    auto reply = upstream_reply(0, true, 0x8182);
    const testing::Packet ede{0, 15, 0, 5, 0, 22, 'w', 'h', 'y'};
    reply[reply.size() - 1] = static_cast<std::uint8_t>(ede.size());
    reply.insert(reply.end(), ede.begin(), ede.end());
    EXPECT_EQ(relayed(reply, kEdnsLimit).opt_options, "000f00020016");
    ask();
    EXPECT_FALSE(relayed(reply, kUdpLimit).has_opt);
}

TEST_F(MessageTest, GivesACookieToThoseThatSentOne) {
    client_ = query_packet({.name = "Ok.Test", .edns_size = 1232, .options = {0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8}});
    ASSERT_EQ(read_query(client_, query_), QueryStatus::ok);
    query_.server_cookie.fill(9);
    const auto reply = relayed(upstream_reply(1, true), kEdnsLimit);
    EXPECT_EQ(reply.opt_options, "000a00180102030405060708" + std::string("09090909090909090909090909090909"));
    EXPECT_TRUE(relayed(upstream_reply(40, true), kUdpLimit).flag(0x0200)) << "there is room for it in any case";
}

}  // namespace
}  // namespace nsr::dns
