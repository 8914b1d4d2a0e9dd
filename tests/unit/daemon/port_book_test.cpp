#include "daemon/engine/port_book.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nsr::daemon {
namespace {

using registry::Protocol;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const IpAddress kAny4;
const IpAddress kAny6 = *IpAddress::parse("::");
const IpAddress kLoopback = *IpAddress::parse("127.0.0.1");

PortWish wish(std::uint16_t first, std::uint16_t last, std::vector<IpAddress> hosts = {kAny4, kAny6}) {
    return {.container = {80, Protocol::tcp}, .hosts = std::move(hosts), .first = first, .last = last};
}

class PortBookTest : public ::testing::Test {
protected:
    Result<std::uint16_t> choose(const PortWish& wish) {
        return book_.choose(wish, local_, [this](const PortWish&, std::uint16_t port) -> Result<> {
            if (foreign_.contains(port)) return fail(Errc::conflict, "address already in use");
            return {};
        });
    }
    std::string refusal(const PortWish& wish) {
        const auto chosen = choose(wish);
        return chosen ? std::to_string(*chosen) : chosen.error().message();
    }

    PortBook book_;
    net::LocalPorts local_{.first = 32768, .last = 32772, .reserved = {{32769, 32770}}};
    std::set<std::uint16_t> foreign_;
};

TEST_F(PortBookTest, FixedPortIsGivenOnce) {
    EXPECT_EQ(choose(wish(8080, 8080)), 8080);
    EXPECT_EQ(refusal(wish(8080, 8080)), "Bind for 0.0.0.0:8080 failed: port is already allocated");
    EXPECT_EQ(refusal(wish(8080, 8080, {kLoopback})), "Bind for 127.0.0.1:8080 failed: port is already allocated");
    EXPECT_EQ(refusal(wish(8080, 8080, {kAny6})), "Bind for :::8080 failed: port is already allocated");
    auto udp = wish(8080, 8080);
    udp.container.protocol = Protocol::udp;
    EXPECT_EQ(choose(udp), 8080) << "another protocol";
}

TEST(PortWishes, OfARoutedNetworkTakeNoPortOfTheHost) {
    registry::Container container;
    container.published = {
        {.container = {80, Protocol::tcp}, .host_ip = {}, .host_port_first = 8080, .host_port_last = 8080},
        {.container = {80, Protocol::tcp}, .host_ip = kLoopback},
        {.container = {81, Protocol::tcp}, .host_ip = {}}};
    PortTargets targets;
    targets.v4 = {"net", *IpAddress::parse("10.1.0.2"), true};
    targets.proxied = true;
    const PortWish first{.container = {80, Protocol::tcp}, .hosts = {kAny4}, .routed = true};
    const PortWish second{.container = {81, Protocol::tcp}, .hosts = {kAny4}, .routed = true};
    EXPECT_THAT(port_wishes(container, targets, 256), ElementsAre(first, second));
    targets.v6 = {"net", *IpAddress::parse("fd00::2"), false};
    const auto wishes = port_wishes(container, targets, 256);
    EXPECT_THAT(wishes.at(0).hosts, ElementsAre(kAny6)) << "the other family goes on as before";
    EXPECT_EQ(wishes.at(0).first, 8080);
    EXPECT_THAT(wishes, SizeIs(4));
}

TEST_F(PortBookTest, OnePortAtTwoAddresses) {
    EXPECT_EQ(choose(wish(8080, 8080, {kLoopback})), 8080);
    EXPECT_EQ(choose(wish(8080, 8080, {*IpAddress::parse("198.51.100.1")})), 8080);
    EXPECT_EQ(choose(wish(8080, 8080, {kAny6})), 8080) << "the families are apart";
}

TEST_F(PortBookTest, ReleasedPortIsFreeAgain) {
    const std::vector<registry::BoundPort> row{{{80, Protocol::tcp}, kAny4, 8000, 3}};
    book_.take(row);
    EXPECT_FALSE(choose(wish(8002, 8002)));
    book_.release(row);
    EXPECT_EQ(choose(wish(8002, 8002)), 8002);
}

TEST_F(PortBookTest, RangePassesOverWhatIsTaken) {
    foreign_ = {8081};
    EXPECT_EQ(choose(wish(8080, 8082)), 8080);
    EXPECT_EQ(choose(wish(8080, 8082)), 8082) << "8081 has another program";
    EXPECT_EQ(refusal(wish(8080, 8080)), "Bind for 0.0.0.0:8080 failed: port is already allocated");
    EXPECT_EQ(refusal(wish(8081, 8081)), "address already in use");
    foreign_ = {};
    EXPECT_EQ(choose(wish(8080, 8082)), 8081);
    EXPECT_EQ(refusal(wish(8080, 8082)), "all ports are allocated");
}

TEST_F(PortBookTest, AnyPortComesAfterTheLastOneAndIsNoReservedOne) {
    EXPECT_EQ(choose(wish(0, 0)), 32768);
    EXPECT_EQ(choose(wish(0, 0)), 32771);
    book_.release({{{80, Protocol::tcp}, kAny4, 32768, 1}, {{80, Protocol::tcp}, kAny6, 32768, 1}});
    EXPECT_EQ(choose(wish(0, 0)), 32772) << "not again before the end";
    EXPECT_EQ(choose(wish(0, 0)), 32768);
    EXPECT_EQ(refusal(wish(0, 0)), "all ports are allocated");
}

TEST_F(PortBookTest, NumberOfBeforeIsKept) {
    auto again = wish(0, 0);
    again.before = 40000;
    EXPECT_EQ(choose(again), 40000);
    EXPECT_EQ(choose(again), 32768);
}

registry::Container container(std::vector<registry::PortBinding> published) {
    registry::Container made;
    made.published = std::move(published);
    return made;
}

PortTargets targets() {
    PortTargets made;
    made.v4 = {"n1", *IpAddress::parse("10.1.0.2")};
    made.proxied = true;
    return made;
}

registry::PortBinding binding(std::uint16_t port, std::uint16_t host, std::optional<IpAddress> at = {}) {
    return {.container = {port, Protocol::tcp}, .host_ip = at, .host_port_first = host, .host_port_last = host};
}

TEST(PortWishes, HostAddressesFollowTheContainersFamilies) {
    auto to = targets();
    EXPECT_THAT(port_wishes(container({binding(80, 8080)}), to, 256).front().hosts, ElementsAre(kAny4, kAny6));
    to.proxied = false;
    EXPECT_THAT(port_wishes(container({binding(80, 8080)}), to, 256).front().hosts, ElementsAre(kAny4));
    EXPECT_THAT(port_wishes(container({binding(80, 8080, kAny6)}), to, 256), IsEmpty()) << "leads nowhere";
    to.v6 = {"n1", *IpAddress::parse("fd00::2")};
    EXPECT_THAT(port_wishes(container({binding(80, 8080)}), to, 256).front().hosts, ElementsAre(kAny4, kAny6));
    to.default_host = kLoopback;
    EXPECT_THAT(port_wishes(container({binding(80, 8080)}), to, 256).front().hosts, ElementsAre(kLoopback));
    EXPECT_THAT(port_wishes(container({binding(80, 8080)}), {}, 256), IsEmpty()) << "no network";
}

TEST(PortWishes, AllMeansWhatIsExposedAndNotPublishedAnyway) {
    auto all = container({binding(80, 8080)});
    all.exposed = {{80, Protocol::tcp}, {90, Protocol::tcp}};
    EXPECT_THAT(port_wishes(all, targets(), 256), SizeIs(1));
    all.publish_all = true;
    const auto wishes = port_wishes(all, targets(), 256);
    ASSERT_THAT(wishes, SizeIs(2));
    EXPECT_EQ(wishes[1].container.port, 90);
    EXPECT_EQ(wishes[1].first, 0);
}

TEST(PortWishes, PresentNumberIsKeptWhereThereIsAChoice) {
    auto moved = container({binding(80, 0), {{81, Protocol::tcp}, {}, 9000, 9010}, binding(82, 8082)});
    moved.bound = {
        {{80, Protocol::tcp}, kAny4, 40000}, {{81, Protocol::tcp}, kAny4, 9005}, {{82, Protocol::tcp}, kAny4, 7}};
    const auto wishes = port_wishes(moved, targets(), 256);
    ASSERT_THAT(wishes, SizeIs(3));
    EXPECT_EQ(wishes[0].before, 9005);
    EXPECT_EQ(wishes[1].before, 0);
    EXPECT_EQ(wishes[2].before, 40000) << "any port comes last";
}

TEST(PortWishes, LongRowIsNotHeld) {
    std::vector<registry::PortBinding> row;
    for (std::uint16_t step = 0; step < 4; ++step) {
        row.push_back(binding(static_cast<std::uint16_t>(80 + step), static_cast<std::uint16_t>(8080 + step)));
    }
    row.push_back(binding(90, 9090));
    EXPECT_TRUE(port_wishes(container(row), targets(), 4).front().held);
    const auto wishes = port_wishes(container(row), targets(), 3);
    EXPECT_FALSE(wishes[0].held);
    EXPECT_FALSE(wishes[3].held);
    EXPECT_TRUE(wishes[4].held);
}

TEST(PortWishes, LongRowIsSeenInAnyOrder) {
    std::vector<registry::PortBinding> row;
    for (const std::uint16_t port : std::initializer_list<std::uint16_t>{1001, 998, 1000, 999}) {
        row.push_back(binding(port, port));
        row.push_back({{port, Protocol::udp}, {}, port, port});
    }
    for (const auto& wish : port_wishes(container(row), targets(), 3)) EXPECT_FALSE(wish.held) << wish.first;
    for (const auto& wish : port_wishes(container(row), targets(), 4)) EXPECT_TRUE(wish.held) << wish.first;
}

TEST(PortWishes, HostWithoutIpv6HasNoPortThere) {
    auto to = targets();
    to.host_has_v6 = false;
    EXPECT_THAT(port_wishes(container({binding(80, 8080)}), to, 256).front().hosts, ElementsAre(kAny4));
    to.v6 = {"n1", *IpAddress::parse("fd00::2")};
    EXPECT_THAT(port_wishes(container({binding(80, 8080)}), to, 256).front().hosts, ElementsAre(kAny4));
}

TEST(LostPorts, AreThoseOfAFamilyThatLeadsNowhere) {
    const IpAddress loopback6 = *IpAddress::parse("::1");
    registry::Container container;
    container.published = {
        {.container = {80, Protocol::tcp}, .host_ip = kLoopback, .host_port_first = 8080, .host_port_last = 8080},
        {.container = {80, Protocol::tcp}, .host_ip = kLoopback, .host_port_first = 8000, .host_port_last = 8010},
        {.container = {53, Protocol::udp}, .host_ip = kLoopback},
        {.container = {81, Protocol::tcp}, .host_ip = loopback6, .host_port_first = 81, .host_port_last = 81},
        {.container = {82, Protocol::tcp}, .host_ip = std::nullopt, .host_port_first = 82, .host_port_last = 82}};
    PortTargets targets;
    targets.v6 = {"net", *IpAddress::parse("fd00::2")};
    EXPECT_THAT(lost_ports(container, targets), ElementsAre(LostPorts{"127.0.0.1:8000-8010:80/tcp", Family::v4},
                                                            LostPorts{"127.0.0.1:8080:80/tcp", Family::v4},
                                                            LostPorts{"127.0.0.1::53/udp", Family::v4}));
    targets = {};
    targets.v4 = {"net", *IpAddress::parse("10.0.0.2")};
    EXPECT_THAT(lost_ports(container, targets), ElementsAre(LostPorts{"[::1]:81:81/tcp", Family::v6}));
    targets.proxied = true;
    EXPECT_THAT(lost_ports(container, targets), IsEmpty());
}

TEST(LostPorts, ARowIsSaidOnce) {
    registry::Container container;
    for (std::uint16_t port = 20000; port < 30000; ++port) {
        container.published.push_back({.container = {port, Protocol::udp},
                                       .host_ip = kLoopback,
                                       .host_port_first = port,
                                       .host_port_last = port});
    }
    EXPECT_THAT(lost_ports(container, {}), ElementsAre(LostPorts{"127.0.0.1:20000-29999:20000-29999/udp", Family::v4}));
}

TEST(BoundPorts, RowsAreJoinedAndSeparated) {
    const std::vector<registry::BoundPort> singles{{{80, Protocol::tcp}, kAny4, 8080},
                                                   {{80, Protocol::tcp}, kAny6, 8080},
                                                   {{81, Protocol::tcp}, kAny4, 8081},
                                                   {{83, Protocol::tcp}, kAny4, 8083}};
    const auto rows = joined(singles);
    EXPECT_THAT(rows, SizeIs(3));
    EXPECT_EQ(separate(rows), singles);
}

TEST(BoundPorts, RulesKnowWhatTheProxyCarriesToTheOtherFamily) {
    const std::vector<registry::BoundPort> ports{{{80, Protocol::tcp}, kAny4, 8080},
                                                 {{80, Protocol::tcp}, kAny6, 8080}};
    const auto rules = rules_of(ports, targets(), 1);
    ASSERT_THAT(rules, SizeIs(2));
    EXPECT_EQ(rules[0].first, "n1");
    EXPECT_EQ(rules[0].second.container.text(), "10.1.0.2");
    EXPECT_EQ(rules[1].second.host_address, kAny6);
    EXPECT_EQ(rules[1].second.container.text(), "10.1.0.2");
    auto unproxied = targets();
    unproxied.proxied = false;
    EXPECT_THAT(rules_of(ports, unproxied, 1), SizeIs(1));
    EXPECT_TRUE(rules[0].second.carried);
    EXPECT_FALSE(rules_of(ports, targets(), 0)[0].second.carried) << "not held";
    EXPECT_FALSE(rules_of(ports, unproxied, 1)[0].second.carried);
}

}  // namespace
}  // namespace nsr::daemon
