#include "tests/netns/netsetup/outside.h"

/// Isolation and ways out with real traffic: with the bridge filter on and off, over IPv6 alone, and with another MTU.
namespace nsr::net {
namespace {

using test::run_command;
using test::run_json;

/// 0: frames inside a bridge do not pass the IP hooks; 1: they do.
class BridgeFilterTest : public FirewallTest, public testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        FirewallTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        const std::string setting = "/proc/sys/net/bridge/bridge-nf-call-ip";
        const bool has_filter =
            run_command("test -e " + setting + "tables || modprobe br_netfilter && test -e " + setting + "tables").ok();
        // Without the module no frame passes the IP hooks: that is what 0 stands for.
        if (!has_filter && std::string(GetParam()) == "0") return;
        ASSERT_TRUE(has_filter) << "the kernel has no br_netfilter: what happens with it cannot be shown here";
        for (const char* tables : {"tables", "6tables"}) {
            ASSERT_TRUE(run_command("echo " + std::string(GetParam()) + " > " + setting + tables).ok());
        }
    }
};

TEST_P(BridgeFilterTest, NetworksAreOpenInsideAndClosedToEachOther) {
    set_up({bridge_spec(1), bridge_spec(2)});
    const auto one = attach(interface_spec(1, 2));
    const auto two = attach(interface_spec(1, 3));
    const auto other = attach(interface_spec(2, 2));
    EXPECT_TRUE(reaches(one, "10.1.0.3"));
    EXPECT_TRUE(reaches(two, kOutside));
    EXPECT_TRUE(is_cut_off(one, "10.2.0.2"));
    EXPECT_TRUE(is_cut_off(other, "10.1.0.3"));
    EXPECT_TRUE(is_cut_off(outside(), "10.1.0.2"));
}

TEST_P(BridgeFilterTest, WithoutIccContainersReachTheOutsideAndNotEachOther) {
    auto closed = bridge_spec(1);
    closed.icc = false;
    set_up({closed});
    auto first = interface_spec(1, 2);
    auto second = interface_spec(1, 3);
    first.isolated = second.isolated = true;
    const auto one = attach(first);
    const auto two = attach(second);
    EXPECT_TRUE(is_cut_off(one, "10.1.0.3"));
    EXPECT_TRUE(is_cut_off(two, "10.1.0.2"));
    EXPECT_TRUE(reaches(one, kOutside));
    EXPECT_TRUE(reaches(one, "10.1.0.1"));
}

TEST_P(BridgeFilterTest, InternalNetworkIsOpenInside) {
    auto internal = bridge_spec(1);
    internal.internal = true;
    set_up({internal});
    const auto one = attach(interface_spec(1, 2));
    const auto two = attach(interface_spec(1, 3));
    EXPECT_TRUE(reaches(one, "10.1.0.3"));
    EXPECT_TRUE(is_cut_off(two, kOutside));
}

TEST_P(BridgeFilterTest, IsolatedNetworkHasNoWayToTheHostEvenByItsLinkLocalAddress) {
    auto isolated = bridge_spec(1);
    isolated.internal = true;
    isolated.mode4 = isolated.mode6 = GatewayMode::isolated;
    isolated.addresses.clear();
    isolated.subnets.push_back(*IpPrefix::parse("fd00:1::/64"));
    set_up({isolated});
    const auto attach_six = [this](unsigned host) {
        auto spec = interface_spec(1, host);
        spec.addresses.push_back(*IpPrefix::parse("fd00:1::" + std::to_string(host) + "/64"));
        auto sandbox = NetNs::create().value();
        EXPECT_TRUE(kernel().prepare_sandbox(sandbox));
        EXPECT_TRUE(kernel().ensure_interface(spec, sandbox));
        return sandbox;
    };
    const auto one = attach_six(2);
    const auto two = attach_six(3);
    EXPECT_TRUE(reaches(one, "10.1.0.3"));
    EXPECT_TRUE(reaches(one, "fd00:1::3"));
    EXPECT_EQ(run_command("ip -6 addr show dev br-1").output, "");
    // Whoever is there answers to "all nodes"; two is.
    const auto answers = run_command("ping -c 2 -i 0.2 -W 1 ff02::1%eth0 | grep -c 'bytes from fe80::'", one).output;
    const auto host_mac = test::run_json("ip -j link show br-1").at(0).at("address").get<std::string>();
    const auto neighbours = run_command("ip -6 neigh show dev eth0", one).output;
    EXPECT_EQ(neighbours.find(host_mac), std::string::npos) << neighbours << answers;
    const auto differences = kernel().verify_bridge(isolated);
    ASSERT_TRUE(differences && differences->empty());
    ASSERT_TRUE(run_command("echo 0 > /proc/sys/net/ipv6/conf/br-1/disable_ipv6").ok());
    EXPECT_EQ(kernel().verify_bridge(isolated).value(),
              std::vector<std::string>{"bridge 'br-1' has IPv6, from which its network is isolated"});
    NSR_ASSERT_OK(kernel().ensure_bridge(isolated));
    EXPECT_TRUE(kernel().verify_bridge(isolated)->empty());
}

