#include "resolver/forward/flight.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace nsr::resolver {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

/// What a flight does over time, as text: "0: ask 0", "250: ask 1", "4800: fail".
class FlightTest : public ::testing::Test {
protected:
    void start(std::size_t servers) { flight_ = Flight(servers, clock_.now(), kForwardBudget); }

    void fails(std::size_t server) {
        flight_.failed(server);
        act();
    }

    /// Does what the flight says, now.
    void act() {
        for (;;) {
            const Step step = flight_.next(clock_.now());
            if (step.kind == Step::Kind::wait) return;
            const bool asks = step.kind == Step::Kind::ask;
            log_.push_back(time() + (asks ? ": ask " + std::to_string(step.server) : ": fail"));
            if (!asks) return;
        }
    }

    /// Lets time pass, millisecond by millisecond.
    void run(std::chrono::milliseconds duration) {
        for (auto passed = 0ms; passed < duration; passed += 1ms) {
            clock_.advance(1ms);
            act();
        }
    }

    std::vector<std::string> take_log() { return std::exchange(log_, {}); }

    testing::ManualClock clock_;
    TimePoint start_ = clock_.now();
    Flight flight_{0, clock_.now(), kForwardBudget};

private:
    std::string time() const { return std::to_string((clock_.now() - start_) / 1ms); }

    std::vector<std::string> log_;
};

TEST_F(FlightTest, AsksTheFirstServerAtOnceAndNoOther) {
    start(3);
    act();
    EXPECT_THAT(take_log(), ElementsAre("0: ask 0"));
}

TEST_F(FlightTest, AsksEachNextServerAfterAHeadStart) {
    start(3);
    act();
    run(1000ms);
    EXPECT_THAT(take_log(), ElementsAre("0: ask 0", "250: ask 1", "500: ask 2"));
}

TEST_F(FlightTest, AsksTheNextServerAtOnceAfterAFailure) {
    start(3);
    act();
    run(10ms);
    fails(0);
    run(20ms);
    fails(1);
    EXPECT_THAT(take_log(), ElementsAre("0: ask 0", "10: ask 1", "30: ask 2"));
}

TEST_F(FlightTest, AsksTheNextServerAtOnceThoughAnotherIsSilent) {
    start(4);
    act();
    run(300ms);
    fails(1);
    fails(1);
    run(200ms);
    fails(0);
    EXPECT_THAT(take_log(), ElementsAre("0: ask 0", "250: ask 1", "300: ask 2", "500: ask 3"));
}

TEST_F(FlightTest, WaitsForAServerThatMayStillAnswer) {
    start(2);
    act();
    run(300ms);
    fails(1);
    EXPECT_THAT(take_log(), ElementsAre("0: ask 0", "250: ask 1")) << "the first one may still answer";
    fails(0);
    EXPECT_THAT(take_log(), ElementsAre("300: fail"));
}

TEST_F(FlightTest, AsksASilentServerAgainButNotForever) {
    static_assert(kTriesMax == 3 && kRetry == 1500ms && kForwardBudget == 4800ms);
    start(1);
    act();
    run(kForwardBudget);
    EXPECT_THAT(take_log(), ElementsAre("0: ask 0", "1500: ask 0", "3000: ask 0", "4800: fail"));
}

TEST_F(FlightTest, DoesNotAskAFailedServerAgain) {
    start(2);
    act();
    fails(0);
    run(3500ms);
    EXPECT_THAT(take_log(), ElementsAre("0: ask 0", "0: ask 1", "1500: ask 1", "3000: ask 1"));
}

TEST_F(FlightTest, FailsAtOnceWhenAllServersHaveFailed) {
    start(2);
    act();
    fails(0);
    fails(1);
    EXPECT_THAT(take_log(), ElementsAre("0: ask 0", "0: ask 1", "0: fail"));
}

TEST_F(FlightTest, FailsAtOnceWithoutServers) {
    start(0);
    act();
    EXPECT_THAT(take_log(), ElementsAre("0: fail"));
}

TEST_F(FlightTest, FailsAtTheEndOfItsBudgetAndNotBefore) {
    start(2);
    act();
    run(kForwardBudget - 1ms);
    EXPECT_THAT(take_log(),
                ElementsAre("0: ask 0", "250: ask 1", "1500: ask 0", "1750: ask 1", "3000: ask 0", "3250: ask 1"));
    run(1ms);
    EXPECT_THAT(take_log(), ElementsAre("4800: fail"));
}

TEST_F(FlightTest, KnowsWhoIsSilent) {
    start(2);
    EXPECT_FALSE(flight_.is_silent(0, clock_.now())) << "not asked yet";
    act();
    run(kHeadStart - 1ms);
    EXPECT_FALSE(flight_.is_silent(0, clock_.now())) << "within its head start";
    run(1ms);
    EXPECT_TRUE(flight_.is_silent(0, clock_.now()));
    EXPECT_FALSE(flight_.is_silent(1, clock_.now())) << "only just asked";
    fails(1);
    run(kHeadStart);
    EXPECT_FALSE(flight_.is_silent(1, clock_.now())) << "it has answered, if badly";
}

}  // namespace
}  // namespace nsr::resolver
