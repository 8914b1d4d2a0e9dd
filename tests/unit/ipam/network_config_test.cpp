#include "netsetup/ipam/network_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nsr::net {
namespace {

using registry::IpamConfig;

constexpr const char* kHostId = "0123456789abcdef";

std::vector<IpPrefix> prefixes(std::initializer_list<const char*> texts) {
    std::vector<IpPrefix> result;
    for (const char* text : texts) result.push_back(*IpPrefix::parse(text));
    return result;
}

Result<std::vector<IpamConfig>> plan(const IpamRequest& request, std::initializer_list<const char*> own = {},
                                     std::initializer_list<const char*> avoid = {}) {
    return plan_ipam(request, prefixes(own), prefixes(avoid), kHostId);
}

SubnetRequest subnet(const char* text) { return {.subnet = text, .ip_range = {}, .gateway = {}, .aux = {}}; }

IpamRequest of(std::vector<SubnetRequest> configs) {
    IpamRequest request;
    request.configs = std::move(configs);
    return request;
}

TEST(PlanIpam, ChoosesTheLowestFreeDefaultPool) {
    const auto first = plan({}, {"172.17.0.0/16"});
    ASSERT_TRUE(first);
    ASSERT_EQ(first->size(), 1U);
    EXPECT_EQ(first->front().subnet.text(), "172.18.0.0/16");
    EXPECT_EQ(first->front().gateway->text(), "172.18.0.1");
    EXPECT_TRUE(first->front().automatic);
    EXPECT_EQ(plan({}, {"172.17.0.0/16", "172.18.4.0/24", "172.20.0.0/16"})->front().subnet.text(), "172.19.0.0/16");
}

TEST(PlanIpam, GoesOnWithTheTwentiesAndThenSaysThatAllAreUsed) {
    EXPECT_EQ(plan({}, {"172.16.0.0/12"})->front().subnet.text(), "192.168.0.0/20");
    EXPECT_EQ(plan({}, {"172.16.0.0/12", "192.168.0.0/20", "192.168.16.7/32"})->front().subnet.text(),
              "192.168.32.0/20");
    const auto none = plan({}, {"172.16.0.0/12", "192.168.0.0/16"});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error(), Error(Errc::conflict, "all predefined address pools have been fully subnetted"));
}

TEST(PlanIpam, AutomaticChoiceAvoidsTheHostsNetworksAndExplicitChoiceDoesNot) {
    EXPECT_EQ(plan({}, {"172.17.0.0/16"}, {"172.18.5.0/24"})->front().subnet.text(), "172.19.0.0/16");
    EXPECT_TRUE(plan(of({subnet("198.51.100.0/24")}), {}, {"198.51.100.0/24"}));
}

TEST(PlanIpam, TakesThePoolsThatAreConfigured) {
    const AddressPools pools{.v4 = {{*IpPrefix::parse("10.200.0.0/16"), 24}}, .v6 = {}};
    const auto own = prefixes({"10.200.0.0/24"});
    EXPECT_EQ(plan_ipam({}, own, {}, pools)->front().subnet.text(), "10.200.1.0/24");
}

TEST(PlanIpam, DerivesAStableIpv6SubnetFromTheHost) {
    IpamRequest request;
    request.enable_ipv6 = true;
    const auto both = plan(request);
    ASSERT_TRUE(both);
    ASSERT_EQ(both->size(), 2U);
    EXPECT_EQ((*both)[0].subnet.text(), "172.17.0.0/16");
    const IpPrefix ula = (*both)[1].subnet;
    EXPECT_EQ(ula.length(), 64U);
    EXPECT_EQ(ula.address().bytes()[0], 0xfd);
    EXPECT_EQ((*both)[1].gateway, ula.first().plus(1));
    EXPECT_EQ(plan(request)->at(1).subnet, ula);
    const auto next = plan_ipam(request, std::vector{ula}, {}, kHostId)->at(1).subnet;
    EXPECT_EQ(next.first(), ula.last().plus(1));
    EXPECT_NE(plan_ipam(request, {}, {}, "another host")->at(1).subnet, ula);
}

TEST(PlanIpam, CanDoWithoutIpv4) {
    IpamRequest request;
    request.enable_ipv4 = false;
    request.enable_ipv6 = true;
    const auto only = plan(request);
    ASSERT_TRUE(only);
    ASSERT_EQ(only->size(), 1U);
    EXPECT_EQ(only->front().subnet.family(), Family::v6);
    request.enable_ipv6 = false;
    EXPECT_EQ(plan(request).error(), Error(Errc::invalid, "IPv4 or IPv6 must be enabled"));
}

