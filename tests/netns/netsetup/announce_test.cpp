#include "tests/netns/netsetup/outside.h"

/// An address that moves to another MAC: its neighbours send there at once.
namespace nsr::net {
namespace {

using test::run_command;
using test::run_json;

constexpr const char* kMoving4 = "10.1.0.2";
constexpr const char* kMoving6 = "fd00::2";

class AnnounceTest : public KernelTest {
protected:
    static BridgeSpec dual_bridge() {
        auto spec = bridge_spec(1);
        spec.addresses.push_back(*IpPrefix::parse("fd00::1/64"));
        spec.subnets.push_back(*IpPrefix::parse("fd00::/64"));
        return spec;
    }
    static InterfaceSpec moving(const std::string& host_name, const std::string& mac = "") {
        auto spec = interface_spec(1, 2);
        spec.addresses.push_back(*IpPrefix::parse(std::string(kMoving6) + "/64"));
        spec.host_name = host_name;
        if (!mac.empty()) spec.mac = *MacAddress::parse(mac);
        return spec;
    }
    static InterfaceSpec watching() {
        auto spec = interface_spec(1, 3);
        spec.addresses.push_back(*IpPrefix::parse("fd00::3/64"));
        return spec;
    }
    /// What is believed of an address on a link: its MAC, or "".
    static std::string believed(const std::string& address, const std::string& link, const NetNs& where) {
        const auto entries = run_json("ip -j neigh show " + address + " dev " + link, where);
        return entries.empty() ? "" : entries[0].value("lladdr", "");
    }
    /// The same, once it is as expected; an announcement takes its way.
    static std::string believed_soon(const std::string& address, const std::string& expected, const NetNs& where) {
        for (int tries = 0; tries < 50; ++tries) {
            if (believed(address, "eth0", where) == expected) break;
        }
        return believed(address, "eth0", where);
    }
    void expect_moved(const NetNs& watcher, const std::string& mac) {
        const auto host = *NetNs::current();
        for (const char* address : {kMoving4, kMoving6}) {
            EXPECT_EQ(believed_soon(address, mac, watcher), mac) << address << " in a container";
            EXPECT_EQ(believed(address, "br-1", host), mac) << address << " on the host";
        }
    }
};

TEST_F(AnnounceTest, NeighboursOfAnAddressThatMovesAreCorrected) {
    set_up({dual_bridge()});
    const auto watcher = attach(watching());
    const auto first = attach(moving("vethone", "02:00:00:00:00:01"));
    const auto here = *NetNs::current();
    for (const char* address : {kMoving4, kMoving6}) {
        ASSERT_TRUE(reaches(watcher, address));
        ASSERT_TRUE(reaches(here, address));
    }
    expect_moved(watcher, "02:00:00:00:00:01");
    NSR_ASSERT_OK(kernel().remove_interface("vethone", "eth0", first));

    const auto second = attach(moving("vethtwo", "02:00:00:00:00:02"));
    expect_moved(watcher, "02:00:00:00:00:02");
    for (const char* address : {kMoving4, kMoving6}) EXPECT_TRUE(reaches(watcher, address));
    NSR_ASSERT_OK(kernel().remove_interface("vethtwo", "eth0", second));

    const auto third = attach(moving("veththree"));
    expect_moved(watcher, "02:42:0a:01:00:02");
    EXPECT_TRUE(reaches(watcher, kMoving4));
}

TEST_F(AnnounceTest, NothingIsSentForAnAddressThatHasNotMoved) {
    set_up({dual_bridge()});
    const auto watcher = attach(watching());
    // Not announced: an announcement would correct it.
    ASSERT_TRUE(run_command("ip neigh replace 10.1.0.2 lladdr 02:00:00:00:00:09 dev eth0 nud stale", watcher).ok());
    const auto first = attach(moving("vethone"));
    EXPECT_EQ(believed(kMoving4, "eth0", watcher), "02:00:00:00:00:09");
}

TEST_F(AnnounceTest, SegmentOfAMacvlanIsTold) {
    const auto other = make_namespace();
    connect(
        {.host_end = "seg0", .host_address = "192.0.2.1/24", .other_end = "eth0", .other_address = "192.0.2.100/24"},
        other);
    InterfaceSpec spec;
    spec.name = "eth0";
    spec.mac = *MacAddress::parse("02:00:00:00:00:02");
    spec.addresses = {*IpPrefix::parse("192.0.2.2/24")};
    spec.upper = UpperLink{.kind = "macvlan", .parent = "seg0", .mode = "bridge"};
    ASSERT_TRUE(run_command("ip neigh replace 192.0.2.2 lladdr 02:00:00:00:00:09 dev eth0 nud stale", other).ok());
    const auto container = attach(spec);
    EXPECT_EQ(believed_soon("192.0.2.2", "02:00:00:00:00:02", other), "02:00:00:00:00:02");
}

}  // namespace
}  // namespace nsr::net
