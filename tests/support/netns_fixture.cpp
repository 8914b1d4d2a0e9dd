#include "tests/support/netns_fixture.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/support/command.h"

namespace nsr::test {

void NetNsFixture::SetUp() {
    if (::geteuid() != 0) {
        if (std::getenv("CI") != nullptr) FAIL() << "tests of the kernel need root";
        GTEST_SKIP() << "tests of the kernel need root";
    }
    home_network_.reset(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    home_mounts_.reset(::open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::unshare(CLONE_NEWNET | CLONE_NEWNS), 0);
    ASSERT_EQ(::mount("", "/", nullptr, MS_PRIVATE | MS_REC, nullptr), 0);
    ASSERT_EQ(::mount("tmpfs", "/run", "tmpfs", 0, "mode=755"), 0);
    ASSERT_TRUE(run_command("ip link set lo up").ok());
}

void NetNsFixture::TearDown() {
    if (!home_network_) return;
    EXPECT_EQ(::setns(home_network_.get(), CLONE_NEWNET), 0);
    // A thread that shares its root and working directory with another (a sanitizer's has been started meanwhile) may
    // not change its mounts: setns(2).
    EXPECT_EQ(::unshare(CLONE_FS), 0);
    EXPECT_EQ(::setns(home_mounts_.get(), CLONE_NEWNS), 0);
}

NetNs NetNsFixture::make_namespace() {
    auto made = NetNs::create();
    EXPECT_TRUE(made.has_value());
    EXPECT_TRUE(run_command("ip link set lo up", *made).ok());
    return std::move(*made);
}

void NetNsFixture::connect(const Wire& wire, const NetNs& other) {
    const std::string other_path = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(other.fd());
    const std::string command = "ip link add " + wire.host_end + " type veth peer name " + wire.other_end + " netns " +
                                other_path + " && ip addr add " + wire.host_address + " dev " + wire.host_end +
                                " nodad && ip link set " + wire.host_end + " up";
    const auto here = run_command(command);
    EXPECT_TRUE(here.ok()) << here.output;
    const auto there = run_command("ip addr add " + wire.other_address + " dev " + wire.other_end +
                                       " nodad && ip link set " + wire.other_end + " up",
                                   other);
    EXPECT_TRUE(there.ok()) << there.output;
}

}  // namespace nsr::test
