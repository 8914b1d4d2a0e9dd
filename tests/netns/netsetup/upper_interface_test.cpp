#include "tests/netns/netsetup/fixture.h"

namespace nsr::net {
namespace {

using test::run_command;
using test::run_json;

/// A host and another one on the same segment: parent "seg0" here, "seg1" there.
class UpperInterfaceTest : public KernelTest {
protected:
    void SetUp() override {
        KernelTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        other_.emplace(make_namespace());
        connect({.host_end = "seg0",
                 .host_address = "192.0.2.1/24",
                 .other_end = "seg1",
                 .other_address = "192.0.2.100/24"},
                *other_);
    }

    static InterfaceSpec spec(unsigned host, const std::string& mode = "bridge", const std::string& parent = "seg0") {
        InterfaceSpec spec;
        spec.name = "eth0";
        spec.mac = MacAddress::from_v4(*IpAddress::parse("192.0.2." + std::to_string(host)));
        spec.addresses = {*IpPrefix::parse("192.0.2." + std::to_string(host) + "/24")};
        spec.upper = UpperLink{.kind = "macvlan", .parent = parent, .mode = mode};
        return spec;
    }

    const NetNs& other() { return *other_; }

private:
    std::optional<NetNs> other_;
};

TEST_F(UpperInterfaceTest, MacvlanReachesItsNeighboursAndTheSegmentAndNotTheHost) {
    const NetNs first = attach(spec(2));
    const NetNs second = attach(spec(3));
    const auto link = run_json("ip -j -d link show eth0", first)[0];
    EXPECT_EQ(link["linkinfo"]["info_kind"], "macvlan");
    EXPECT_EQ(link["linkinfo"]["info_data"]["mode"], "bridge");
    EXPECT_EQ(link["address"], "02:42:c0:00:02:02");
    EXPECT_EQ(link["group"], std::to_string(kLinkGroup));
    EXPECT_TRUE(reaches(first, "192.0.2.3"));
    EXPECT_TRUE(reaches(first, "192.0.2.100"));
    EXPECT_TRUE(is_cut_off(first, "192.0.2.1"));
}

TEST_F(UpperInterfaceTest, ContainersOfTwoHostsShareTheSegment) {
    const NetNs here = attach(spec(2));
    // The other host has its own engine: what it does is done by hand here.
    const NetNs there = make_namespace();
    ASSERT_TRUE(run_command("ip link add link seg1 name up0 type macvlan mode bridge && ip link set up0 netns /proc/" +
                                std::to_string(::getpid()) + "/fd/" + std::to_string(there.fd()),
                            other())
                    .ok());
    ASSERT_TRUE(run_command("ip addr add 192.0.2.50/24 dev up0 && ip link set up0 up", there).ok());
    EXPECT_TRUE(reaches(here, "192.0.2.50"));
    EXPECT_TRUE(reaches(there, "192.0.2.2"));
}

TEST_F(UpperInterfaceTest, PrivateNeighboursDoNotReachEachOther) {
    const NetNs first = attach(spec(2, "private"));
    const NetNs second = attach(spec(3, "private"));
    EXPECT_TRUE(reaches(first, "192.0.2.100"));
    EXPECT_TRUE(is_cut_off(first, "192.0.2.3"));
}

TEST_F(UpperInterfaceTest, EveryModeIsTheKernels) {
    for (const std::string mode : {"vepa", "passthru"}) {
        const NetNs sandbox = attach(spec(2, mode));
        EXPECT_EQ(run_json("ip -j -d link show eth0", sandbox)[0]["linkinfo"]["info_data"]["mode"], mode);
        NSR_ASSERT_OK(kernel().remove_interface("", "eth0", sandbox));
        EXPECT_TRUE(run_command("! ip link show eth0", sandbox).ok());
    }
}

TEST_F(UpperInterfaceTest, EnsuringAgainChangesNothingAndMendsAWrongOne) {
    const NetNs sandbox = attach(spec(2));
    const auto index = run_json("ip -j link show eth0", sandbox)[0]["ifindex"];
    NSR_ASSERT_OK(kernel().ensure_interface(spec(2), sandbox));
    EXPECT_EQ(run_json("ip -j link show eth0", sandbox)[0]["ifindex"], index);
    NSR_ASSERT_OK(kernel().ensure_interface(spec(7), sandbox));
    EXPECT_EQ(run_json("ip -j link show eth0", sandbox)[0]["address"], "02:42:c0:00:02:07");
}

TEST_F(UpperInterfaceTest, SweepTakesOnlyWhatIsOursAndNotWanted) {
    const NetNs sandbox = attach(spec(2));
    ASSERT_TRUE(run_command("ip link add own0 type bridge", sandbox).ok());
    NSR_ASSERT_OK(kernel().sweep_upper_interfaces(sandbox, {"eth0"}));
    EXPECT_TRUE(run_command("ip link show eth0 && ip link show own0", sandbox).ok());
    NSR_ASSERT_OK(kernel().sweep_upper_interfaces(sandbox, {}));
    EXPECT_TRUE(run_command("! ip link show eth0 && ip link show own0", sandbox).ok());
}

TEST_F(UpperInterfaceTest, ForeignInterfaceIsLeftAlone) {
    const NetNs sandbox = make_namespace();
    ASSERT_TRUE(run_command("ip link add eth0 type bridge", sandbox).ok());
    const auto made = kernel().ensure_interface(spec(2), sandbox);
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().message(), "interface 'eth0' exists already in the container's namespace");
    NSR_ASSERT_OK(kernel().remove_interface("", "eth0", sandbox));
    EXPECT_TRUE(run_command("ip link show eth0", sandbox).ok());
}

TEST_F(UpperInterfaceTest, FailureLeavesNothing) {
    const NetNs sandbox = make_namespace();
    const auto made = kernel().ensure_interface(spec(2, "bridge", "nosuch0"), sandbox);
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().message(), "-o parent interface was not found on the host: nosuch0");
    auto bad = spec(2);
    bad.mtu = 9000;  // more than the parent's
    ASSERT_FALSE(kernel().ensure_interface(bad, sandbox).has_value());
    EXPECT_TRUE(run_command("! ip link show eth0", sandbox).ok());
}

