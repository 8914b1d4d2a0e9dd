#include <gmock/gmock.h>

#include "tests/netns/netsetup/fixture.h"

namespace nsr::net {
namespace {

using test::run_command;
using test::run_json;

TEST_F(KernelTest, InterfaceHasItsNameMacAddressMtuAndRoute) {
    set_up({bridge_spec(1)});
    auto spec = interface_spec(1, 2);
    spec.mtu = 1420;
    const auto sandbox = attach(spec);

    const auto inside = run_json("ip -j addr show eth0", sandbox).at(0);
    EXPECT_EQ(inside.at("address"), "02:42:0a:01:00:02");
    EXPECT_EQ(inside.at("mtu"), 1420);
    EXPECT_EQ(inside.at("operstate"), "UP");
    EXPECT_EQ(inside.at("addr_info").size(), 1U) << inside;
    EXPECT_EQ(inside.at("addr_info").at(0).at("local"), "10.1.0.2");
    EXPECT_EQ(inside.at("addr_info").at(0).at("broadcast"), "10.1.0.255");
    EXPECT_EQ(run_json("ip -j route show default", sandbox).at(0).at("gateway"), "10.1.0.1");

    const auto host_end = run_json("ip -j -d link show veth1x2").at(0);
    EXPECT_EQ(host_end.at("group"), std::to_string(kLinkGroup));
    EXPECT_EQ(host_end.at("master"), "br-1");
    EXPECT_EQ(host_end.at("mtu"), 1420);
    EXPECT_EQ(host_end.at("operstate"), "UP");
}

TEST_F(KernelTest, SandboxHasLoopbackAndDockersSysctls) {
    const auto sandbox = NetNs::create();
    NSR_ASSERT_OK(sandbox);
    NSR_ASSERT_OK(kernel().prepare_sandbox(*sandbox));
    EXPECT_TRUE(reaches(*sandbox, "127.0.0.1"));
    EXPECT_TRUE(reaches(*sandbox, "::1"));
    const auto sysctl = [&](const std::string& name) {
        return run_command("cat /proc/sys/net/" + name, *sandbox).output;
    };
    EXPECT_EQ(sysctl("ipv4/ip_unprivileged_port_start"), "0\n");
    EXPECT_EQ(sysctl("ipv4/ping_group_range"), "0\t2147483647\n");
    EXPECT_EQ(sysctl("ipv6/conf/all/disable_ipv6"), "1\n");
    EXPECT_EQ(sysctl("ipv6/conf/default/disable_ipv6"), "1\n");
}

TEST_F(KernelTest, ForeignSandboxKeepsItsSysctls) {
    const auto sandbox = NetNs::create();
    NSR_ASSERT_OK(sandbox);
    NSR_ASSERT_OK(kernel().ensure_loopback(*sandbox));
    EXPECT_TRUE(reaches(*sandbox, "127.0.0.1"));
    EXPECT_EQ(run_command("cat /proc/sys/net/ipv4/ip_unprivileged_port_start", *sandbox).output, "1024\n");
}

TEST_F(KernelTest, HostEndIsUpAndHasNoIpv6OfItsOwn) {
    set_up({bridge_spec(1)});
    const auto spec = interface_spec(1, 2);
    const auto sandbox = attach(spec);
    EXPECT_TRUE(reaches(sandbox, "10.1.0.1"));
    EXPECT_EQ(run_command("ip -6 address show dev " + spec.host_name).output, "");
    EXPECT_EQ(run_command("ip -6 route show table all dev " + spec.host_name).output, "");
    EXPECT_THAT(run_command("ip link show dev " + spec.host_name).output, ::testing::HasSubstr("UP"));
}

TEST_F(KernelTest, EnsuringARightInterfaceLeavesItAlone) {
    set_up({bridge_spec(1)});
    const auto sandbox = attach(interface_spec(1, 2));
    const auto before = run_json("ip -j link show veth1x2").at(0).at("ifindex");
    NSR_ASSERT_OK(kernel().ensure_interface(interface_spec(1, 2), sandbox));
    EXPECT_EQ(run_json("ip -j link show veth1x2").at(0).at("ifindex"), before);
}

TEST_F(KernelTest, LostAddressIsGivenAgain) {
    set_up({bridge_spec(1)});
    const auto sandbox = attach(interface_spec(1, 2));
    ASSERT_TRUE(run_command("ip addr flush dev eth0", sandbox).ok());
    NSR_ASSERT_OK(kernel().ensure_interface(interface_spec(1, 2), sandbox));
    EXPECT_TRUE(reaches(sandbox, "10.1.0.1"));
}

TEST_F(KernelTest, PairThatLeftItsBridgeIsMadeAgain) {
    set_up({bridge_spec(1)});
    const auto sandbox = attach(interface_spec(1, 2));
    ASSERT_TRUE(run_command("ip link set veth1x2 nomaster").ok());
    NSR_ASSERT_OK(kernel().ensure_interface(interface_spec(1, 2), sandbox));
    EXPECT_EQ(run_json("ip -j link show veth1x2").at(0).at("master"), "br-1");
    EXPECT_TRUE(reaches(sandbox, "10.1.0.1"));
}

TEST_F(KernelTest, InterfaceNameTakenInsideIsAConflictAndNothingIsLeft) {
    set_up({bridge_spec(1)});
    const auto sandbox = make_namespace();
    ASSERT_TRUE(run_command("ip link add eth0 type veth peer name other", sandbox).ok());
    const auto before = host_state();
    const auto ensured = kernel().ensure_interface(interface_spec(1, 2), sandbox);
    ASSERT_FALSE(ensured.has_value());
    EXPECT_EQ(ensured.error().code(), Errc::conflict);
    EXPECT_EQ(ensured.error().message(), "interface 'eth0' exists already in the container's namespace");
    EXPECT_EQ(host_state(), before);
    EXPECT_TRUE(run_command("ip link show eth0", sandbox).ok());
}

TEST_F(KernelTest, ForeignLinkWithTheHostEndsNameIsAConflictAndStays) {
    set_up({bridge_spec(1)});
    const auto sandbox = make_namespace();
    ASSERT_TRUE(run_command("ip link add veth1x2 type veth peer name foreign").ok());
    const auto ensured = kernel().ensure_interface(interface_spec(1, 2), sandbox);
    ASSERT_FALSE(ensured.has_value());
    EXPECT_EQ(ensured.error().code(), Errc::conflict);
    EXPECT_TRUE(run_command("ip link show foreign").ok());
}

TEST_F(KernelTest, InterfaceWithoutABridgeIsRefusedByName) {
    const auto sandbox = make_namespace();
    const auto ensured = kernel().ensure_interface(interface_spec(1, 2), sandbox);
    ASSERT_FALSE(ensured.has_value());
    EXPECT_EQ(ensured.error().message(), "bridge 'br-1' does not exist");
}

TEST_F(KernelTest, FullBridgeIsNamedWithItsLimit) {
    set_up({bridge_spec(1)});
    // Foreign ports count as well, and are quicker to make.
    ASSERT_TRUE(
        run_command(
            "for i in $(seq 512); do echo link add p$i master br-1 type veth peer name q$i; done | ip -batch -; "
            "for i in $(seq 511); do echo link set q$i master br-1; done | ip -batch -")
            .ok());
    const auto sandbox = make_namespace();
    const auto ensured = kernel().ensure_interface(interface_spec(1, 2), sandbox);
    ASSERT_FALSE(ensured.has_value());
    EXPECT_EQ(ensured.error().message(), "bridge 'br-1' is full: a Linux bridge has at most 1023 ports");
    EXPECT_FALSE(run_command("ip link show veth1x2").ok());
    EXPECT_FALSE(run_command("ip link show eth0", sandbox).ok());
}

TEST_F(KernelTest, AbandonedInterfacePassesNothingAndItsAddressIsFreeAtOnce) {
    set_up({bridge_spec(1)});
    const auto first = attach(interface_spec(1, 2));
    const auto watcher = attach(interface_spec(1, 3));
    ASSERT_TRUE(reaches(watcher, "10.1.0.2"));
    const auto traffic = kernel().abandon_interface("veth1x2", "eth0", first);
    NSR_ASSERT_OK(traffic);
    EXPECT_EQ(*traffic, Traffic::some);
    EXPECT_TRUE(kernel().has_dying_links());
    EXPECT_FALSE(reaches(first, "10.1.0.3"));
    EXPECT_FALSE(reaches(watcher, "10.1.0.2"));

    auto next = interface_spec(1, 2);
    next.host_name = "veth1x2b";
    const auto second = attach(next);
    EXPECT_TRUE(reaches(watcher, "10.1.0.2"));
    EXPECT_TRUE(reaches(second, "10.1.0.3"));
    NSR_ASSERT_OK(kernel().sweep({"br-1", "veth1x2b", "veth1x3"}));
    EXPECT_FALSE(run_command("ip link show veth1x2").ok());
    EXPECT_TRUE(reaches(watcher, "10.1.0.2"));
}

TEST_F(KernelTest, AbandonedInterfaceOfABridgeWithTheSpanningTreeProtocolLeavesIt) {
    set_up({bridge_spec(1)});
    ASSERT_TRUE(run_command("ip link set br-1 type bridge stp_state 1").ok());
    const auto sandbox = attach(interface_spec(1, 2));
    NSR_ASSERT_OK(kernel().abandon_interface("veth1x2", "eth0", sandbox));
    EXPECT_FALSE(run_json("ip -j link show veth1x2").at(0).contains("master"));
}

TEST_F(KernelTest, InterfaceThatNeverSentAnythingHasNoTraffic) {
    set_up({bridge_spec(1)});
    const auto sandbox = attach(interface_spec(1, 2));
    const auto traffic = kernel().abandon_interface("veth1x2", "eth0", sandbox);
    NSR_ASSERT_OK(traffic);
    EXPECT_EQ(*traffic, Traffic::none);
}

TEST_F(KernelTest, DyingPortsMakeRoomInAFullBridge) {
    set_up({bridge_spec(1)});
    const auto sandbox = attach(interface_spec(1, 2));
    ASSERT_TRUE(
        run_command(
            "for i in $(seq 511); do echo link add p$i master br-1 type veth peer name q$i; done | ip -batch -; "
            "for i in $(seq 511); do echo link set q$i master br-1; done | ip -batch -")
            .ok());
    NSR_ASSERT_OK(kernel().abandon_interface("veth1x2", "eth0", sandbox));
    const auto next = attach(interface_spec(1, 3));
    EXPECT_TRUE(reaches(next, "10.1.0.1"));
}

TEST_F(KernelTest, RemovedInterfaceFreesItsNameAndAddressAtOnce) {
    set_up({bridge_spec(1)});
    const auto first = attach(interface_spec(1, 2));
    const auto watcher = attach(interface_spec(1, 3));
    ASSERT_TRUE(reaches(watcher, "10.1.0.2"));
    NSR_ASSERT_OK(kernel().remove_interface("veth1x2", "eth0", first));
    EXPECT_TRUE(kernel().has_dying_links());
    EXPECT_FALSE(run_command("ip link show eth0", first).ok());

    // The same container again, and another one with the same address: neither waits for the kernel's clean-up.
    auto again = interface_spec(1, 2);
    again.host_name = "veth1again";
    NSR_ASSERT_OK(kernel().ensure_interface(again, first));
    EXPECT_TRUE(reaches(watcher, "10.1.0.2"));
}

TEST_F(KernelTest, SweepDeletesTheDyingAndOnlyThem) {
    set_up({bridge_spec(1)});
    const auto first = attach(interface_spec(1, 2));
    const auto second = attach(interface_spec(1, 3));
    ASSERT_TRUE(run_command("ip link add foreign type veth peer name foreign2").ok());
    NSR_ASSERT_OK(kernel().remove_interface("veth1x2", "eth0", first));
    const auto swept = kernel().sweep({"br-1", "veth1x3"});
    NSR_ASSERT_OK(swept);
    EXPECT_EQ(*swept, 0U);
    EXPECT_FALSE(kernel().has_dying_links());
    EXPECT_FALSE(run_command("ip link show veth1x2").ok());
    EXPECT_TRUE(run_command("ip link show foreign").ok());
    EXPECT_TRUE(reaches(second, "10.1.0.1"));
}

TEST_F(KernelTest, SweepRemovesLeftoversOfOursAndCountsThem) {
    set_up({bridge_spec(1), bridge_spec(2)});
    const auto sandbox = attach(interface_spec(1, 2));
    const auto swept = kernel().sweep({"br-2"});
    NSR_ASSERT_OK(swept);
    EXPECT_EQ(*swept, 2U);
    EXPECT_FALSE(run_command("ip link show br-1").ok());
    EXPECT_TRUE(run_command("ip link show br-2").ok());
}

TEST_F(KernelTest, SweepSparesAForeignLinkInTheDyingGroup) {
    set_up({bridge_spec(1)});
    const auto sandbox = attach(interface_spec(1, 2));
    const auto group = std::to_string(kDyingLinkGroup);
    ASSERT_TRUE(run_command("ip link set lo group " + group).ok());
    NSR_ASSERT_OK(kernel().remove_interface("veth1x2", "eth0", sandbox));
    NSR_ASSERT_OK(kernel().sweep({"br-1"}));
    EXPECT_FALSE(run_command("ip link show veth1x2").ok());
    EXPECT_TRUE(run_command("ip link show lo").ok());
}

TEST_F(KernelTest, RemovingAnInterfaceThatIsGoneIsNothing) {
    const auto sandbox = make_namespace();
    NSR_ASSERT_OK(kernel().remove_interface("veth1x2", "eth0", sandbox));
    EXPECT_FALSE(kernel().has_dying_links());
}

TEST_F(KernelTest, DefaultRouteMovesAndGoes) {
    set_up({bridge_spec(1), bridge_spec(2)});
    const auto sandbox = attach(interface_spec(1, 2));
    auto second = interface_spec(2, 2);
    second.name = "eth1";
    const std::vector<std::string> ours{"eth0", "eth1"};
    NSR_ASSERT_OK(kernel().ensure_interface(second, sandbox));
    NSR_ASSERT_OK(kernel().set_default_routes(
        sandbox, {.gateway4 = IpAddress::parse("10.2.0.1"), .interface4 = "eth1", .interfaces = ours}));
    const auto routes = run_json("ip -j route show default", sandbox);
    ASSERT_EQ(routes.size(), 1U) << routes;
    EXPECT_EQ(routes.at(0).at("dev"), "eth1");
    NSR_ASSERT_OK(kernel().set_default_routes(sandbox, {.interfaces = ours}));
    EXPECT_EQ(run_json("ip -j route show default", sandbox).size(), 0U);
}

TEST_F(KernelTest, DefaultRouteByTheDeviceAlone) {
    set_up({bridge_spec(1)});
    const auto sandbox = attach(interface_spec(1, 2));
    ASSERT_TRUE(run_command("sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0", sandbox).ok());
    const SandboxRoutes routes{
        .gateway4 = IpAddress(), .interface4 = "eth0", .gateway6 = IpAddress::parse("::"), .interface6 = "eth0"};
    for (int times = 0; times < 2; ++times) {
        NSR_ASSERT_OK(kernel().set_default_routes(sandbox, routes));
        EXPECT_EQ(run_command("ip route show default; ip -6 route show default | cut -d' ' -f1-3", sandbox).output,
                  "default dev eth0 scope link \ndefault dev eth0\n");
        EXPECT_TRUE(kernel().verify_default_routes(sandbox, routes)->empty());
    }
    NSR_ASSERT_OK(kernel().set_default_routes(sandbox, {.interfaces = {"eth0"}}));
    EXPECT_EQ(run_command("ip route show default; ip -6 route show default", sandbox).output, "");
}

TEST_F(KernelTest, WhatAContainerHasOfItsOwnStays) {
    set_up({bridge_spec(1)});
    const auto sandbox = attach(interface_spec(1, 2));
    SandboxRoutes routes{.gateway4 = IpAddress::parse("10.1.0.1"), .interface4 = "eth0", .interfaces = {"eth0"}};
    ASSERT_TRUE(
        run_command("ip link add tun9 type bridge && ip link set tun9 up && ip addr add 192.0.2.9/24 dev tun9 && "
                    "ip route add default dev tun9 metric 50 && ip addr add 10.99.0.1/24 dev eth0",
                    sandbox)
            .ok());
    const auto before = run_command("ip route; ip -4 addr", sandbox).output;
    NSR_ASSERT_OK(kernel().ensure_interface(interface_spec(1, 2), sandbox));
    EXPECT_TRUE(*kernel().set_default_routes(sandbox, routes));
    EXPECT_EQ(run_command("ip route; ip -4 addr", sandbox).output, before);
    EXPECT_TRUE(kernel().verify_interface(interface_spec(1, 2), sandbox)->empty());
    EXPECT_TRUE(kernel().verify_default_routes(sandbox, routes)->empty());
    // Its own default route in the place of ours: ours gives way, and is no difference.
    ASSERT_TRUE(run_command("ip route replace default via 192.0.2.1 dev tun9", sandbox).ok());
    EXPECT_FALSE(*kernel().set_default_routes(sandbox, routes));
    EXPECT_TRUE(kernel().verify_default_routes(sandbox, routes)->empty());
    EXPECT_TRUE(run_command("ip route show default | grep -q 'via 192.0.2.1 dev tun9'", sandbox).ok());
}

/// In a namespace of somebody else's any default route of his goes before ours; without one ours is added.
TEST_F(KernelTest, AForeignNamespacesDefaultRouteGoesBeforeOurs) {
    set_up({bridge_spec(1)});
    const auto sandbox = make_namespace();
    ASSERT_TRUE(
        run_command("ip link add wan0 type bridge && ip link set wan0 up && ip addr add 192.0.2.9/24 dev wan0 && "
                    "ip addr add 2001:db8:9::9/64 dev wan0 nodad && ip route add default via 192.0.2.1 metric 100 "
                    "&& ip -6 route add default via 2001:db8:9::1",
                    sandbox)
            .ok());
    auto spec = interface_spec(1, 2);
    spec.addresses.push_back(*IpPrefix::parse("fd00:1::2/64"));
    NSR_ASSERT_OK(kernel().ensure_interface(spec, sandbox));
    const SandboxRoutes routes{.gateway4 = IpAddress::parse("10.1.0.1"),
                               .interface4 = "eth0",
                               .gateway6 = IpAddress::parse("fd00:1::1"),
                               .interface6 = "eth0",
                               .interfaces = {"eth0"},
                               .owned_by_others = true};
    EXPECT_FALSE(*kernel().set_default_routes(sandbox, routes));
    EXPECT_EQ(run_json("ip -j route show default", sandbox).size(), 1U);
    const auto default6 = run_json("ip -j -6 route show default", sandbox);
    ASSERT_EQ(default6.size(), 1U) << default6;
    EXPECT_EQ(default6.at(0).at("dev"), "wan0");
    EXPECT_TRUE(kernel().verify_default_routes(sandbox, routes)->empty());
    ASSERT_TRUE(run_command("ip route del default && ip -6 route del default", sandbox).ok());
    EXPECT_EQ(kernel().verify_default_routes(sandbox, routes)->size(), 2U);
    EXPECT_TRUE(*kernel().set_default_routes(sandbox, routes));
    EXPECT_TRUE(
        run_command("ip route show default | grep -q eth0 && ip -6 route show default | grep -q eth0", sandbox).ok());
}

TEST_F(KernelTest, ABridgeOfSomebodyElsesIsNotUsed) {
    ASSERT_TRUE(run_command("ip link add br-1 type bridge").ok());
    const auto sandbox = make_namespace();
    const auto made = kernel().ensure_interface(interface_spec(1, 2), sandbox);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().message(), "link 'br-1' exists on this host and is not ours");
    EXPECT_EQ(run_json("ip -j link show master br-1").size(), 0U);
}

TEST_F(KernelTest, DualStackContainersReachEachOtherOverBothAtOnce) {
    auto bridge = bridge_spec(1);
    bridge.addresses.push_back(*IpPrefix::parse("fd00:1::1/64"));
    bridge.subnets.push_back(*IpPrefix::parse("fd00:1::/64"));
    set_up({bridge});
    auto one = interface_spec(1, 2);
    one.addresses.push_back(*IpPrefix::parse("fd00:1::2/64"));
    auto two = interface_spec(1, 3);
    two.addresses.push_back(*IpPrefix::parse("fd00:1::3/64"));
    const auto first = attach(one);
    const auto second = attach(two);
    EXPECT_TRUE(reaches(first, "10.1.0.3"));
    EXPECT_TRUE(reaches(first, "fd00:1::3"));
    EXPECT_TRUE(reaches(second, "fd00:1::1"));
}

/// The network says nothing of the MTU: that of its bridge is right. It is mended in place.
TEST_F(KernelTest, AnMtuThatOthersChangedIsSeenAndMended) {
    set_up({bridge_spec(1)});
    const auto spec = interface_spec(1, 2);
    const auto one = attach(spec);
    const auto before = run_json("ip -j link show eth0", one).at(0).at("ifindex");
    EXPECT_TRUE(kernel().verify_interface(spec, one)->empty());
    ASSERT_TRUE(run_command("ip link set eth0 mtu 1300", one).ok());
    EXPECT_EQ(*kernel().verify_interface(spec, one),
              std::vector<std::string>{"link 'eth0' has the MTU 1300, not 1500"});
    ASSERT_TRUE(run_command("ip link set veth1x2 mtu 1200").ok());
    EXPECT_EQ(kernel().verify_interface(spec, one)->size(), 2U);
    NSR_ASSERT_OK(kernel().ensure_interface(spec, one));
    EXPECT_TRUE(kernel().verify_interface(spec, one)->empty());
    EXPECT_EQ(run_json("ip -j link show eth0", one).at(0).at("ifindex"), before);
}

}  // namespace
}  // namespace nsr::net