INSTANTIATE_TEST_SUITE_P(BridgeNfCall, BridgeFilterTest, testing::Values("0", "1"));

class Ipv6Test : public FirewallTest {
protected:
    static constexpr const char* kOutside6 = "2001:db8::9";

    static BridgeSpec v6_bridge() {
        auto spec = bridge_spec(1);
        spec.addresses = {*IpPrefix::parse("fd00::1/64")};
        spec.subnets = {*IpPrefix::parse("fd00::/64")};
        return spec;
    }

    NetNs attach_v6(unsigned host) {
        auto spec = interface_spec(1, host);
        spec.addresses = {*IpPrefix::parse("fd00::" + std::to_string(host) + "/64")};
        auto sandbox = NetNs::create();
        EXPECT_TRUE(kernel().prepare_sandbox(*sandbox));
        const auto made = kernel().ensure_interface(spec, *sandbox);
        EXPECT_TRUE(made) << made.error().message();
        EXPECT_TRUE(
            kernel().set_default_routes(*sandbox, {.gateway6 = IpAddress::parse("fd00::1"), .interface6 = spec.name}));
        return std::move(*sandbox);
    }
};

TEST_F(Ipv6Test, AddressIsUsableAtOnce) {
    set_up({v6_bridge()});
    const auto one = attach_v6(2);
    EXPECT_EQ(run_command("ip -6 address show dev eth0 tentative scope global", one).output, "");
    const auto two = attach_v6(3);
    EXPECT_TRUE(reaches(one, "fd00::3"));
    EXPECT_TRUE(reaches(two, "fd00::1"));
}

TEST_F(Ipv6Test, AloneLeavesUnderTheHostsAddress) {
    set_up({v6_bridge()});
    const auto one = attach_v6(2);
    // Without the way back only a masqueraded ping returns.
    ASSERT_TRUE(run_command("ip -6 route del fd00::/16", outside()).ok());
    EXPECT_TRUE(reaches(one, kOutside6));
    EXPECT_TRUE(run_command("ip -4 address show dev eth0", one).output.find("inet ") == std::string::npos);
}

TEST_F(Ipv6Test, RoutedLeavesUnderItsOwnAddressAndAnswersPings) {
    auto routed = v6_bridge();
    routed.mode6 = GatewayMode::routed;
    set_up({routed});
    const auto one = attach_v6(2);
    EXPECT_TRUE(reaches(one, kOutside6));
    EXPECT_TRUE(reaches(outside(), "fd00::2"));
    ASSERT_TRUE(run_command("ip -6 route del fd00::/16", outside()).ok());
    EXPECT_TRUE(is_cut_off(one, kOutside6));
}

TEST_F(FirewallTest, MtuIsThatOfTheHostsWayOutUnlessSet) {
    ASSERT_TRUE(run_command("ip link set wan0 mtu 1400 && ip route add default via 198.51.100.9").ok());
    auto set = bridge_spec(2);
    set.mtu = 1450;
    set_up({bridge_spec(1), set});
    const auto one = attach(interface_spec(1, 2));
    EXPECT_EQ(run_json("ip -j link show br-1")[0]["mtu"], 1400);
    EXPECT_EQ(run_json("ip -j link show eth0", one)[0]["mtu"], 1400);
    EXPECT_EQ(run_json("ip -j link show br-2")[0]["mtu"], 1450);
}

