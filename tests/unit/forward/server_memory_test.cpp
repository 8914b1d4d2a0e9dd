#include "resolver/forward/server_memory.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace nsr::resolver {
namespace {

using namespace std::chrono_literals;

class ServerMemoryTest : public ::testing::Test {
protected:
    bool is_bad(const ServerPlace& place) const { return memory_.bad_until(place) > clock_.now(); }
    void fails(ServerFailure failure) { memory_.failed(server_, failure, clock_.now()); }

    testing::ManualClock clock_;
    ServerMemory memory_;
    ServerPlace server_{1, {.address = *IpAddress::parse("192.0.2.1"), .port = 53, .zone = "", .from_host = false}};
};

TEST_F(ServerMemoryTest, RemembersEachKindOfFailureForItsTime) {
    for (const auto& [failure, time] : {std::pair{ServerFailure::refusing, kRefusingMemory},
                                        {ServerFailure::slow, kSlowMemory},
                                        {ServerFailure::unreachable, kUnreachableMemory},
                                        {ServerFailure::silent, kSilentMemory}}) {
        memory_ = {};
        fails(failure);
        clock_.advance(time - 1ms);
        EXPECT_TRUE(is_bad(server_));
        clock_.advance(1ms);
        EXPECT_FALSE(is_bad(server_));
    }
}

TEST_F(ServerMemoryTest, TellsServersAndPlacesApart) {
    fails(ServerFailure::silent);
    ServerPlace other = server_;
    other.server.port = 5353;
    EXPECT_FALSE(is_bad(other));
    other = server_;
    other.from = 2;
    EXPECT_FALSE(is_bad(other)) << "from another container it may be reached";
}

TEST_F(ServerMemoryTest, ForgetsAServerThatAnswers) {
    fails(ServerFailure::silent);
    memory_.answered(server_);
    EXPECT_FALSE(is_bad(server_));
    EXPECT_TRUE(memory_.empty());
}

TEST_F(ServerMemoryTest, RemembersOneThatStaysSilentLongerEachTime) {
    for (const auto time : {10s, 20s, 40s, 60s, 60s}) {
        fails(ServerFailure::silent);
        fails(ServerFailure::silent);  // another question of the same moment
        clock_.advance(time - 1ms);
        EXPECT_TRUE(is_bad(server_)) << time.count();
        clock_.advance(1ms);
        EXPECT_FALSE(is_bad(server_)) << time.count();
    }
    clock_.advance(kSilentMemoryMax);
    memory_.sweep(clock_.now());
    EXPECT_TRUE(memory_.empty());
}

}  // namespace
}  // namespace nsr::resolver
