#include "daemon/instance_lock.h"

#include <filesystem>
#include <optional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/netns_fixture.h"

namespace nsr::daemon {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// A host of its own, whose /run is empty.
using InstanceLockTest = test::NetNsFixture;

TEST_F(InstanceLockTest, AnotherDaemonIsNamedByWhatItHolds) {
    const auto first = InstanceLock::take("/run");
    ASSERT_TRUE(first) << first.error().message();
    const auto same = InstanceLock::take("/run", 0ms);
    ASSERT_FALSE(same);
    EXPECT_THAT(same.error().message(), HasSubstr("uses the state directory '/run'"));
    const auto elsewhere = InstanceLock::take("/run/other", 0ms);
    ASSERT_FALSE(elsewhere);
    EXPECT_THAT(elsewhere.error().message(), HasSubstr("in this network namespace"));
    EXPECT_FALSE(std::filesystem::exists("/run/other")) << "made by one that was refused";
}

TEST_F(InstanceLockTest, MakesTheDirectoryForRootAlone) {
    const auto lock = InstanceLock::take("/run/deep/state");
    ASSERT_TRUE(lock) << lock.error().message();
    const auto mode = std::filesystem::status("/run/deep/state").permissions();
    EXPECT_EQ(mode, std::filesystem::perms::owner_all);
}

TEST_F(InstanceLockTest, OneThatIsOnItsWayOutIsWaitedFor) {
    auto first = InstanceLock::take("/run");
    ASSERT_TRUE(first) << first.error().message();
    std::jthread ending([gone = std::optional(std::move(*first))]() mutable { gone.reset(); });
    const auto second = InstanceLock::take("/run", 60s);
    EXPECT_TRUE(second) << second.error().message();
}

}  // namespace
}  // namespace nsr::daemon
