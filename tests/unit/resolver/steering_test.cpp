#include "resolver/server/steering.h"

#include <vector>

#include <gtest/gtest.h>

namespace nsr::resolver {
namespace {

using namespace std::chrono_literals;

/// A container with two workers, whose listeners report turns at a time that the test sets.
class SteeringOfTwo : public testing::Test {
protected:
    /// `worker` takes `queries` every millisecond for `time`; what the kernel is told, in order.
    std::vector<Steering::Change> run(unsigned worker, unsigned queries, std::chrono::milliseconds time) {
        std::vector<Steering::Change> changes;
        for (auto passed = 0ms; passed < time; ++passed) {
            now_ += 1ms;
            if (!steering_.matters(worker, queries)) continue;
            if (const auto change = steering_.judge(worker, queries, meters_[worker], now_)) {
                steering_.settled(*change);
                changes.push_back(*change);
            }
        }
        return changes;
    }

    Steering steering_{2};
    Steering::Meter meters_[2];
    TimePoint now_{1s};
};

TEST_F(SteeringOfTwo, LeavesFewQueriesAtATimeToTheWorkerOfTheirCpu) {
    EXPECT_TRUE(run(0, 1, 2s).empty());
    EXPECT_TRUE(run(0, Steering::kBurst - 1, 2s).empty());
    EXPECT_FALSE(steering_.matters(0, Steering::kBurst - 1));
}

TEST_F(SteeringOfTwo, LeavesSlowBurstsAlone) { EXPECT_TRUE(run(0, 10, 2s).empty()); }

TEST_F(SteeringOfTwo, LeadsAFloodToAnotherWorkerAndStaysWhileItGains) {
    const auto begun = run(0, 100, 30ms);
    ASSERT_EQ(begun.size(), 1U);
    EXPECT_EQ(begun[0].redirect, (Redirect{0, 1}));
    EXPECT_TRUE(run(1, 180, 1s).empty());
}

TEST_F(SteeringOfTwo, CountsSmallTurnsOfTheWorkerItIsLedTo) {
    run(0, 100, 30ms);
    EXPECT_TRUE(steering_.matters(1, 1));
    EXPECT_FALSE(steering_.matters(0, 1));
}

TEST_F(SteeringOfTwo, GoesBackWhenNothingIsGainedAndPauses) {
    run(0, 100, 30ms);
    const auto back = run(1, 100, 60ms);
    ASSERT_EQ(back.size(), 1U);
    EXPECT_FALSE(back[0].redirect);
    EXPECT_TRUE(run(0, 100, 900ms).empty());
    EXPECT_EQ(run(0, 100, 200ms).size(), 1U);
}

TEST_F(SteeringOfTwo, GoesBackWhenTheFloodIsOver) {
    run(0, 100, 30ms);
    ASSERT_TRUE(run(1, 180, 200ms).empty());
    const auto back = run(1, 1, 100ms);
    ASSERT_EQ(back.size(), 1U);
    EXPECT_FALSE(back[0].redirect);
}

TEST_F(SteeringOfTwo, GoesBackAtTheFirstQueryAfterSilence) {
    run(0, 100, 30ms);
    ASSERT_TRUE(run(1, 180, 210ms).empty());
    now_ += 10s;
    EXPECT_EQ(run(1, 1, 60ms).size(), 1U);
}

TEST_F(SteeringOfTwo, JudgesNothingWhileAChangeIsBeingMade) {
    for (auto passed = 0ms; passed < 30ms; ++passed) {
        now_ += 1ms;
        if (steering_.judge(0, 100, meters_[0], now_)) break;
    }
    for (auto passed = 0ms; passed < 100ms; ++passed) {
        now_ += 1ms;
        EXPECT_FALSE(steering_.judge(0, 100, meters_[0], now_));
        EXPECT_FALSE(steering_.judge(1, 100, meters_[1], now_));
    }
}

TEST(Steering, TriesEveryOtherWorkerInTurn) {
    Steering steering{3};
    std::vector<unsigned> tried;
    TimePoint now{1s};
    for (unsigned round = 0; round < 3; ++round) {
        Steering::Meter meters[3];
        unsigned worker = 0;
        for (auto passed = 0ms; passed < 1200ms; ++passed) {
            now += 1ms;
            const auto change = steering.judge(worker, 100, meters[worker], now);
            if (!change) continue;
            steering.settled(*change);
            worker = change->redirect ? change->redirect->to : 0;
            if (change->redirect) tried.push_back(worker);
        }
    }
    ASSERT_GE(tried.size(), 3U);
    EXPECT_EQ(std::vector(tried.begin(), tried.begin() + 3), (std::vector{1U, 2U, 1U}));
}

TEST(Steering, LeavesASingleWorkerAlone) {
    Steering steering{1};
    EXPECT_FALSE(steering.matters(0, 1000));
}

}  // namespace
}  // namespace nsr::resolver
