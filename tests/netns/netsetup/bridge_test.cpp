#include "tests/netns/netsetup/fixture.h"

namespace nsr::net {
namespace {

using test::run_command;
using test::run_json;

TEST_F(KernelTest, BridgeIsUpInOurGroupWithItsAddressAndMtu) {
    auto spec = bridge_spec(1);
    spec.mtu = 1400;
    NSR_ASSERT_OK(kernel().ensure_bridge(spec));
    const auto link = run_json("ip -j -d addr show br-1").at(0);
    EXPECT_EQ(link.at("linkinfo").at("info_kind"), "bridge");
    EXPECT_EQ(link.at("group"), std::to_string(kLinkGroup));
    EXPECT_EQ(link.at("mtu"), 1400);
    EXPECT_EQ(link.at("flags").dump().find("\"UP\"") != std::string::npos, true);
    EXPECT_EQ(link.at("addr_info").at(0).at("local"), "10.1.0.1");
    EXPECT_EQ(link.at("addr_info").at(0).at("prefixlen"), 24);
}

TEST_F(KernelTest, BridgeKeepsItsMacWhenPortsComeAndGo) {
    set_up({bridge_spec(1)});
    const auto mac = [] { return run_json("ip -j link show br-1").at(0).at("address"); };
    const auto before = mac();
    const auto first = attach(interface_spec(1, 2));
    EXPECT_EQ(mac(), before);
    NSR_ASSERT_OK(kernel().remove_interface("veth1x2", "eth0", first));
    EXPECT_EQ(mac(), before);
}

TEST_F(KernelTest, EnsuringABridgeAgainMendsWhatWasChanged) {
    auto spec = bridge_spec(1);
    NSR_ASSERT_OK(kernel().ensure_bridge(spec));
    const auto before = run_json("ip -j link show br-1").at(0).at("ifindex");
    ASSERT_TRUE(run_command("ip addr flush dev br-1; ip addr add 10.9.9.9/32 dev br-1; ip link set br-1 down").ok());
    NSR_ASSERT_OK(kernel().ensure_bridge(spec));
    const auto link = run_json("ip -j addr show br-1").at(0);
    EXPECT_EQ(link.at("ifindex"), before);
    ASSERT_EQ(link.at("addr_info").size(), 1U) << link;
    EXPECT_EQ(link.at("addr_info").at(0).at("local"), "10.1.0.1");
    EXPECT_NE(link.at("flags").dump().find("\"UP\""), std::string::npos);
}

TEST_F(KernelTest, ForeignLinkWithTheBridgesNameIsAConflictAndStays) {
    ASSERT_TRUE(run_command("ip link add br-1 type bridge").ok());
    const auto ensured = kernel().ensure_bridge(bridge_spec(1));
    ASSERT_FALSE(ensured.has_value());
    EXPECT_EQ(ensured.error().code(), Errc::conflict);
    EXPECT_EQ(ensured.error().message(), "link 'br-1' exists on this host and is not ours");
    EXPECT_FALSE(kernel().remove_bridge("br-1").has_value());
    EXPECT_EQ(run_json("ip -j addr show br-1").at(0).at("addr_info").size(), 0U);
}

TEST_F(KernelTest, RemovedBridgeIsGoneAndRemovingItAgainIsNothing) {
    NSR_ASSERT_OK(kernel().ensure_bridge(bridge_spec(1)));
    NSR_ASSERT_OK(kernel().remove_bridge("br-1"));
    EXPECT_FALSE(run_command("ip link show br-1").ok());
    NSR_ASSERT_OK(kernel().remove_bridge("br-1"));
}

TEST_F(KernelTest, BridgeThatCannotHaveItsAddressIsNotLeftBehind) {
    auto spec = bridge_spec(1);
    spec.addresses.push_back(*IpPrefix::parse("0.0.0.0/0"));
    spec.addresses.push_back(IpPrefix(*IpAddress::parse("224.0.0.1"), 40));
    const auto before = host_state();
    EXPECT_FALSE(kernel().ensure_bridge(spec).has_value());
    EXPECT_EQ(host_state(), before);
}

TEST_F(KernelTest, DualStackBridgeHasBothAddressesAtOnce) {
    auto spec = bridge_spec(1);
    spec.addresses.push_back(*IpPrefix::parse("fd00:1::1/64"));
    NSR_ASSERT_OK(kernel().ensure_bridge(spec));
    const auto addresses = run_command("ip -o addr show br-1").output;
    EXPECT_NE(addresses.find("10.1.0.1/24"), std::string::npos) << addresses;
    EXPECT_NE(addresses.find("fd00:1::1/64"), std::string::npos) << addresses;
    EXPECT_EQ(addresses.find("tentative"), std::string::npos) << addresses;
}

/// IPv6 needs 1280 (RFC 8200), and the kernel has none on a link with less.
TEST_F(KernelTest, DualStackBridgeHasRoomForIpv6) {
    ASSERT_TRUE(run_command("ip link add up0 mtu 1200 type veth peer name up1 && ip link set up0 up && "
                            "ip addr add 198.51.100.1/24 dev up0 && ip route add default dev up0")
                    .ok());
    auto spec = bridge_spec(1);
    spec.addresses.push_back(*IpPrefix::parse("fd00:1::1/64"));
    const auto is_right = [] {
        return run_json("ip -j link show br-1").at(0).at("mtu") == 1280 &&
               run_command("ip -o addr show br-1").output.find("fd00:1::1/64") != std::string::npos;
    };
    NSR_ASSERT_OK(kernel().ensure_bridge(spec));
    EXPECT_TRUE(is_right());
    ASSERT_TRUE(run_command("ip link set br-1 mtu 1000").ok());
    EXPECT_EQ(kernel().verify_bridge(spec)->front(), "link 'br-1' has the MTU 1000, not 1280");
    NSR_ASSERT_OK(kernel().ensure_bridge(spec));
    EXPECT_TRUE(is_right());
    NSR_ASSERT_OK(kernel().ensure_bridge(bridge_spec(2)));
    EXPECT_EQ(run_json("ip -j link show br-2").at(0).at("mtu"), 1200);
}

TEST_F(KernelTest, BridgeKeepsItsMtuWhateverItsPortsHave) {
    NSR_ASSERT_OK(kernel().ensure_bridge(bridge_spec(1)));
    ASSERT_TRUE(
        run_command("ip link add small mtu 1000 type veth peer name other && ip link set small master br-1").ok());
    EXPECT_EQ(run_json("ip -j link show br-1").at(0).at("mtu"), 1500);
}

/// What a crash leaves of a bridge that was being made.
TEST_F(KernelTest, UnfinishedBridgeIsMadeAnew) {
    ASSERT_TRUE(
        run_command("ip link add br-1 mtu 1499 group " + std::to_string(kDyingLinkGroup) + " type bridge").ok());
    NSR_ASSERT_OK(kernel().ensure_bridge(bridge_spec(1)));
    const auto link = run_json("ip -j link show br-1").at(0);
    EXPECT_EQ(link.at("mtu"), 1500);
    EXPECT_EQ(link.at("group"), std::to_string(kLinkGroup));
}

TEST_F(KernelTest, HostPrefixesAreConnectedRoutesOnly) {
    NSR_ASSERT_OK(kernel().ensure_bridge(bridge_spec(1)));
    ASSERT_TRUE(run_command("ip route add 172.30.0.0/16 via 10.1.0.7").ok());
    const auto prefixes = kernel().host_prefixes();
    NSR_ASSERT_OK(prefixes);
    const auto& on_link = prefixes->on_link;
    EXPECT_NE(std::ranges::find(on_link, *IpPrefix::parse("10.1.0.0/24")), on_link.end());
    EXPECT_EQ(std::ranges::find(on_link, *IpPrefix::parse("172.30.0.0/16")), on_link.end());
    const auto& others = prefixes->others;
    EXPECT_NE(std::ranges::find(others, *IpPrefix::parse("172.30.0.0/16")), others.end());
    EXPECT_NE(std::ranges::find(others, *IpPrefix::parse("10.1.0.1/32")), others.end());
    EXPECT_TRUE(prefixes->sinks.empty());
    ASSERT_TRUE(run_command("ip route add blackhole 10.98.0.0/16 && ip -6 route add unreachable fd00:98::/48").ok());
    EXPECT_EQ(kernel().host_prefixes()->sinks,
              (std::vector<IpPrefix>{*IpPrefix::parse("10.98.0.0/16"), *IpPrefix::parse("fd00:98::/48")}));
}

}  // namespace
}  // namespace nsr::net
