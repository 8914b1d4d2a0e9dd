#include "netsetup/nft/ruleset.h"

#include <gtest/gtest.h>

#include "tests/support/golden.h"

namespace nsr::net {
namespace {

BridgeSpec bridge(const std::string& name, const std::string& subnet) {
    BridgeSpec spec;
    spec.name = name;
    spec.network_id = name;
    spec.subnets = {*IpPrefix::parse(subnet)};
    return spec;
}

PublishedPort port(std::uint16_t host, const std::string& container, std::uint16_t number, std::uint16_t count = 1) {
    PublishedPort published;
    published.host_port = host;
    published.container = *IpAddress::parse(container);
    published.container_port = number;
    published.count = count;
    return published;
}

PublishedPort port_at(const std::string& address, PublishedPort published) {
    published.host_address = IpAddress::parse(address);
    return published;
}

std::string table_of(const BridgeSpec& spec) { return render_host_table(policy_of({spec})); }

TEST(HostTable, OfNoNetworkIsEmptySetsAndTheChains) { test::expect_golden("nft/empty.nft", render_host_table({})); }

TEST(HostTable, OfTwoNetworksMasqueradesBoth) {
    const std::vector<BridgeSpec> bridges{bridge("br-0123456789ab", "172.18.0.0/16"),
                                          bridge("br-ba9876543210", "172.19.0.0/16")};
    test::expect_golden("nft/two-networks.nft", render_host_table(policy_of(bridges)));
}

TEST(HostTable, OfAnInternalNetworkDropsWhatLeavesAndEnters) {
    auto internal = bridge("br-0123456789ab", "172.18.0.0/16");
    internal.internal = true;
    internal.published = {port(8080, "172.18.0.2", 80)};
    test::expect_golden("nft/internal.nft", table_of(internal));
}

TEST(HostTable, WithoutMasqueradeAndIcc) {
    auto plain = bridge("lab0", "10.7.0.0/24");
    plain.masquerade = false;
    plain.icc = false;
    auto web = port(8080, "10.7.0.2", 80);
    auto range = port_at("192.0.2.1", port(9000, "10.7.0.2", 9000, 3));
    web.carried = range.carried = true;
    plain.published = {web, range, port(81, "10.7.0.2", 81)};
    test::expect_golden("nft/no-masquerade-no-icc.nft", table_of(plain));
}

TEST(HostTable, OfDualStack) {
    auto dual = bridge("br-0123456789ab", "172.18.0.0/16");
    dual.subnets.push_back(*IpPrefix::parse("fd00:1::/64"));
    dual.published = {port(8080, "172.18.0.2", 80), port(8080, "fd00:1::2", 80)};
    test::expect_golden("nft/dual-stack.nft", table_of(dual));
}

TEST(HostTable, OfPublishedPorts) {
    auto spec = bridge("br-0123456789ab", "172.18.0.0/16");
    auto udp = port(53, "172.18.0.2", 5353);
    udp.protocol = registry::Protocol::udp;
    auto sctp = port(9999, "172.18.0.2", 99);
    sctp.protocol = registry::Protocol::sctp;
    spec.published = {port(8080, "172.18.0.2", 80), port_at("127.0.0.1", port(8081, "172.18.0.2", 81)), udp, sctp,
                      port_at("0.0.0.0", port(8082, "172.18.0.3", 82))};
    test::expect_golden("nft/published.nft", table_of(spec));
}

TEST(HostTable, OfPortsThatNotEverybodyMayReach) {
    auto spec = bridge("br-0123456789ab", "172.18.0.0/16");
    spec.published = {
        port_at("127.0.0.1", port(8081, "172.18.0.2", 81)), port_at("127.0.0.2", port(9000, "172.18.0.2", 9000, 3)),
        port_at("::", port(8080, "172.18.0.2", 80)), port_at("2001:db8::1", port(8090, "172.18.0.2", 90, 2))};
    test::expect_golden("nft/guarded-ports.nft", table_of(spec));
}

TEST(HostTable, OfRangesOfPorts) {
    auto spec = bridge("br-0123456789ab", "172.18.0.0/16");
    spec.published = {port(8000, "172.18.0.2", 8000, 1000), port(9000, "172.18.0.2", 90, 3),
                      port_at("192.0.2.1", port(8000, "172.18.0.3", 8000, 5))};
    test::expect_golden("nft/ranges.nft", table_of(spec));
}

TEST(HostTable, OfARoutedNetworkOpensPortsWithoutNat) {
    auto routed = bridge("br-0123456789ab", "172.18.0.0/16");
    routed.mode4 = GatewayMode::routed;
    routed.published = {port(8080, "172.18.0.2", 80)};
    test::expect_golden("nft/routed.nft", table_of(routed));
}

TEST(HostTable, OfAHostThatForwardedNothingBefore) {
    auto policy = policy_of({bridge("br-0123456789ab", "172.18.0.0/16")});
    keep_apart(policy, {.v4 = {"eth0", "eth1"}, .v6 = {"eth0", "eth1", "wg0"}});
    test::expect_golden("nft/apart.nft", render_host_table(policy));
}

TEST(HostPolicy, SubnetWithHostBitsBecomesItsNetwork) {
    EXPECT_TRUE(policy_of({bridge("br0", "10.7.0.9/24")}).at("masquerade4").contains("10.7.0.0/24"));
}

TEST(HostPolicy, PortOnAHostAddressOfTheOtherFamilyIsNotNats) {
    auto spec = bridge("br0", "10.7.0.0/24");
    spec.published = {port_at("::1", port(8080, "10.7.0.2", 80))};
    auto policy = policy_of({spec});
    EXPECT_EQ(policy.extract("proxied6").mapped(), std::set<std::string>{"::1 . tcp . 8080"});
    EXPECT_EQ(policy, policy_of({bridge("br0", "10.7.0.0/24")}));
}

TEST(Difference, OfEqualPoliciesIsNothing) {
    const auto policy = policy_of({bridge("br-a", "10.1.0.0/24")});
    EXPECT_EQ(render_difference(policy, policy), "");
}

TEST(Difference, OfOneMoreNetworkIsItsElements) {
    const auto one = policy_of({bridge("br-a", "10.1.0.0/24")});
    const auto two = policy_of({bridge("br-a", "10.1.0.0/24"), bridge("br-b", "10.2.0.0/24")});
    test::expect_golden("nft/difference-add.nft", render_difference(one, two));
    test::expect_golden("nft/difference-delete.nft", render_difference(two, one));
}

TEST(Difference, OfAMovedPortIsOneElementOutAndOneIn) {
    auto before = bridge("br-a", "10.1.0.0/24");
    before.published = {port(8080, "10.1.0.2", 80)};
    auto after = before;
    after.published = {port(8080, "10.1.0.3", 80)};
    test::expect_golden("nft/difference-port.nft", render_difference(policy_of({before}), policy_of({after})));
}

TEST(DnsTable, RewritesPort53WithoutConntrack) { test::expect_golden("nft/dns.nft", dns_table()); }

}  // namespace
}  // namespace nsr::net
