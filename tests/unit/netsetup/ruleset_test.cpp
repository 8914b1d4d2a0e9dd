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

TEST(HostTable, OfNoNetworkIsEmptySetsAndTheChains) {
    test::expect_golden("nft/empty.nft", render_host_table(policy_of({})));
}

TEST(HostTable, OfTwoNetworksMasqueradesBoth) {
    const std::vector<BridgeSpec> bridges{bridge("br-0123456789ab", "172.18.0.0/16"),
                                          bridge("br-ba9876543210", "172.19.0.0/16")};
    test::expect_golden("nft/two-networks.nft", render_host_table(policy_of(bridges)));
}

TEST(HostTable, OfAnInternalNetworkDropsWhatLeavesAndEnters) {
    auto internal = bridge("br-0123456789ab", "172.18.0.0/16");
    internal.internal = true;
    test::expect_golden("nft/internal.nft", render_host_table(policy_of({internal})));
}

TEST(HostTable, WithoutMasqueradeAndIcc) {
    auto plain = bridge("lab0", "10.7.0.0/24");
    plain.masquerade = false;
    plain.icc = false;
    test::expect_golden("nft/no-masquerade-no-icc.nft", render_host_table(policy_of({plain})));
}

TEST(HostTable, OfDualStack) {
    auto dual = bridge("br-0123456789ab", "172.18.0.0/16");
    dual.subnets.push_back(*IpPrefix::parse("fd00:1::/64"));
    test::expect_golden("nft/dual-stack.nft", render_host_table(policy_of({dual})));
}

TEST(HostTable, SubnetWithHostBitsBecomesItsNetwork) {
    EXPECT_TRUE(policy_of({bridge("br0", "10.7.0.9/24")}).masquerade4.contains("10.7.0.0/24"));
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

TEST(DnsTable, RewritesPort53WithoutConntrack) { test::expect_golden("nft/dns.nft", dns_table()); }

}  // namespace
}  // namespace nsr::net
