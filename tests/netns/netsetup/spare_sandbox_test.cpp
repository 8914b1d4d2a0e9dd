#include "netsetup/spare_sandbox.h"

#include <gmock/gmock.h>

#include "common/fault.h"
#include "tests/netns/netsetup/fixture.h"

namespace nsr::net {
namespace {

using test::run_command;
using ::testing::HasSubstr;

class SpareSandboxTest : public KernelTest {
protected:
    void SetUp() override {
        KernelTest::SetUp();
        if (IsSkipped()) return;
        auto opened = NetSetup::open("", true);
        NSR_ASSERT_OK(opened);
        spare_ = std::move(*opened);
    }
    void TearDown() override {
        fault::hook = nullptr;
        spare_.reset();
        KernelTest::TearDown();
    }

    NetSetup& kernel() { return *spare_; }

    NetNs ordered() {
        kernel().order_sandbox();
        auto sandbox = kernel().take_sandbox();
        EXPECT_TRUE(sandbox.has_value());
        return std::move(*sandbox);
    }

private:
    std::unique_ptr<NetSetup> spare_;
};

TEST_F(SpareSandboxTest, IsWhatAContainerWouldHaveMadeItself) {
    const NetNs spare = ordered();
    auto own = NetNs::create();
    NSR_ASSERT_OK(own);
    NSR_ASSERT_OK(kernel().prepare_sandbox(*own));
    NSR_ASSERT_OK(kernel().ensure_dns_rewrite(*own));
    const std::string all =
        "ip -j address; nft list ruleset; cat /proc/sys/net/ipv4/ip_unprivileged_port_start "
        "/proc/sys/net/ipv4/ping_group_range /proc/sys/net/ipv6/conf/*/disable_ipv6";
    const std::string made_itself = run_command(all, *own).output;
    EXPECT_THAT(made_itself, HasSubstr("ns-register-dns"));
    EXPECT_EQ(run_command(all, spare).output, made_itself);
    EXPECT_TRUE(reaches(spare, "127.0.0.1"));
}

TEST_F(SpareSandboxTest, ServesAContainerAndIsGivenOnce) {
    const auto bridge = bridge_spec(1);
    set_up({bridge});
    const NetNs spare = ordered();
    NSR_ASSERT_OK(kernel().prepare_sandbox(spare));
    NSR_ASSERT_OK(kernel().ensure_interface(interface_spec(1, 2), spare));
    SandboxRoutes routes;
    routes.gateway4 = IpAddress::parse("10.1.0.1");
    routes.interface4 = "eth0";
    NSR_ASSERT_OK(kernel().set_default_routes(spare, routes));
    NSR_ASSERT_OK(kernel().ensure_dns_rewrite(spare));
    EXPECT_TRUE(reaches(spare, "10.1.0.1"));
    EXPECT_FALSE(kernel().take_sandbox().has_value());
    EXPECT_NE(ordered().inode(), spare.inode());
}

TEST_F(SpareSandboxTest, LeavesOtherSandboxesTheirRewrite) {
    const NetNs spare = ordered();
    NSR_ASSERT_OK(kernel().prepare_sandbox(spare));
    auto other = NetNs::create();
    NSR_ASSERT_OK(other);
    NSR_ASSERT_OK(kernel().ensure_dns_rewrite(*other));
    EXPECT_THAT(run_command("nft list ruleset", *other).output, HasSubstr("ns-register-dns"));
}

TEST_F(SpareSandboxTest, OneThatCannotBeMadeIsNotGiven) {
    for (const char* call : {"new namespace", "sysctl", "netlink socket", "netlink", "netlink batch"}) {
        static std::string failing;
        failing = call;
        fault::hook = [](const char* name) { return failing == name; };
        kernel().order_sandbox();
        EXPECT_FALSE(kernel().take_sandbox().has_value()) << call;
        fault::hook = nullptr;
    }
    (void)ordered();
}

TEST_F(SpareSandboxTest, WithoutAnOrderThereIsNone) {
    EXPECT_FALSE(kernel().take_sandbox().has_value());
    KernelTest::kernel().order_sandbox();  // opened without
    EXPECT_FALSE(KernelTest::kernel().take_sandbox().has_value());
}

}  // namespace
}  // namespace nsr::net