TEST_F(FirewallTest, OthersThatDropForwardedTrafficAreNamed) {
    set_up({bridge_spec(1)});
    EXPECT_TRUE(kernel().foreign_firewalls({bridge_spec(1)})->front().ok);
    ASSERT_TRUE(
        run_command("nft -f - <<'END'\ntable inet mine {\n\tchain guard {\n\t\ttype filter hook forward priority "
                    "0; policy drop;\n\t}\n}\nEND")
            .ok());
    EXPECT_TRUE(kernel().other_firewalls_changed());
    EXPECT_FALSE(kernel().other_firewalls_changed());
    const auto one = attach(interface_spec(1, 2));
    EXPECT_TRUE(is_cut_off(one, kOutside));
    const auto findings = kernel().foreign_firewalls({bridge_spec(1)});
    ASSERT_EQ(findings->size(), 1U);
    EXPECT_FALSE(findings->front().ok);
    ASSERT_TRUE(run_command(findings->front().fix).ok()) << findings->front().fix;
    EXPECT_TRUE(reaches(one, kOutside));
}

/// Our packets pass it after the fix, and it is not named any more.
TEST_F(FirewallTest, OthersThatRejectAtTheEndOfAChainAreNamed) {
    set_up({bridge_spec(1)});
    const auto one = attach(interface_spec(1, 2));
    for (const char* rule :
         {"iptables -A FORWARD -j REJECT --reject-with icmp-host-prohibited", "iptables -A FORWARD -j DROP",
          "nft 'add table inet mine; add chain inet mine guard { type filter hook forward priority 1; }; "
          "add rule inet mine guard counter log prefix \"gone \" reject'"}) {
        ASSERT_TRUE(run_command(rule).ok()) << rule;
        EXPECT_TRUE(is_cut_off(one, kOutside));
        const auto findings = kernel().foreign_firewalls({bridge_spec(1)});
        NSR_ASSERT_OK(findings);
        ASSERT_EQ(findings->size(), 1U) << rule;
        EXPECT_FALSE(findings->front().ok);
        ASSERT_TRUE(run_command(findings->front().fix).ok()) << findings->front().fix;
        EXPECT_TRUE(reaches(one, kOutside));
        EXPECT_TRUE(kernel().foreign_firewalls({bridge_spec(1)})->front().ok);
        ASSERT_TRUE(run_command("nft flush ruleset ip; nft 'add table inet mine; delete table inet mine'").ok());
    }
}

TEST_F(FirewallTest, OthersThatDropBetweenThePortsOfABridgeAreNamed) {
    set_up({bridge_spec(1)});
    const auto one = attach(interface_spec(1, 2));
    const auto two = attach(interface_spec(1, 3));
    ASSERT_TRUE(reaches(one, "10.1.0.3"));
    ASSERT_TRUE(run_command("nft 'add table bridge fw; add chain bridge fw f1 { type filter hook forward priority 10; "
                            "policy drop; }'")
                    .ok())
        << "nftables of the bridge family";
    EXPECT_TRUE(is_cut_off(one, "10.1.0.3"));
    const auto findings = kernel().foreign_firewalls({bridge_spec(1)});
    NSR_ASSERT_OK(findings);
    ASSERT_FALSE(findings->front().ok);
    ASSERT_TRUE(run_command(findings->front().fix).ok()) << findings->front().fix;
    EXPECT_TRUE(reaches(one, "10.1.0.3"));
    EXPECT_TRUE(reaches(two, "10.1.0.2"));
    EXPECT_TRUE(kernel().foreign_firewalls({bridge_spec(1)})->front().ok);
}

TEST_F(FirewallTest, OthersThatDropAFamilyWeDoNotForwardAreNotNamed) {
    set_up({bridge_spec(1)});
    ASSERT_TRUE(run_command("ip6tables -P FORWARD DROP").ok());
    const auto findings = kernel().foreign_firewalls({bridge_spec(1)});
    NSR_ASSERT_OK(findings);
    EXPECT_TRUE(findings->front().ok) << findings->front().text;
    auto dual = bridge_spec(1);
    dual.subnets.push_back(*IpPrefix::parse("fd00:1::/64"));
    EXPECT_FALSE(kernel().foreign_firewalls({dual})->front().ok);
}

}  // namespace
}  // namespace nsr::net
