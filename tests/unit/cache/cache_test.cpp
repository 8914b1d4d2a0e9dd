#include "resolver/cache/cache.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"
#include "tests/support/upstream_reply.h"

namespace nsr::resolver {
namespace {

using namespace std::chrono_literals;
using testing::address;
using testing::Ask;
using testing::soa;

constexpr std::size_t kRoom = 1024 * 1024;

Ask asking(const std::string& name) { return {.name = name, .options = {}}; }

class CacheTest : public ::testing::Test {
protected:
    CacheEntry* find(const Ask& ask, std::uint64_t route = 1) {
        const dns::Query query = testing::read(query_packet(ask));
        return cache_.find({query, route});
    }
    void store(const Ask& ask, unsigned rcode, const std::vector<testing::Answer>& records, std::uint64_t route = 1) {
        const dns::Query query = testing::read(query_packet(ask));
        cache_.store({query, route}, *store_reply(reply_packet(ask, rcode, records), query), clock_.now());
    }
    void fail(const Ask& ask) {
        const dns::Query query = testing::read(query_packet(ask));
        cache_.fail({query, 1}, clock_.now());
    }
    bool is_fresh(const Ask& ask, std::uint64_t route = 1) {
        const CacheEntry* entry = find(ask, route);
        return entry != nullptr && entry->is_fresh(clock_.now());
    }

