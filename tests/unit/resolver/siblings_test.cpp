/// What a worker does when nobody outside answers and another worker may have kept the answer.
#include "resolver/forward/flight_table.h"
#include "tests/support/upstream_reply.h"
#include "tests/unit/resolver/answer_fixture.h"

namespace nsr::resolver {
namespace {

/// A way to servers who are there but silent, or not there; and other workers, if a test wants some.
class Silence final : public Wire {
public:
    bool send(const Try& which, const Upstream&, const ForwardClient&, dns::Buffer, bool) override {
        which_ = which;
        return is_reachable_;
    }
    void forget(const ForwardClient&) override {}
    bool ask_siblings(const Question& question) override {
        ++asked_;
        question_ = question.id;
        return has_siblings_;
    }

    bool is_reachable_ = false;
    bool has_siblings_ = true;
    unsigned asked_ = 0;  ///< the other workers
    Question::Id question_ = 0;
    Try which_;
};

class SiblingsTest : public AnswerTest {
protected:
    SiblingsTest() {
        spec_.upstreams = {Upstream{*IpAddress::parse("192.0.2.53"), 53, "", true}};
        EXPECT_EQ(decide(packet_).verdict, Verdict::forward);
    }

    ForwardRequest request() {
        return {packet_, query_, dns::Transport::udp, *snapshot_.view(book_.view_slot("cl")), client_};
    }
    void ask_outside() {
        flights_.ask(request(), [this](dns::Bytes reply) { replies_.emplace_back(reply.begin(), reply.end()); }, now_);
    }
    /// What another worker has kept: an answer of a minute, got so long ago.
    std::optional<KeptReply> kept(std::chrono::seconds age) {
        Silence wire;
        DnsCounters counters;
        FlightTable other(wire, counters, {});
        wire.is_reachable_ = true;
        const auto client = std::make_shared<ForwardClient>(nullptr);
        const ForwardRequest same{packet_, query_, dns::Transport::udp, *snapshot_.view(book_.view_slot("cl")), client};
        other.ask(same, [](dns::Bytes) {}, now_ - age);
        const auto reply = testing::reply_packet(ask_, 0, {testing::address(ask_.name, 60)});
        EXPECT_TRUE(other.on_reply(wire.which_, ask_.id, reply, false, now_ - age));
        return other.kept(same, now_);
    }
    testing::Reply reply(std::size_t number) const { return testing::parse_reply(replies_.at(number)); }

    testing::Ask ask_{.name = "www.example.org", .edns_size = 1232, .options = {}};
    testing::Packet packet_ = query_packet(ask_);
    Silence wire_;
    DnsCounters counters_;
    FlightTable flights_{wire_, counters_, {}};
    std::shared_ptr<ForwardClient> client_ = std::make_shared<ForwardClient>(nullptr);
    std::vector<std::vector<std::uint8_t>> replies_;
    TimePoint now_{std::chrono::hours(1)};
};

TEST_F(SiblingsTest, AFailureWaitsForTheirWord) {
    ask_outside();
    EXPECT_EQ(wire_.asked_, 1U);
    EXPECT_TRUE(replies_.empty());
    flights_.on_time(now_ + std::chrono::milliseconds(50));
    EXPECT_EQ(wire_.asked_, 1U) << "once";
    flights_.siblings_said(wire_.question_, std::nullopt, now_);
    ASSERT_EQ(replies_.size(), 1U);
    EXPECT_EQ(reply(0).rcode, kServFail);
    EXPECT_TRUE(flights_.is_idle());
}

TEST_F(SiblingsTest, WhatTheyHaveKeptIsGivenAndKeptHere) {
    ask_outside();
    flights_.siblings_said(wire_.question_, kept(std::chrono::seconds(100)), now_);
    ASSERT_EQ(replies_.size(), 1U);
    EXPECT_EQ(reply(0).answers.at(0).ttl, 30U) << "stale";
    EXPECT_TRUE(flights_.is_idle());
    EXPECT_GT(flights_.answer_cached(request(), out_, now_), 0U);
    EXPECT_EQ(counters_.cache_entries.value(), 1U);
}

TEST_F(SiblingsTest, LimitsAreOfAllWorkersTogether) {
    for (const auto& limits : {ForwardLimits{1, 16}, ForwardLimits{16, 1}}) {
        Silence wire;
        wire.is_reachable_ = wire_.is_reachable_ = true;
        wire.has_siblings_ = wire_.has_siblings_ = false;
        FlightTable here(wire_, counters_, limits);
        FlightTable there(wire, counters_, limits);
        const auto client_there = std::make_shared<ForwardClient>(nullptr);
        client_there->in_flight = client_->in_flight;
        const ForwardRequest same{packet_, query_, dns::Transport::udp, *snapshot_.view(book_.view_slot("cl")),
                                  client_there};
        here.ask(request(), [](dns::Bytes) {}, now_);
        unsigned refused = 0;
        there.ask(same, [&refused](dns::Bytes) { ++refused; }, now_);
        EXPECT_EQ(refused, 1U);
        here.on_time(now_ + kForwardBudget);
        EXPECT_TRUE(here.is_idle());
        there.ask(same, [&refused](dns::Bytes) { ++refused; }, now_);
        EXPECT_EQ(refused, 1U) << "the place is free again";
        there.on_time(now_ + kForwardBudget);
        EXPECT_EQ(client_->in_flight->load(), 0U);
        EXPECT_EQ(limits.taken->load(), 0U);
    }
}

TEST_F(SiblingsTest, AnAnswerThatIsStillGoodKeepsItsTime) {
    ask_outside();
    flights_.siblings_said(wire_.question_, kept(std::chrono::seconds(10)), now_);
    ASSERT_EQ(replies_.size(), 1U);
    EXPECT_EQ(reply(0).answers.at(0).ttl, 50U);
}

TEST_F(SiblingsTest, TheyAreAskedWhenTheServersAreSilent) {
    wire_.is_reachable_ = true;
    ask_outside();
    flights_.on_time(now_ + std::chrono::milliseconds(1700));
    EXPECT_EQ(wire_.asked_, 0U);
    flights_.on_time(now_ + std::chrono::milliseconds(1800));
    EXPECT_EQ(wire_.asked_, 1U);
    const auto asked = wire_.question_;
    flights_.siblings_said(asked, kept(std::chrono::seconds(100)), now_ + std::chrono::milliseconds(1801));
    EXPECT_EQ(replies_.size(), 1U);
    EXPECT_FALSE(flights_.is_idle()) << "asking goes on";
    flights_.on_time(now_ + kForwardBudget);
    EXPECT_TRUE(flights_.is_idle());
    flights_.siblings_said(asked, std::nullopt, now_ + kForwardBudget);  // nobody's any more
    EXPECT_EQ(replies_.size(), 1U);
}

TEST_F(SiblingsTest, NobodyWaitsWhereThereAreNone) {
    wire_.has_siblings_ = false;
    ask_outside();
    ASSERT_EQ(replies_.size(), 1U);
    EXPECT_EQ(reply(0).rcode, kServFail);
}

TEST_F(SiblingsTest, TheyAreNotAskedWhereNothingIsKept) {
    spec_.cache_bytes = 0;
    EXPECT_EQ(decide(packet_).verdict, Verdict::forward);
    ask_outside();
    EXPECT_EQ(wire_.asked_, 0U);
    EXPECT_EQ(replies_.size(), 1U);
}

}  // namespace
}  // namespace nsr::resolver