TEST(PlanIpam, IgnoresAnIpv6SubnetOfANetworkWithoutIpv6) {
    const auto planned = plan(of({subnet("10.79.0.0/24"), subnet("fd00:79::/64")}));
    ASSERT_TRUE(planned);
    ASSERT_EQ(planned->size(), 1U);
    EXPECT_EQ(planned->front().subnet.text(), "10.79.0.0/24");
}

TEST(PlanIpam, GatewayIsTheFirstAddressOfTheRangeIfThereIsOne) {
    auto request = subnet("10.90.0.0/24");
    EXPECT_EQ(plan(of({request}))->front().gateway->text(), "10.90.0.1");
    request.ip_range = "10.90.0.128/28";
    EXPECT_EQ(plan(of({request}))->front().gateway->text(), "10.90.0.128");
    request.gateway = "10.90.0.254";
    EXPECT_EQ(plan(of({request}))->front().gateway->text(), "10.90.0.254");
}

TEST(PlanIpam, MacvlanHasAGatewayOnlyIfGivenAndMaySpanSubnets) {
    IpamRequest request = of({subnet("192.0.2.0/24"), subnet("192.0.3.0/24")});
    request.driver = "macvlan";
    const auto planned = plan(request);
    ASSERT_TRUE(planned);
    EXPECT_EQ(planned->size(), 2U);
    EXPECT_FALSE(planned->front().gateway);
    request.configs[1].gateway = "192.0.3.9";
    EXPECT_EQ(plan(request)->at(1).gateway->text(), "192.0.3.9");
}

TEST(PlanIpam, AcceptsPointToPointSubnets) {
    EXPECT_EQ(plan(of({subnet("10.95.0.0/31")}))->front().gateway->text(), "10.95.0.0");
}

TEST(PlanIpam, MatchesTextsToSubnetsInWhateverGroupTheyCome) {
    IpamRequest request = of({subnet("10.1.0.0/24"), subnet("fd00:1::/64"), subnet("")});
    request.enable_ipv6 = true;
    request.configs[0].gateway = "fd00:1::9";
    request.configs[2].gateway = "10.1.0.9";
    const auto planned = plan(request);
    ASSERT_TRUE(planned);
    EXPECT_EQ((*planned)[0].gateway->text(), "10.1.0.9");
    EXPECT_EQ((*planned)[1].gateway->text(), "fd00:1::9");
}

struct Refusal {
    const char* what;
    SubnetRequest request;
    Error error;
};

class PlanIpamRefuses : public testing::TestWithParam<Refusal> {};

TEST_P(PlanIpamRefuses, InDockersWords) {
    const auto planned = plan(of({GetParam().request}), {"10.91.0.0/24", "172.17.0.0/16"});
    ASSERT_FALSE(planned);
    EXPECT_EQ(planned.error().message(), GetParam().error.message());
    EXPECT_EQ(planned.error().code(), GetParam().error.code());
}

const std::string kConfig = "invalid network config:\n";
const Error kOverlap(Errc::forbidden, "invalid pool request: Pool overlaps with other one on this address space");

