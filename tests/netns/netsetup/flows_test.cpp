#include "netsetup/flows.h"

#include <array>

#include <gmock/gmock.h>

#include "netsetup/flow_cleaner.h"
#include "netsetup/netlink/conntrack.h"
#include "tests/netns/netsetup/outside.h"

namespace nsr::net {
namespace {

using test::run_command;
using ::testing::HasSubstr;
using ::testing::Not;

/// Flows are made by `conntrack -I`, and looked at with `conntrack -L`.
class FlowsTest : public FirewallTest {
protected:
    void SetUp() override {
        FirewallTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        set_up({bridge_spec(1)});
        auto opened = netlink::Socket::open(netlink::Subsystem::netfilter);
        NSR_ASSERT_OK(opened);
        conntrack_.emplace(std::move(*opened));
    }

    static void add(const std::string& flow) {
        const auto added = run_command("conntrack -I -t 60 -u SEEN_REPLY " + flow);
        ASSERT_TRUE(added.ok()) << added.output;
    }
    /// From 198.51.100.9:4000 to 198.51.100.1:`port`, led to the container.
    static void add_led(const std::string& protocol, unsigned port, const std::string& container, unsigned to) {
        const std::string state = protocol == "tcp" ? " --state ESTABLISHED" : "";
        add("-p " + protocol + state + " -s 198.51.100.9 -d 198.51.100.1 --sport 4000 --dport " + std::to_string(port) +
            " -r " + container + " -q 198.51.100.9 --reply-port-src " + std::to_string(to) + " --reply-port-dst 4000");
    }
    static std::string flows(const std::string& family = "ipv4") {
        return run_command("conntrack -L -f " + family + " 2>/dev/null").output;
    }
    netlink::Socket& conntrack() { return *conntrack_; }

private:
    std::optional<netlink::Socket> conntrack_;
};

TEST_F(FlowsTest, OfAGivenBackAddressAreForgottenAndOthersAreNot) {
    add_led("udp", 5300, "10.1.0.2", 53);
    add_led("tcp", 8080, "10.1.0.2", 80);
    add_led("udp", 5301, "10.1.0.3", 53);
    add("-p udp -s 10.1.0.2 -d 198.51.100.9 --sport 7000 --dport 7001");
    const auto forgotten = forget_addresses(conntrack(), {*IpAddress::parse("10.1.0.2")});
    NSR_ASSERT_OK(forgotten);
    EXPECT_EQ(*forgotten, 3U);
    EXPECT_THAT(flows(), Not(HasSubstr("10.1.0.2")));
    EXPECT_THAT(flows(), HasSubstr("dport=5301"));
}

TEST_F(FlowsTest, OfManyAddressesAreForgottenAtOnce) {
    std::set<IpAddress> addresses;
    for (unsigned host = 2; host < 22; ++host) addresses.insert(*IpAddress::parse("10.1.0." + std::to_string(host)));
    add_led("udp", 5300, "10.1.0.20", 53);
    add_led("udp", 5301, "10.1.0.30", 53);
    EXPECT_EQ(forget_addresses(conntrack(), addresses).value_or(0), 1U);
    EXPECT_THAT(flows(), HasSubstr("10.1.0.30"));
}

TEST_F(FlowsTest, AreListedByAddressAndProtocolAlone) {
    add_led("udp", 5300, "10.1.0.2", 53);
    add_led("tcp", 5301, "10.1.0.3", 53);
    const auto count = [this](const netlink::FlowFilter& filter) {
        return netlink::list_flows(conntrack(), filter).value_or(std::vector<netlink::Flow>(99)).size();
    };
    EXPECT_GE(count({}), 2U);
    EXPECT_EQ(count({.reply_source = IpAddress::parse("10.1.0.2")}), 1U);
    EXPECT_EQ(count({.original_source = IpAddress::parse("198.51.100.9")}), 2U);
    EXPECT_EQ(count({.original_source = IpAddress::parse("10.1.0.2")}), 0U);
    EXPECT_EQ(count({.protocol = std::uint8_t{17}}), 1U);
    EXPECT_EQ(count({.family = Family::v6}), 0U);
}

TEST_F(FlowsTest, OfIpv6AreForgotten) {
    add("-p udp -s 2001:db8::9 -d 2001:db8::1 --sport 4000 --dport 5300 -r fd00::2 -q 2001:db8::9 "
        "--reply-port-src 53 --reply-port-dst 4000");
    ASSERT_THAT(flows("ipv6"), HasSubstr("fd00::2"));
    EXPECT_EQ(forget_addresses(conntrack(), {*IpAddress::parse("fd00::2")}).value_or(0), 1U);
    EXPECT_THAT(flows("ipv6"), Not(HasSubstr("fd00::2")));
}

TEST_F(FlowsTest, OfUdpPortsThatLeadElsewhereAreForgotten) {
    add_led("udp", 5300, "10.1.0.2", 53);
    add_led("tcp", 5300, "10.1.0.2", 53);
    add_led("udp", 5301, "10.1.0.2", 54);
    add("-p udp -s 198.51.100.9 -d 198.51.100.1 --sport 4001 --dport 5353");
    add("-p udp -s 198.51.100.9 -d 198.51.100.1 --sport 4002 --dport 5354");
    StalePorts stale;
    stale.closed.emplace(*IpAddress::parse("10.1.0.2"), std::uint16_t{53});
    stale.opened.insert({registry::Protocol::udp, IpAddress(), 5353});
    EXPECT_EQ(forget_ports(conntrack(), stale).value_or(0), 2U);
    const auto left = flows();
    EXPECT_THAT(left, HasSubstr("dport=5301"));
    EXPECT_THAT(left, HasSubstr("dport=5354"));
    EXPECT_THAT(left, Not(HasSubstr("dport=5353")));
    EXPECT_THAT(left, HasSubstr("tcp")) << "only UDP";
}

TEST_F(FlowsTest, ThatHaveJustBegunAreLeftAlone) {
    ASSERT_TRUE(run_command("conntrack -I -t 60 -p udp -s 10.1.0.2 -d 198.51.100.9 --sport 7000 --dport 7001").ok());
    EXPECT_EQ(forget_addresses(conntrack(), {*IpAddress::parse("10.1.0.2")}).value_or(9), 0U);
    EXPECT_THAT(flows(), HasSubstr("10.1.0.2"));
}

TEST_F(FlowsTest, OfAddressesAreForgottenBesideEverythingElse) {
    add_led("udp", 5300, "10.1.0.2", 53);
    auto host = NetNs::current();
    auto socket = netlink::Socket::open(netlink::Subsystem::netfilter);
    NSR_ASSERT_OK(host);
    NSR_ASSERT_OK(socket);
    FlowCleaner cleaner(std::move(*host), std::move(*socket));
    cleaner.forget({*IpAddress::parse("10.1.0.2")});
    cleaner.finish();
    EXPECT_THAT(flows(), Not(HasSubstr("5300")));
}

}  // namespace
}  // namespace nsr::net
