#include "resolver/cache/stored_reply.h"

#include <gtest/gtest.h>

#include "tests/support/upstream_reply.h"

namespace nsr::resolver {
namespace {

using namespace std::chrono_literals;
using testing::address;
using testing::Ask;
using testing::Packet;
using testing::reply_packet;
using testing::soa;

std::optional<StoredReply> stored(const Ask& ask, unsigned rcode, const std::vector<testing::Answer>& records,
                                  unsigned flags = 0x8180) {
    return store_reply(reply_packet(ask, rcode, records, flags), testing::read(query_packet(ask)));
}

/// What a client gets of a stored reply.
testing::Reply given(const StoredReply& reply, const Ask& ask, Age age, std::size_t limit = 1232) {
    const Packet packet = query_packet(ask);
    Packet out(limit);
    const std::size_t size = write_stored(reply.message, reply.ttls, age, packet, testing::read(packet), limit, out);
    out.resize(size);
    return testing::parse_reply(out);
}

TEST(StoredReplyTest, KeepsAnAnswerForTheLeastOfItsTtls) {
    const Ask ask{.name = "www.example", .options = {}};
    const auto reply = stored(ask, 0, {address("www.example", 300), address("www.example", 60, 2)});
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->lifetime, 60s);
    EXPECT_FALSE(reply->is_denial);
}

TEST(StoredReplyTest, KeepsNoAnswerLongerThanADay) {
    const Ask ask{.name = "www.example", .options = {}};
    EXPECT_EQ(stored(ask, 0, {address("www.example", 700000)})->lifetime, kCacheTtlMax);
}

TEST(StoredReplyTest, KeepsADenialAsItsSoaSays) {
    const Ask ask{.name = "no.example", .options = {}};
    EXPECT_EQ(stored(ask, 3, {soa("example", 900, 60)})->lifetime, 60s) << "MINIMUM";
    EXPECT_EQ(stored(ask, 3, {soa("example", 30, 60)})->lifetime, 30s) << "TTL";
    EXPECT_EQ(stored(ask, 0, {soa("example", 900, 60)})->lifetime, 60s) << "NODATA";
    EXPECT_TRUE(stored(ask, 0, {soa("example", 900, 60)})->is_denial);
    EXPECT_EQ(stored(ask, 3, {soa("example", 90000, 90000)})->lifetime, kCacheDenialMax);
}

TEST(StoredReplyTest, TakesAnAliasThatLeadsNowhereForADenial) {
    const Ask ask{.name = "www.example", .options = {}};
    const testing::Answer alias{"www.example", 5, 600, testing::bytes({1, 'x', 0}), 0};
    EXPECT_TRUE(stored(ask, 0, {alias, soa("example", 60, 60)})->is_denial);
    EXPECT_FALSE(stored(ask, 0, {alias, address("x", 60)})->is_denial);
}

TEST(StoredReplyTest, DoesNotKeepDenialsWithoutSoaOrReferrals) {
    const Ask ask{.name = "no.example", .options = {}};
    EXPECT_FALSE(stored(ask, 3, {}));
    EXPECT_FALSE(stored(ask, 0, {}));
    EXPECT_FALSE(stored(ask, 0, {{"example", 2, 60, testing::bytes({1, 'n', 0}), 1}})) << "a referral";
}

TEST(StoredReplyTest, DoesNotKeepFailuresCutRepliesAndTtlZero) {
    const Ask ask{.name = "www.example", .options = {}};
    for (const unsigned rcode : {1U, 2U, 4U, 5U}) EXPECT_FALSE(stored(ask, rcode, {address("www.example", 60)}));
    EXPECT_FALSE(stored(ask, 0, {address("www.example", 60)}, 0x8380)) << "TC";
    EXPECT_FALSE(stored(ask, 0, {address("www.example", 0)}));
    EXPECT_FALSE(stored(ask, 0, {address("www.example", 0x80000001)})) << "RFC 2181 §8";
    Packet cut = reply_packet(ask, 0, {address("www.example", 60)});
    cut.pop_back();
    EXPECT_FALSE(store_reply(cut, testing::read(query_packet(ask))));
}

TEST(StoredReplyTest, KeepsOnlyWhatARecursiveQueryForDataHasBrought) {
    const auto asks = [](const Ask& ask) { return is_cacheable(testing::read(query_packet(ask))); };
    EXPECT_TRUE(asks({.name = "www.example", .options = {}}));
    EXPECT_TRUE(asks({.name = "www.example", .flags = 0x0130, .options = {}})) << "AD and CD";
    EXPECT_FALSE(asks({.name = "www.example", .flags = 0, .options = {}})) << "without RD";
    EXPECT_FALSE(asks({.name = "www.example", .flags = 0x0140, .options = {}})) << "Z";
    EXPECT_FALSE(asks({.name = "www.example", .type = 255, .options = {}})) << "ANY";
    EXPECT_FALSE(asks({.name = "www.example", .type = 252, .options = {}})) << "AXFR";
    EXPECT_FALSE(asks({.name = "www.example", .klass = 255, .options = {}}));
}

TEST(StoredReplyTest, CountsDown) {
    const Ask ask{.name = "www.example", .id = 7, .options = {}};
    const auto reply = stored(ask, 0, {address("www.example", 300), address("www.example", 60, 2)});
    const auto got = given(*reply, ask, {20, false});
    ASSERT_TRUE(got.ok);
    EXPECT_EQ(got.id, 7U);
    EXPECT_EQ(got.answers.at(0).ttl, 280U);
    EXPECT_EQ(got.answers.at(1).ttl, 40U);
}

TEST(StoredReplyTest, IsNotAuthoritativeAndHasTheCaseOfTheAsker) {
    const Ask ask{.name = "www.example", .options = {}};
    const auto reply = stored(ask, 0, {address("www.example", 60)}, 0x8580);
    const auto got = given(*reply, {.name = "wWw.ExamplE", .options = {}}, {});
    EXPECT_EQ(got.flags & 0x0400, 0U) << "AA";
    EXPECT_EQ(got.flags & 0x0080, 0x0080U) << "RA";
    EXPECT_TRUE(got.question.starts_with("wWw.ExamplE")) << got.question;
}

TEST(StoredReplyTest, GivesAnOptToThoseThatSentOne) {
    const Ask with{.name = "www.example", .edns_size = 1232, .options = {}};
    const Ask without{.name = "www.example", .options = {}};
    const auto reply = stored(with, 0, {address("www.example", 60)});
    ASSERT_TRUE(reply);
    EXPECT_TRUE(given(*reply, with, {}).has_opt);
    EXPECT_FALSE(given(*reply, without, {}).has_opt);
    EXPECT_TRUE(given(*reply, without, {}).ok);
}

TEST(StoredReplyTest, SaysThatItIsStale) {
    const Ask ask{.name = "www.example", .edns_size = 1232, .options = {}};
    const auto reply = stored(ask, 0, {address("www.example", 60)});
    const auto got = given(*reply, ask, {100, true});
    EXPECT_EQ(got.answers.at(0).ttl, kStaleTtl);
    EXPECT_EQ(got.opt_options, "000f00020003");
    const auto denial = stored(ask, 3, {soa("example", 60, 60)});
    EXPECT_EQ(given(*denial, ask, {100, true}).opt_options, "000f00020013");
}

TEST(StoredReplyTest, TruncatesForASmallClient) {
    const Ask ask{.name = "www.example", .options = {}};
    std::vector<testing::Answer> many;
    for (int index = 0; index < 40; ++index) many.push_back(address("www.example", 60, index));
    const auto reply = stored(ask, 0, many);
    const auto got = given(*reply, ask, {10, false}, 512);
    EXPECT_TRUE(got.ok);
    EXPECT_TRUE(got.flag(0x0200));
    EXPECT_TRUE(got.answers.empty());
    EXPECT_EQ(given(*reply, ask, {10, false}, 4096).answers.size(), 40U);
}

}  // namespace
}  // namespace nsr::resolver