INSTANTIATE_TEST_SUITE_P(
    All, PlanIpamRefuses,
    testing::Values(
        Refusal{"Same", {"10.91.0.0/24", "", "", {}}, kOverlap},
        Refusal{"Inside", {"10.91.0.0/25", "", "", {}}, kOverlap},
        Refusal{"Around", {"10.0.0.0/8", "", "", {}}, kOverlap},
        Refusal{"DefaultBridge", {"172.17.0.0/16", "", "", {}}, kOverlap},
        Refusal{"HostBits",
                {"10.94.0.7/24", "", "", {}},
                Error(Errc::invalid, kConfig + "invalid subnet 10.94.0.7/24: it should be 10.94.0.0/24")},
        Refusal{"NoPrefix",
                {"bogus", "", "", {}},
                Error(Errc::invalid, kConfig + "invalid subnet bogus: invalid CIDR block notation")},
        Refusal{"Loopback",
                {"127.1.0.0/24", "", "", {}},
                Error(Errc::invalid, kConfig + "invalid subnet 127.1.0.0/24: loopback addresses cannot be used")},
        Refusal{"Multicast",
                {"224.0.0.0/24", "", "", {}},
                Error(Errc::invalid, kConfig + "invalid subnet 224.0.0.0/24: multicast addresses cannot be used")},
        Refusal{"Everything",
                {"0.0.0.0/0", "", "", {}},
                Error(Errc::invalid, kConfig + "invalid subnet 0.0.0.0/0: unspecified addresses cannot be used")},
        Refusal{"GatewayIsNetwork",
                {"10.95.0.0/24", "", "10.95.0.0", {}},
                Error(Errc::forbidden, "failed to allocate gateway (10.95.0.0): Address already in use")},
        Refusal{"GatewayIsBroadcast",
                {"10.95.0.0/24", "", "10.95.0.255", {}},
                Error(Errc::forbidden, "failed to allocate gateway (10.95.0.255): Address already in use")},
        Refusal{"GatewayOutside",
                {"10.95.0.0/24", "", "10.99.0.1", {}},
                Error(Errc::invalid, "no matching subnet for gateway 10.99.0.1")},
        Refusal{"GatewayIsText",
                {"10.95.0.0/24", "", "bogus", {}},
                Error(Errc::invalid, kConfig + "invalid gateway bogus: invalid address")},
        Refusal{"RangeOutside",
                {"10.95.0.0/24", "10.99.0.0/28", "", {}},
                Error(Errc::invalid, "no matching subnet for range 10.99.0.0/28")},
        Refusal{"RangeTooBig",
                {"10.95.0.0/24", "10.95.0.0/16", "", {}},
                Error(Errc::invalid, kConfig + "invalid ip-range 10.95.0.0/16: CIDR block is bigger than its parent "
                                               "subnet 10.95.0.0/24")},
        Refusal{"GatewayAlone",
                {"", "", "10.95.0.1", {}},
                Error(Errc::invalid, "every ip-range or gateway must have a corresponding subnet")},
        Refusal{"RangeAlone",
                {"", "10.95.0.0/28", "", {}},
                Error(Errc::invalid, "every ip-range or gateway must have a corresponding subnet")},
        Refusal{"AuxOutside",
                {"10.95.0.0/24", "", "", {{"a", "10.99.0.2"}}},
                Error(Errc::invalid, "no matching subnet for aux-address 10.99.0.2")},
        Refusal{"AuxIsText",
                {"10.95.0.0/24", "", "", {{"a", "bogus"}}},
                Error(Errc::invalid, kConfig + "invalid auxiliary address a: invalid address")},
        Refusal{"AuxIsEmpty",
                {"10.95.0.0/24", "", "", {{"10.95.0.5", ""}}},
                Error(Errc::invalid, kConfig + "invalid auxiliary address 10.95.0.5: invalid address")},
        Refusal{
            "AuxIsGateway",
            {"10.95.0.0/24", "", "", {{"a", "10.95.0.1"}}},
            Error(Errc::forbidden, "failed to allocate secondary ip address (a:10.95.0.1): Address already in use")},
        Refusal{"SingleAddress",
                {"10.95.0.0/32", "", "", {}},
                Error(Errc::invalid, "failed to allocate gateway (): no available addresses on this pool")}),
    [](const auto& row) { return std::string(row.param.what); });

TEST(PlanIpam, ABridgeHasOneSubnetOfEachFamily) {
    const auto planned = plan(of({subnet("10.95.0.0/24"), subnet("10.96.0.0/24")}));
    ASSERT_FALSE(planned);
    EXPECT_EQ(planned.error(), Error(Errc::forbidden, "bridge driver doesn't support multiple subnets"));
}

TEST(PlanIpam, RefusesAnIpv4SubnetWithoutIpv4AndIgnoresAnIpv6SubnetWithoutIpv6) {
    IpamRequest request = of({subnet("fd00:95::/64"), subnet("10.95.0.0/24")});
    const auto ignoring = plan(request);
    ASSERT_TRUE(ignoring);
    ASSERT_EQ(ignoring->size(), 1U);
    EXPECT_EQ(ignoring->front().subnet.text(), "10.95.0.0/24");
    request.enable_ipv4 = false;
    request.enable_ipv6 = true;
    const auto planned = plan(request);
    ASSERT_FALSE(planned);
    EXPECT_EQ(planned.error(), Error(Errc::invalid, "IPv4 subnet '10.95.0.0/24' given, but IPv4 is disabled"));
}

TEST(PlanIpam, RefusesSubnetsOfOneRequestThatOverlap) {
    const auto planned = plan(of({subnet("10.95.0.0/16"), subnet("10.95.1.0/24")}));
    ASSERT_FALSE(planned);
    EXPECT_EQ(planned.error().message(), "multiple overlapping subnet configuration is not supported");
}

}  // namespace
}  // namespace nsr::net