TEST_F(UpperInterfaceTest, SaysWhyTheKernelPutsNoLinkOnTheParent) {
    const auto refusal = [this](const InterfaceSpec& spec) {
        const NetNs sandbox = make_namespace();
        const auto made = kernel().ensure_interface(spec, sandbox);
        EXPECT_TRUE(run_command("! ip link show eth0", sandbox).ok());
        return made ? "" : made.error().message();
    };
    const std::string start = "failed to create the macvlan link 'eth0' on 'seg0': ";
    auto large = spec(2);
    large.mtu = 9000;
    EXPECT_EQ(refusal(large), start + "MTU 9000 is more than the 1500 of parent interface 'seg0'");
    {
        const NetNs first = attach(spec(2));
        auto same = spec(3);
        same.mac = spec(2).mac;
        EXPECT_EQ(refusal(same), "MAC address '02:42:c0:00:02:02' is in use on parent interface 'seg0' already");
        EXPECT_EQ(refusal(spec(3, "passthru")),
                  start + "mode passthru has room for one link on parent interface 'seg0', and there is one already");
        NSR_ASSERT_OK(kernel().remove_interface("", "eth0", first));
    }
    const NetNs first = attach(spec(2, "passthru"));
    EXPECT_EQ(refusal(spec(3)), start + "a link in mode passthru has parent interface 'seg0' to itself");
    NSR_ASSERT_OK(kernel().remove_interface("", "eth0", first));
    ASSERT_TRUE(run_command("ip link add sw0 type bridge && ip link set seg0 master sw0").ok());
    EXPECT_EQ(refusal(spec(3)), start + "parent interface 'seg0' is a port of bridge 'sw0'");
}

TEST_F(UpperInterfaceTest, ChecksAParentBeforeThereIsALink) {
    const auto refusal = [this](const char* parent, std::optional<std::uint32_t> mtu) {
        const auto fit = kernel().check_parent(*spec(2, "bridge", parent).upper, mtu);
        return fit ? "" : fit.error().message();
    };
    EXPECT_EQ(refusal("seg0", std::nullopt), "");
    EXPECT_EQ(refusal("seg0", 1500), "");
    EXPECT_EQ(refusal("seg0", 1501), "MTU 1501 is more than the 1500 of parent interface 'seg0'");
    EXPECT_EQ(refusal("nosuch0", 1500), "-o parent interface was not found on the host: nosuch0");
    ASSERT_TRUE(run_command("ip link add sw0 type bridge && ip link set seg0 master sw0").ok());
    EXPECT_EQ(refusal("seg0", 1500), "parent interface 'seg0' is a port of bridge 'sw0'");
    EXPECT_EQ(refusal("sw0", 1500), "");
    ASSERT_TRUE(run_command("ip tuntap add dev tun0 mode tun").ok());
    EXPECT_EQ(refusal("tun0", std::nullopt), "parent interface 'tun0' is not an Ethernet interface");
}

