#include "tests/netns/netsetup/outside.h"

namespace nsr::net {
namespace {

using test::run_command;
using test::run_json;

/// A router's advertisement on the wire to the host: 1800 seconds, no prefix (RFC 4861 section 4.2).
constexpr const char* kAdvertise = R"(exec python3 -c "
import socket, struct
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
index = socket.if_nametoindex('wan')
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
s.sendto(struct.pack('!BBHBBHII', 134, 0, 0, 64, 0, 1800, 0, 0), ('ff02::1', 0, 0, index))
")";

std::string learned() { return run_command("ip -6 route show default proto ra").output; }
std::string accept_ra(const std::string& link) {
    return run_command("cat /proc/sys/net/ipv6/conf/" + link + "/accept_ra").output;
}

class AcceptRaTest : public FirewallTest {
protected:
    /// Until the host has a default route from it, or a tenth as long if it is to have none.
    void advertise() {
        ASSERT_TRUE(
            run_command("for i in $(seq 5000); do ip -6 addr show dev wan scope link | grep -q tentative || exit 0; "
                        "ip -6 addr show dev wan > /dev/null; done; exit 0",
                        outside())
                .ok());
        const auto sent = run_command(kAdvertise, outside());
        ASSERT_TRUE(sent.ok()) << sent.output;
        (void)run_command("for i in $(seq 300); do ip -6 route show default proto ra | grep -q . && exit 0; done");
    }
    static BridgeSpec six(unsigned number) {
        auto spec = bridge_spec(number);
        spec.addresses.push_back(*IpPrefix::parse("fd00:" + std::to_string(number) + "::1/64"));
        spec.subnets.push_back(*IpPrefix::parse("fd00:" + std::to_string(number) + "::/64"));
        return spec;
    }
};

TEST_F(AcceptRaTest, FirstIpv6NetworkLeavesTheHostItsLearnedDefaultRoute) {
    set_up({bridge_spec(1)});
    advertise();
    ASSERT_NE(learned(), "") << "the test's router is not heard";
    ASSERT_EQ(accept_ra("wan0"), "1\n");
    set_up({bridge_spec(1), six(2)});
    ASSERT_EQ(run_command("cat /proc/sys/net/ipv6/conf/all/forwarding").output, "1\n");
    EXPECT_NE(learned(), "");
    EXPECT_EQ(accept_ra("wan0"), "2\n");
    EXPECT_EQ(accept_ra("br-1"), "0\n") << "a bridge of ours is nobody's uplink";
    EXPECT_EQ(accept_ra("br-2"), "0\n");
    ASSERT_TRUE(run_command("ip -6 route del default proto ra").ok());
    advertise();
    EXPECT_NE(learned(), "") << "learned again";
}

TEST_F(AcceptRaTest, WhoHasTurnedAdvertisementsOffKeepsThemOff) {
    ASSERT_TRUE(run_command("echo 0 > /proc/sys/net/ipv6/conf/wan0/accept_ra").ok());
    set_up({six(1)});
    EXPECT_EQ(accept_ra("wan0"), "0\n");
}

TEST_F(AcceptRaTest, ExaminationNamesALinkThatWillLoseItsRoute) {
    const auto found = [this] {
        for (const auto& finding : kernel().examine({six(1)}, {})) {
            if (finding.check == "router advertisements") return finding;
        }
        return Finding{};
    };
    set_up({six(1)});
    ASSERT_TRUE(run_command("ip -6 route add default via 2001:db8::9 dev wan0 proto ra").ok());
    EXPECT_TRUE(found().ok) << found().text;
    ASSERT_TRUE(run_command("echo 1 > /proc/sys/net/ipv6/conf/wan0/accept_ra").ok());
    EXPECT_EQ(
        found().text,
        "the default route by 'wan0' comes from router advertisements, which a host that forwards takes only with "
        "accept_ra 2");
    ASSERT_EQ(found().fix, "sysctl -w net.ipv6.conf.wan0.accept_ra=2");
    ASSERT_TRUE(run_command(found().fix).ok());
    EXPECT_TRUE(found().ok) << found().text;
}

}  // namespace
}  // namespace nsr::net
