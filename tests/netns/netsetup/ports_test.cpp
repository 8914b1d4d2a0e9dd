#include "netsetup/proxy/port_proxy.h"
#include "tests/netns/netsetup/outside.h"

namespace nsr::net {
namespace {

using test::Background;
using test::run_command;

PublishedPort port(std::uint16_t host, const std::string& container, std::uint16_t number, std::uint16_t count = 1) {
    PublishedPort published;
    published.host_port = host;
    published.container = *IpAddress::parse(container);
    published.container_port = number;
    published.count = count;
    return published;
}

NetNs host() { return NetNs::current().value(); }

/// Network 1 with a container 10.1.0.2 whose port 80 is published at 8080, and a neighbour 10.1.0.3; network 2
/// with 10.2.0.2.
class PortsTest : public FirewallTest {
protected:
    void SetUp() override {
        FirewallTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        publish({port(8080, "10.1.0.2", 80)});
        auto spec = interface_spec(1, 2);
        spec.hairpin = true;
        web_.emplace(attach(spec));
        server_.emplace(*web_, 80U);
    }
    void TearDown() override {
        server_.reset();
        web_.reset();
        FirewallTest::TearDown();
    }
    void publish(const std::vector<PublishedPort>& ports, bool icc = true) {
        auto first = bridge_spec(1);
        first.published = ports;
        first.icc = icc;
        set_up({first, bridge_spec(2)});
    }
    const NetNs& web() { return *web_; }

private:
    std::optional<NetNs> web_;
    std::optional<TellingServer> server_;
};

TEST_F(PortsTest, PublishedPortIsReachedFromEverywhere) {
    const auto neighbour = attach(interface_spec(1, 3));
    const auto stranger = attach(interface_spec(2, 2));
    EXPECT_EQ(ask(outside(), kHostOutside, 8080), kOutside) << "from outside, with the client's address";
    EXPECT_EQ(ask(host(), kHostOutside, 8080), kHostOutside) << "from the host's own address, kept";
    EXPECT_EQ(ask(host(), "127.0.0.1", 8080), "10.1.0.1") << "from the host's loopback";
    EXPECT_EQ(ask(web(), kHostOutside, 8080), "10.1.0.1") << "from the container itself";
    EXPECT_EQ(ask(neighbour, kHostOutside, 8080), "10.1.0.1") << "from its neighbour";
    EXPECT_EQ(ask(stranger, kHostOutside, 8080), "10.2.0.2") << "from another network";
}

TEST_F(PortsTest, PublishedPortIsReachedWithBridgeTrafficInTheFirewall) {
    ASSERT_TRUE(run_command("echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables").ok());
    const auto neighbour = attach(interface_spec(1, 3));
    EXPECT_EQ(ask(web(), kHostOutside, 8080), "10.1.0.1");
    EXPECT_EQ(ask(neighbour, kHostOutside, 8080), "10.1.0.1");
    EXPECT_EQ(ask(neighbour, "10.1.0.2", 80), "10.1.0.3");
}

TEST_F(PortsTest, ContainerAddressStaysClosedFromOutsideAndOtherNetworks) {
    const auto stranger = attach(interface_spec(2, 2));
    EXPECT_TRUE(is_closed(outside(), "10.1.0.2", 80));
    EXPECT_TRUE(is_closed(stranger, "10.1.0.2", 80));
}

TEST_F(PortsTest, PortOnLoopbackIsForTheHostAlone) {
    auto published = port(8080, "10.1.0.2", 80);
    published.host_address = IpAddress::parse("127.0.0.1");
    publish({published});
    EXPECT_EQ(ask(host(), "127.0.0.1", 8080), "10.1.0.1");
    EXPECT_TRUE(is_closed(outside(), kHostOutside, 8080));
    // The LAN sends packets for 127.0.0.1 to the host's MAC.
    ASSERT_TRUE(run_command("ip addr del 127.0.0.1/8 dev lo; sysctl -qw net.ipv4.conf.all.route_localnet=1; "
                            "ip route add 127.0.0.1 via 198.51.100.1 src 198.51.100.9",
                            outside())
                    .ok());
    EXPECT_TRUE(is_closed(outside(), "127.0.0.1", 8080));
}

TEST_F(PortsTest, PortOnLoopbackIsForTheHostAloneWhereAllLinksLetLoopbackIn) {
    ASSERT_TRUE(run_command("sysctl -qw net.ipv4.conf.all.route_localnet=1").ok());
    auto published = port(8080, "10.1.0.2", 80);
    published.host_address = IpAddress::parse("127.0.0.1");
    auto range = port(80, "10.1.0.2", 80, 2);
    range.host_address = IpAddress::parse("127.0.0.1");
    publish({published, range});
    ASSERT_TRUE(run_command("ip addr del 127.0.0.1/8 dev lo; sysctl -qw net.ipv4.conf.all.route_localnet=1; "
                            "ip route add 127.0.0.1 via 198.51.100.1 src 198.51.100.9",
                            outside())
                    .ok());
    EXPECT_TRUE(is_closed(outside(), "127.0.0.1", 8080));
    EXPECT_TRUE(is_closed(outside(), "127.0.0.1", 80));
    EXPECT_EQ(ask(host(), "127.0.0.1", 8080), "10.1.0.1");
    const TellingServer of_others(host(), 7000, "127.0.0.1");
    EXPECT_EQ(ask(outside(), "127.0.0.1", 7000), kOutside) << "what others have there is theirs";
}

TEST_F(PortsTest, InternalNetworkDoesNotReachThePortsOfTheProxy) {
    auto first = bridge_spec(1);
    first.published = {port(8080, "10.1.0.2", 80)};
    first.published.front().host_address = IpAddress::parse("::");
    auto internal = bridge_spec(3);
    internal.internal = true;
    internal.addresses.push_back(*IpPrefix::parse("fd00:3::1/64"));
    internal.subnets.push_back(*IpPrefix::parse("fd00:3::/64"));
    set_up({first, internal});
    auto spec = interface_spec(3, 2);
    spec.addresses.push_back(*IpPrefix::parse("fd00:3::2/64"));
    const auto inside = attach(spec);
    const TellingServer proxy(host(), 8080, "::");
    const TellingServer of_others(host(), 7000, "::");
    EXPECT_TRUE(is_closed(inside, "fd00:3::1", 8080));
    EXPECT_EQ(ask(inside, "fd00:3::1", 7000), "fd00:3::2") << "the host's own";
    EXPECT_EQ(ask(outside(), kHostOutside6, 8080), "2001:db8::9");
}

TEST_F(PortsTest, ContainerDoesNotReachTheHostsLoopback) {
    const TellingServer private_server(host(), 7000, "127.0.0.1");
    ASSERT_EQ(ask(host(), "127.0.0.1", 7000), "127.0.0.1");
    ASSERT_TRUE(run_command("ip addr del 127.0.0.1/8 dev lo; sysctl -qw net.ipv4.conf.all.route_localnet=1; "
                            "ip route add 127.0.0.1 via 10.1.0.1 src 10.1.0.2",
                            web())
                    .ok());
    EXPECT_TRUE(is_closed(web(), "127.0.0.1", 7000));
}

TEST_F(PortsTest, PortOnOneAddressIsNotOnAnother) {
    ASSERT_TRUE(run_command("ip addr add 198.51.100.2/24 dev wan0").ok());
    auto published = port(8080, "10.1.0.2", 80);
    published.host_address = IpAddress::parse("198.51.100.2");
    publish({published});
    EXPECT_EQ(ask(outside(), "198.51.100.2", 8080), kOutside);
    EXPECT_TRUE(is_closed(outside(), kHostOutside, 8080));
}

TEST_F(PortsTest, RangesKeepAndShiftTheNumber) {
    publish({port(80, "10.1.0.2", 80, 3), port(9000, "10.1.0.2", 79, 2)});
    EXPECT_EQ(ask(outside(), kHostOutside, 80), kOutside);
    EXPECT_TRUE(is_closed(outside(), kHostOutside, 81));
    EXPECT_EQ(ask(outside(), kHostOutside, 9001), kOutside);
    EXPECT_TRUE(is_closed(outside(), kHostOutside, 9000));
}

TEST_F(PortsTest, WithdrawnPortIsClosedAndMovedPortLeadsElsewhere) {
    const auto other = attach(interface_spec(1, 3));
    publish({port(8080, "10.1.0.3", 80)});
    EXPECT_TRUE(is_closed(outside(), kHostOutside, 8080));
    const TellingServer second(other, 80);
    EXPECT_EQ(ask(outside(), kHostOutside, 8080), kOutside);
    publish({});
    EXPECT_TRUE(is_closed(outside(), kHostOutside, 8080));
}

TEST_F(PortsTest, InternalNetworkDoesNotReachPublishedPorts) {
    auto first = bridge_spec(1);
    first.published = {port(8080, "10.1.0.2", 80)};
    auto internal = bridge_spec(3);
    internal.internal = true;
    set_up({first, internal});
    const auto inside = attach(interface_spec(3, 2));
    EXPECT_TRUE(is_closed(inside, kHostOutside, 8080));
}

TEST_F(PortsTest, Ipv6PortsReachAnIpv6Container) {
    auto first = bridge_spec(1);
    first.addresses.push_back(*IpPrefix::parse("fd00:1::1/64"));
    first.subnets.push_back(*IpPrefix::parse("fd00:1::/64"));
    first.published = {port(8080, "fd00:1::5", 80)};
    set_up({first});
    auto spec = interface_spec(1, 5);
    spec.addresses.push_back(*IpPrefix::parse("fd00:1::5/64"));
    spec.hairpin = true;
    const auto container = attach(spec);
    NSR_ASSERT_OK(kernel().set_default_routes(container, {.gateway4 = IpAddress::parse("10.1.0.1"),
                                                          .interface4 = "eth0",
                                                          .gateway6 = IpAddress::parse("fd00:1::1"),
                                                          .interface6 = "eth0"}));
    const TellingServer server(container, 80, "::");
    EXPECT_EQ(ask(outside(), kHostOutside6, 8080), "2001:db8::9");
    EXPECT_TRUE(is_closed(outside(), "fd00:1::5", 80)) << "direct access";
    EXPECT_EQ(ask(container, kHostOutside6, 8080), "fd00:1::1") << "hairpin";
    EXPECT_TRUE(reaches(container, "2001:db8::9"));
}

TEST_F(PortsTest, RoutedNetworkIsOpenAtItsPublishedPortsAndForPing) {
    auto routed = bridge_spec(1);
    routed.mode4 = GatewayMode::routed;
    routed.published = {port(8080, "10.1.0.2", 80)};
    set_up({routed});
    const TellingServer unpublished(web(), 81);
    EXPECT_EQ(ask(outside(), "10.1.0.2", 80), kOutside);
    EXPECT_TRUE(is_closed(outside(), "10.1.0.2", 81));
    EXPECT_TRUE(reaches(outside(), "10.1.0.2"));
    EXPECT_TRUE(is_closed(outside(), kHostOutside, 8080));
    const TellingServer far(outside(), 5000);
    EXPECT_EQ(ask(web(), kOutside, 5000), "10.1.0.2") << "no masquerade";
}

/// Whether traffic inside a bridge passes the inet hooks, too; the outcome must be the same.
class IccTest : public FirewallTest, public testing::WithParamInterface<const char*> {};

TEST_P(IccTest, WithoutIccOnlyTheHostAndPublishedPortsAreReached) {
    for (const char* tables : {"tables", "6tables"}) {
        ASSERT_TRUE(
            run_command(std::string("echo ") + GetParam() + " > /proc/sys/net/bridge/bridge-nf-call-ip" + tables).ok());
    }
    auto bridge = bridge_spec(1);
    bridge.icc = false;
    bridge.addresses.push_back(*IpPrefix::parse("fd00:1::1/64"));
    bridge.subnets.push_back(*IpPrefix::parse("fd00:1::/64"));
    bridge.published = {port(8080, "10.1.0.2", 80), port(8080, "fd00:1::2", 80)};
    for (auto& published : bridge.published) published.carried = true;
    set_up({bridge});
    ProxyCounters counters;
    const auto proxy = make_port_proxy({}, counters);
    for (const auto& published : bridge.published) {
        const auto any = published.container.is_v4() ? IpAddress() : *IpAddress::parse("::");
        NSR_ASSERT_OK(proxy->hold({registry::Protocol::tcp, any, 8080}));
        proxy->carry({registry::Protocol::tcp, any, 8080}, {published.container, 80});
    }
    auto first = interface_spec(1, 2);
    first.isolated = true;
    auto second = interface_spec(1, 3);
    second.isolated = true;
    first.addresses.push_back(*IpPrefix::parse("fd00:1::2/64"));
    second.addresses.push_back(*IpPrefix::parse("fd00:1::3/64"));
    const auto web = attach(first);
    const auto other = attach(second);
    for (const auto* sandbox : {&web, &other}) {
        NSR_ASSERT_OK(kernel().set_default_routes(*sandbox, {.gateway4 = IpAddress::parse("10.1.0.1"),
                                                             .interface4 = "eth0",
                                                             .gateway6 = IpAddress::parse("fd00:1::1"),
                                                             .interface6 = "eth0"}));
    }
    const TellingServer server(web, 80);
    const TellingServer server6(web, 80, "fd00:1::2");
    EXPECT_TRUE(is_closed(other, "fd00:1::2", 80));
    EXPECT_TRUE(is_closed(other, "10.1.0.2", 80));
    EXPECT_TRUE(is_cut_off(other, "10.1.0.2"));
    EXPECT_TRUE(reaches(other, "10.1.0.1"));
    EXPECT_TRUE(reaches(other, kOutside));
    EXPECT_EQ(ask(outside(), kHostOutside, 8080), kOutside);
    for (const auto* asker : {&other, &web}) {
        EXPECT_EQ(ask(*asker, kHostOutside, 8080), "10.1.0.1");
        EXPECT_EQ(ask(*asker, kHostOutside6, 8080), "fd00:1::1");
    }
}

TEST_P(IccTest, IsolationOfAPortFollowsItsSpec) {
    ASSERT_TRUE(
        run_command(std::string("echo ") + GetParam() + " > /proc/sys/net/bridge/bridge-nf-call-iptables").ok());
    set_up({bridge_spec(1)});
    auto spec = interface_spec(1, 2);
    spec.isolated = true;
    const auto one = attach(spec);
    spec.isolated = false;
    NSR_ASSERT_OK(kernel().ensure_interface(spec, one));
    const auto two = attach(interface_spec(1, 3));
    EXPECT_TRUE(reaches(two, "10.1.0.2"));
}

INSTANTIATE_TEST_SUITE_P(BridgeNfCall, IccTest, testing::Values("0", "1"));

}  // namespace
}  // namespace nsr::net
