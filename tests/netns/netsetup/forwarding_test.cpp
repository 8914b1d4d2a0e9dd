#include "tests/netns/netsetup/outside.h"

/// What the host forwards beside our traffic: as little as before us, and all that others ask for.
namespace nsr::net {
namespace {

using test::run_command;

constexpr const char* kLan = "203.0.113.9";
constexpr const char* kLan6 = "2001:db8:1::9";
constexpr const char* kForward4 = "/proc/sys/net/ipv4/ip_forward";
constexpr const char* kForward6 = "/proc/sys/net/ipv6/conf/all/forwarding";

/// A host between the outside and a LAN, each of which would send through it.
class RouterTest : public FirewallTest {
protected:
    void SetUp() override {
        FirewallTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        lan_.emplace(make_namespace());
        join("lan0", "203.0.113.1", kLan, *lan_);
        const std::string v6 = "ip addr add 2001:db8:1::";
        ASSERT_TRUE(run_command(v6 + "1/64 dev lan0 nodad").ok());
        ASSERT_TRUE(run_command(v6 + "9/64 dev far nodad; ip -6 route add default via 2001:db8:1::1", *lan_).ok());
        ASSERT_TRUE(run_command("ip route add 203.0.113.0/24 via 198.51.100.1; ip route add 192.0.2.0/24 via "
                                "198.51.100.1; ip -6 route add 2001:db8:1::/64 via 2001:db8::1",
                                outside())
                        .ok());
    }

    /// A wire from the host to `other`, which sends everything by it.
    static void join(const std::string& link, const std::string& here, const std::string& there, const NetNs& other) {
        connect({.host_end = link, .host_address = here + "/24", .other_end = "far", .other_address = there + "/24"},
                other);
        ASSERT_TRUE(run_command("ip route add default via " + here, other).ok());
    }

    static BridgeSpec dual_bridge() {
        auto spec = bridge_spec(1);
        spec.addresses.push_back(*IpPrefix::parse("fd00::1/64"));
        spec.subnets.push_back(*IpPrefix::parse("fd00::/64"));
        return spec;
    }

    const NetNs& lan() { return *lan_; }

private:
    std::optional<NetNs> lan_;
};

TEST_F(RouterTest, LinksThatWereThereStayApart) {
    set_up({dual_bridge()});
    EXPECT_EQ(run_command(std::string("cat ") + kForward4 + " " + kForward6).output, "1\n1\n");
    EXPECT_TRUE(is_cut_off(outside(), kLan));
    EXPECT_TRUE(is_cut_off(lan(), kOutside));
    EXPECT_TRUE(is_cut_off(outside(), kLan6));
    const auto one = attach(interface_spec(1, 2));
    EXPECT_TRUE(reaches(one, kLan));
    EXPECT_TRUE(reaches(one, kOutside));
}

TEST_F(RouterTest, WhoComesLaterIsNotCutOff) {
    set_up({bridge_spec(1)});
    const auto later = make_namespace();
    join("later0", "192.0.2.1", "192.0.2.9", later);
    EXPECT_TRUE(reaches(later, kOutside));
    EXPECT_TRUE(reaches(outside(), "192.0.2.9"));
}

TEST_F(RouterTest, HostThatForwardedBeforeGoesOn) {
    ASSERT_TRUE(run_command(std::string("echo 1 > ") + kForward4 + "; echo 1 > " + kForward6).ok());
    set_up({dual_bridge()});
    EXPECT_TRUE(reaches(outside(), kLan));
    EXPECT_TRUE(reaches(outside(), kLan6));
}

TEST_F(RouterTest, EachFamilyIsJudgedByItself) {
    ASSERT_TRUE(run_command(std::string("echo 1 > ") + kForward4).ok());
    set_up({bridge_spec(1)});
    EXPECT_EQ(run_command(std::string("cat ") + kForward6).output, "0\n");
    NSR_ASSERT_OK(kernel().ensure_firewall({dual_bridge()}));
    EXPECT_TRUE(reaches(outside(), kLan));
    EXPECT_TRUE(is_cut_off(outside(), kLan6));
}

TEST_F(RouterTest, RememberedAcrossARestartUntilTheFileIsGone) {
    const auto restarted = [] {
        auto fresh = NetSetup::open("/run");
        EXPECT_TRUE((*fresh)->ensure_firewall({bridge_spec(1)}));
        return std::move(*fresh);
    };
    NSR_ASSERT_OK(kernel().ensure_bridge(bridge_spec(1)));
    (void)restarted();
    EXPECT_EQ(run_command("cat /run/kept-apart-ipv4").output, "lan0\nwan0\n");
    ASSERT_TRUE(run_command("nft flush ruleset").ok());
    const auto again = restarted();
    EXPECT_TRUE(is_cut_off(outside(), kLan));
    const auto findings = again->examine({bridge_spec(1)}, {"br-1"});
    EXPECT_TRUE(std::ranges::any_of(findings, [](const Finding& finding) {
        return finding.check == "routing" && finding.text.find("between 'lan0', 'wan0'") != std::string::npos;
    }));
    ASSERT_TRUE(run_command("rm /run/kept-apart-*").ok());
    (void)restarted();
    EXPECT_TRUE(reaches(outside(), kLan));
}

TEST_F(RouterTest, FailedFirstSetUpLeavesNoGuard) {
    NSR_ASSERT_OK(kernel().ensure_firewall({}));
    EXPECT_EQ(run_command(std::string("cat ") + kForward4).output, "0\n");
    EXPECT_EQ(run_command("nft list set inet ns-register apart4").output.find("lan0"), std::string::npos);
}

}  // namespace
}  // namespace nsr::net