TEST_F(UpperInterfaceTest, ParentsThatCannotBeAreRefusedInDockersWords) {
    const auto refusal = [this](const char* name) {
        const auto made = kernel().ensure_parent({.name = name});
        return made ? "" : made.error().message();
    };
    EXPECT_EQ(refusal("seg0"), "");
    EXPECT_EQ(refusal("nosuch0"), "invalid subinterface vlan name nosuch0, example formatting is eth0.10");
    EXPECT_EQ(refusal("nosuch.10"), "-o parent interface was not found on the host: nosuch");
    EXPECT_EQ(refusal("seg0.abc"), "unable to parse a valid vlan id from: abc (ex. eth0.10 for vlan 10)");
    EXPECT_EQ(refusal("seg0.4095"), "vlan id must be between 1-4094, received: 4095");
}

/// On a kernel that has such links the parent is made and removed, on another one the refusal names what it lacks.
TEST_F(UpperInterfaceTest, ParentsAreMadeOnDemandOrTheKernelsLackIsNamed) {
    struct Case {
        ParentSpec spec;
        const char* kind;
        const char* refusal;
    };
    const Case cases[] = {
        {{.name = "seg0.10"},
         "vlan",
         "failed to create seg0.10 vlan link: the kernel does not support vlan links (CONFIG_VLAN_8021Q)"},
        {{.name = "dm-0123456789ab", .dummy = true},
         "dummy",
         "failed to create dm-0123456789ab dummy link: the kernel does not support dummy links (CONFIG_DUMMY)"},
    };
    for (const Case& each : cases) {
        const bool known =
            run_command(std::string("ip link add probe0 ") +
                        (each.spec.dummy ? "type dummy" : "link seg0 type vlan id 7") + " && ip link del probe0")
                .ok();
        const auto made = kernel().ensure_parent(each.spec);
        ASSERT_EQ(made.has_value(), known) << each.kind;
        if (!known) {
            EXPECT_EQ(made.error().message(), each.refusal);
            EXPECT_EQ(made.error().code(), Errc::unsupported);
            continue;
        }
        EXPECT_EQ(run_json("ip -j -d link show " + each.spec.name)[0]["linkinfo"]["info_kind"], each.kind);
        NSR_ASSERT_OK(kernel().remove_parent(each.spec.name));
        EXPECT_TRUE(run_command("! ip link show " + each.spec.name).ok());
    }
}

TEST_F(UpperInterfaceTest, ParentOfSomebodyElseStays) {
    NSR_ASSERT_OK(kernel().ensure_parent({.name = "seg0"}));
    NSR_ASSERT_OK(kernel().remove_parent("seg0"));
    EXPECT_TRUE(run_command("ip link show seg0").ok());
}

/// The kernel gives a passthru link the MAC of its parent: that is no reason to make it again and again.
TEST_F(UpperInterfaceTest, PassthruLinkKeepsTheMacOfItsParent) {
    const NetNs sandbox = attach(spec(2, "passthru"));
    const auto link = run_json("ip -j link show eth0", sandbox)[0];
    const auto mac = kernel().mac_of_parent(*spec(2, "passthru").upper);
    NSR_ASSERT_OK(mac);
    EXPECT_EQ(mac->text(), link["address"]);
    EXPECT_EQ(mac->text(), run_json("ip -j link show seg0")[0]["address"]);
    EXPECT_TRUE(kernel().verify_interface(spec(2, "passthru"), sandbox)->empty());
    NSR_ASSERT_OK(kernel().ensure_interface(spec(2, "passthru"), sandbox));
    EXPECT_EQ(run_json("ip -j link show eth0", sandbox)[0]["ifindex"], link["ifindex"]);
}

TEST_F(UpperInterfaceTest, LinksOfOtherNetworksAreNoParentsAndStay) {
    set_up({bridge_spec(1)});
    const NetNs sandbox = attach(interface_spec(1, 2));
    for (const std::string& name : {bridge_spec(1).name, interface_spec(1, 2).host_name}) {
        const auto taken = kernel().ensure_parent({.name = name});
        ASSERT_FALSE(taken) << name;
        EXPECT_EQ(taken.error().message(), "link '" + name + "' belongs to a network of ours and cannot be a parent");
        NSR_ASSERT_OK(kernel().remove_parent(name));
        EXPECT_TRUE(run_command("ip link show " + name).ok()) << name;
    }
    EXPECT_TRUE(reaches(sandbox, "10.1.0.1"));
}

}  // namespace
}  // namespace nsr::net
