#include <algorithm>

#include "tests/netns/netsetup/fixture.h"

namespace nsr::net {
namespace {

using test::run_command;

constexpr const char* kRunDir = "/run/ns-register";

TEST_F(KernelTest, KeptNamespaceIsFoundAgainAndReleasedWhole) {
    auto keeper = NetnsKeeper::open(kRunDir, false);
    NSR_ASSERT_OK(keeper);
    const auto made = keeper->create("0123456789ab", "web");
    NSR_ASSERT_OK(made);
    const auto found = keeper->find("0123456789ab");
    NSR_ASSERT_OK(found);
    EXPECT_EQ(found->inode(), made->inode());
    EXPECT_EQ(keeper->path("0123456789ab"), "/run/ns-register/netns/0123456789ab");
    EXPECT_TRUE(run_command("nsenter --net=/run/ns-register/netns/0123456789ab ip link show lo").ok());

    NSR_ASSERT_OK(keeper->release("0123456789ab", "web"));
    EXPECT_EQ(keeper->find("0123456789ab").error().code(), Errc::not_found);
    EXPECT_TRUE(keeper->list()->empty());
    NSR_ASSERT_OK(keeper->release("0123456789ab", "web"));
}

TEST_F(KernelTest, AnotherKeeperTakesOverWhatTheFirstLeft) {
    auto first = NetnsKeeper::open(kRunDir, false);
    NSR_ASSERT_OK(first);
    const auto made = first->create("0123456789ab", "web");
    NSR_ASSERT_OK(made);
    auto second = NetnsKeeper::open(kRunDir, false);
    NSR_ASSERT_OK(second);
    EXPECT_EQ(second->list().value(), std::vector<std::string>{"0123456789ab"});
    EXPECT_EQ(second->find("0123456789ab")->inode(), made->inode());
    EXPECT_EQ(run_command("grep -c /run/ns-register/netns /proc/self/mountinfo").output, "2\n");
}

TEST_F(KernelTest, StaleFileIsNoNamespaceIsListedAndReplaced) {
    auto keeper = NetnsKeeper::open(kRunDir, false);
    NSR_ASSERT_OK(keeper);
    ASSERT_TRUE(run_command("touch /run/ns-register/netns/0123456789ab").ok());
    EXPECT_EQ(keeper->find("0123456789ab").error().code(), Errc::not_found);
    EXPECT_EQ(keeper->list()->size(), 1U);
    NSR_ASSERT_OK(keeper->create("0123456789ab", "web"));
    NSR_ASSERT_OK(keeper->find("0123456789ab"));
}

TEST_F(KernelTest, NameWorksWithIpNetnsAndFollowsARename) {
    auto keeper = NetnsKeeper::open(kRunDir, true);
    NSR_ASSERT_OK(keeper);
    NSR_ASSERT_OK(keeper->create("0123456789ab", "web"));
    EXPECT_TRUE(run_command("ip netns exec web ip link show lo").ok());
    NSR_ASSERT_OK(keeper->rename("0123456789ab", "web", "www"));
    EXPECT_TRUE(run_command("ip netns exec www ip link show lo").ok());
    EXPECT_FALSE(run_command("ls /run/netns/web").ok());
    NSR_ASSERT_OK(keeper->release("0123456789ab", "www"));
    EXPECT_EQ(run_command("ls /run/netns /run/ns-register/netns").output, "/run/netns:\n\n/run/ns-register/netns:\n");
}

TEST_F(KernelTest, RenamingThatWasCutShortIsFinished) {
    auto keeper = NetnsKeeper::open(kRunDir, true);
    NSR_ASSERT_OK(keeper);
    NSR_ASSERT_OK(keeper->create("0123456789ab", "web"));
    NSR_ASSERT_OK(keeper->rename("0123456789ab", "www", "www"));  // killed before the old name went
    EXPECT_EQ(run_command("ls /run/netns").output, "www\n");
    ASSERT_TRUE(run_command("umount /run/netns/www").ok());  // killed after that
    NSR_ASSERT_OK(keeper->rename("0123456789ab", "www", "www"));
    EXPECT_TRUE(run_command("ip netns exec www ip link show lo").ok());
    // A name that the user has given besides stays.
    ASSERT_TRUE(run_command("touch /run/netns/mine && mount --bind /run/netns/www /run/netns/mine").ok());
    NSR_ASSERT_OK(keeper->rename("0123456789ab", "www", "www"));
    EXPECT_EQ(run_command("ls /run/netns").output, "mine\nwww\n");
}

TEST_F(KernelTest, NameThatACrashLeftIsClearedAndOthersAreNot) {
    auto keeper = NetnsKeeper::open(kRunDir, true);
    NSR_ASSERT_OK(keeper);
    ASSERT_TRUE(run_command("cd /run/netns && touch web db && chmod 0444 web && chmod 0 db && ip netns add lan").ok());
    for (const char* name : {"web", "db", "lan"}) keeper->clear_name(name);
    EXPECT_TRUE(run_command("cd /run/netns && test ! -e web -a -e db && ip netns exec lan true").ok());
}

TEST_F(KernelTest, NameOfAForeignNamespaceIsNeitherTakenNorRemoved) {
    ASSERT_TRUE(run_command("ip netns add web").ok());
    auto keeper = NetnsKeeper::open(kRunDir, true);
    NSR_ASSERT_OK(keeper);
    NSR_ASSERT_OK(keeper->create("0123456789ab", "web"));
    NSR_ASSERT_OK(keeper->release("0123456789ab", "web"));
    EXPECT_TRUE(run_command("ip netns exec web true").ok());
}

TEST_F(KernelTest, ReleasedNamespaceTakesItsVethAlong) {
    set_up({bridge_spec(1)});
    auto keeper = NetnsKeeper::open(kRunDir, false);
    NSR_ASSERT_OK(keeper);
    {
        const auto made = keeper->create("0123456789ab", "web");
        NSR_ASSERT_OK(made);
        NSR_ASSERT_OK(kernel().ensure_interface(interface_spec(1, 2), *made));
    }
    NSR_ASSERT_OK(keeper->release("0123456789ab", "web"));
    EXPECT_TRUE(run_command("for i in $(seq 5000); do ip link show veth1x2 || exit 0; done; exit 1").ok());
}

}  // namespace
}  // namespace nsr::net
