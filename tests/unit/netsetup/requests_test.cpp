#include <fmt/format.h>
#include <gtest/gtest.h>

#include <span>
#include <string>

#include "netsetup/netlink/link.h"
#include "netsetup/netlink/upper_link.h"
#include "netsetup/spec.h"
#include "tests/support/golden.h"

namespace nsr::net::netlink {
namespace {

/// Sixteen bytes a line, as `xxd -p` groups them; the sequence number and the port of the sender are not set yet.
std::string hex(std::span<const std::uint8_t> bytes) {
    std::string text;
    for (std::size_t index = 0; index < bytes.size(); ++index) {
        text += fmt::format("{:02x}{}", bytes[index], index % 16 == 15 || index + 1 == bytes.size() ? "\n" : " ");
    }
    return text;
}

TEST(Requests, VethPairIsOneRequestWithBothEnds) {
    const auto message = new_veth_request({.name = "veth1a2b3c4",
                                           .group = kLinkGroup,
                                           .master = 7,
                                           .mtu = 1400,
                                           .peer_name = "eth0",
                                           .peer_mac = *MacAddress::parse("02:42:0a:01:00:02"),
                                           .peer_namespace = 9});
    ASSERT_TRUE(message.whole());
    test::expect_golden("netlink/veth.hex", hex(message.bytes()));
}

TEST(Requests, BridgeCarriesItsGroupFromTheStart) {
    const auto message = new_bridge_request(
        {.name = "br-0123456789ab", .group = kLinkGroup, .mac = *MacAddress::parse("02:42:01:02:03:04"), .mtu = {}});
    ASSERT_TRUE(message.whole());
    test::expect_golden("netlink/bridge.hex", hex(message.bytes()));
}

TEST(Requests, LeavingABridgeIsOneRequest) {
    const auto message = change_link_request(12, {.group = kDyingLinkGroup, .master = 0, .up = false});
    test::expect_golden("netlink/leave.hex", hex(message.bytes()));
}

TEST(Requests, PortFlagsAreOneRequest) {
    test::expect_golden("netlink/port-flags.hex",
                        hex(port_flags_request(12, {.hairpin = true, .isolated = true}).bytes()));
}

TEST(Requests, MacvlanIsMadeInTheContainersNamespace) {
    const auto message = new_upper_link_request({.kind = "macvlan",
                                                 .name = "eth0",
                                                 .group = kLinkGroup,
                                                 .parent = 3,
                                                 .mode = "vepa",
                                                 .mac = *MacAddress::parse("02:42:0a:01:00:02"),
                                                 .mtu = 1400,
                                                 .target_namespace = 9});
    ASSERT_TRUE(message.whole());
    test::expect_golden("netlink/macvlan.hex", hex(message.bytes()));
}

TEST(Requests, IpvlanHasTheMacOfItsParent) {
    const auto message = new_upper_link_request({.kind = "ipvlan",
                                                 .name = "eth0",
                                                 .group = kLinkGroup,
                                                 .parent = 3,
                                                 .mode = "l3s",
                                                 .flag = "private",
                                                 .mac = {},
                                                 .mtu = {},
                                                 .target_namespace = 9});
    ASSERT_TRUE(message.whole());
    test::expect_golden("netlink/ipvlan.hex", hex(message.bytes()));
}

TEST(Requests, SubInterfaceCarriesItsGroupFromTheStart) {
    test::expect_golden("netlink/vlan.hex",
                        hex(new_vlan_request({.name = "eth0.10", .group = kLinkGroup, .parent = 3, .id = 10}).bytes()));
}

TEST(Requests, DummyCarriesItsGroupFromTheStart) {
    test::expect_golden("netlink/dummy.hex", hex(new_dummy_request("dm-0123456789ab", kLinkGroup).bytes()));
}

TEST(Requests, RequestThatOutgrowsItsBufferSaysSo) {
    NewBridge bridge;
    bridge.name = std::string(10'000, 'x');
    EXPECT_FALSE(new_bridge_request(bridge).whole());
}

}  // namespace
}  // namespace nsr::net::netlink