    testing::ManualClock clock_;
    Cache cache_{kRoom};
};

TEST_F(CacheTest, FindsWhatItKeepsUntilItsTimeIsOver) {
    const Ask ask = asking("www.example");
    EXPECT_EQ(find(ask), nullptr);
    store(ask, 0, {address("www.example", 60)});
    EXPECT_TRUE(is_fresh(ask));
    EXPECT_TRUE(is_fresh(asking("WWW.Example"))) << "case";
    clock_.advance(59s);
    EXPECT_TRUE(is_fresh(ask));
    EXPECT_EQ(find(ask)->age(clock_.now()).seconds, 59U);
    clock_.advance(1s);
    EXPECT_FALSE(is_fresh(ask));
}

TEST_F(CacheTest, TellsApartWhatMayBeAnsweredDifferently) {
    const Ask ask = asking("www.example");
    store(ask, 0, {address("www.example", 60)});
    EXPECT_EQ(find(ask, 2), nullptr) << "other servers";
    EXPECT_EQ(find({.name = "www.example", .type = 28, .options = {}}), nullptr) << "another type";
    EXPECT_EQ(find({.name = "www.example", .flags = 0x0110, .options = {}}), nullptr) << "CD";
    EXPECT_EQ(find({.name = "www.example", .edns_size = 1232, .dnssec_ok = true, .options = {}}), nullptr) << "DO";
    EXPECT_EQ(find(asking("ww.example")), nullptr);
    EXPECT_EQ(find(asking("www.example.org")), nullptr);
    EXPECT_NE(find({.name = "www.example", .edns_size = 1232, .options = {}}), nullptr) << "EDNS changes nothing";
}

TEST_F(CacheTest, ReplacesWhatItKeeps) {
    const Ask ask = asking("www.example");
    store(ask, 3, {soa("example", 60, 60)});
    const std::size_t before = cache_.bytes();
    store(ask, 0, {address("www.example", 60)});
    EXPECT_EQ(cache_.entries(), 1U);
    EXPECT_LT(cache_.bytes(), before);
    EXPECT_FALSE(find(ask)->reply.is_denial);
    EXPECT_FALSE(cache_.has_denials());
}

TEST_F(CacheTest, StaysWithinItsBytesAndLetsGoOfWhatWasNotAskedForLongest) {
    Cache one(kRoom);
    for (int index = 0; index < 5000; ++index) {
        const std::string name = "h" + std::to_string(index) + ".example";
        store(asking(name), 0, {address(name, 600)});
        ASSERT_LE(cache_.bytes(), kRoom);
        ASSERT_TRUE(is_fresh(asking("h0.example"))) << "it is asked for again and again";
    }
    EXPECT_GT(cache_.evicted(), 1000U);
    EXPECT_EQ(cache_.entries() + cache_.evicted(), 5000U);
    EXPECT_FALSE(is_fresh(asking("h1.example")));
    EXPECT_TRUE(is_fresh(asking("h4999.example")));
    cache_.set_bytes_max(0);
    EXPECT_EQ(cache_.bytes(), 0U);
    EXPECT_EQ(cache_.entries(), 0U);
}

TEST_F(CacheTest, KeepsNothingThatIsLargerThanItself) {
    cache_.set_bytes_max(100);
    store(asking("www.example"), 0, {address("www.example", 60)});
    EXPECT_EQ(cache_.entries(), 0U);
    EXPECT_EQ(cache_.bytes(), 0U);
}

TEST_F(CacheTest, ForgetsDenialsOfANameOfAllTypesAndServersButNotItsAnswers) {
    const Ask mx{.name = "web", .type = 15, .options = {}};
    store(asking("web"), 3, {soa("", 60, 60)});
    store(asking("web"), 3, {soa("", 60, 60)}, 2);
    store(mx, 0, {soa("", 60, 60)});
    store(asking("db"), 3, {soa("", 60, 60)});
    store(asking("web"), 0, {address("web", 60)}, 3);
    EXPECT_EQ(cache_.forget_denials(*dns::Name::from_text("web")), 3U);
    EXPECT_EQ(find(asking("web")), nullptr);
    EXPECT_EQ(find(asking("web"), 2), nullptr);
    EXPECT_TRUE(is_fresh(asking("web"), 3));
    EXPECT_TRUE(is_fresh(asking("db")));
    EXPECT_EQ(cache_.forget_denials(*dns::Name::from_text("web")), 0U);
}

TEST_F(CacheTest, RemembersAFailureShortlyAndLongerEachTime) {
    const Ask ask = asking("www.example");
    for (const auto pause : {1s, 2s, 4s, 5s, 5s}) {
        fail(ask);
        clock_.advance(pause - 1ms);
        EXPECT_TRUE(find(ask)->has_failed(clock_.now())) << pause.count();
        clock_.advance(1ms);
        EXPECT_FALSE(find(ask)->has_failed(clock_.now())) << pause.count();
        EXPECT_FALSE(find(ask)->is_usable_stale(clock_.now()));
    }
    store(ask, 0, {address("www.example", 60)});
    EXPECT_EQ(find(ask)->failures, 0U);
}

TEST_F(CacheTest, KeepsAnAnswerPastItsTimeForADay) {
    const Ask ask = asking("www.example");
    store(ask, 0, {address("www.example", 60)});
    clock_.advance(61s);
    fail(ask);
    EXPECT_TRUE(find(ask)->is_usable_stale(clock_.now()));
    EXPECT_TRUE(find(ask)->age(clock_.now()).is_stale);
    clock_.advance(kStaleRecheck - 1ms);
    EXPECT_TRUE(find(ask)->has_failed(clock_.now()));
    clock_.advance(1ms);
    EXPECT_FALSE(find(ask)->has_failed(clock_.now())) << "to be tried again";
    clock_.advance(kStaleMax);
    EXPECT_FALSE(find(ask)->is_usable_stale(clock_.now()));
}

TEST_F(CacheTest, WantsHotAnswersFetchedAheadInTheLastTenthOfTheirTime) {
    const Ask ask = asking("www.example");
    store(ask, 0, {address("www.example", 100)});
    CacheEntry* entry = find(ask);
    clock_.advance(90s);
    EXPECT_FALSE(entry->wants_refresh(clock_.now())) << "nobody asks for it";
    entry->hits = kHotHits;
    EXPECT_TRUE(entry->wants_refresh(clock_.now()));
    EXPECT_FALSE(entry->wants_refresh(clock_.now() - 1s));
    fail(ask);
    EXPECT_FALSE(entry->wants_refresh(clock_.now())) << "it has just been tried";
}

}  // namespace
}  // namespace nsr::resolver
