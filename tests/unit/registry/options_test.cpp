#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/validate.h"

namespace nsr::registry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string refusal(std::string_view driver, const std::string& key, const std::string& value) {
    const auto checked = check_network_options(driver, {{key, value}});
    return checked ? "" : checked.error().message();
}

TEST(NetworkOptions, TakeWhatTheyKnow) {
    const auto checked =
        check_network_options("bridge", {{"com.docker.network.bridge.name", "catbr7"},
                                         {"com.docker.network.bridge.enable_icc", "FALSE"},
                                         {"com.docker.network.bridge.host_binding_ipv4", "127.0.0.1"},
                                         {"com.docker.network.bridge.gateway_mode_ipv4", "routed"},
                                         {"com.docker.network.container_iface_prefix", "cif"},
                                         {"com.docker.network.driver.mtu", "1400"},
                                         {"ns-register.dns", "forward-only"},
                                         {"ns-register.dns.cache", "off"},
                                         {"ns-register.dns.forward.corp.example", "192.0.2.1"},
                                         {"ns-register.dns.ttl", "0"},
                                         {"ns-register.dns.upstream", "192.0.2.1:5353,[::1]:53,fd00::1,fe80::1%eth0"}});
    ASSERT_TRUE(checked) << checked.error().message();
    EXPECT_THAT(*checked, IsEmpty());
}

TEST(NetworkOptions, ReturnUnknownOnesToBeWarnedAbout) {
    EXPECT_THAT(*check_network_options("bridge", {{"colour", "red"}, {"parent", "eth0"}}),
                ElementsAre("colour", "parent"));
}

TEST(NetworkOptions, RefuseUnknownOnesOfOurNamespaces) {
    EXPECT_EQ(refusal("bridge", "com.docker.network.bogus", "x"), "unknown network option 'com.docker.network.bogus'");
    EXPECT_EQ(refusal("bridge", "ns-register.bogus", "x"), "unknown network option 'ns-register.bogus'");
    EXPECT_EQ(refusal("bridge", "ns-register.dns.forward.", "192.0.2.1"),
              "unknown network option 'ns-register.dns.forward.'");
    for (const char* domain : {"a b", "*.corp.example", "a..b", "corp.example."}) {
        const std::string key = std::string("ns-register.dns.forward.") + domain;
        EXPECT_EQ(refusal("bridge", key, "192.0.2.1"), "unknown network option '" + key + "'");
    }
}

TEST(NetworkOptions, InterfaceNamesMeanThemselvesToKernelAndRules) {
    for (const char* name : {"br%d", "br*", "a\"b", "a\\b", "a:b", "a/b", "a b"}) {
        EXPECT_EQ(refusal("bridge", "com.docker.network.bridge.name", name),
                  std::string("failed to parse com.docker.network.bridge.name value: ") + name +
                      " (an interface name has 1 to 15 characters without blank, '/', ':', '%', '*', '\"' and '\\')");
        EXPECT_NE(refusal("bridge", "com.docker.network.container_iface_prefix", name), "");
        EXPECT_NE(refusal("macvlan", "parent", name), "");
        EXPECT_FALSE(check_interface_name(name));
    }
    EXPECT_EQ(refusal("bridge", "com.docker.network.bridge.name", "br_1.2-x@y"), "");
}

TEST(NetworkOptions, RefuseBadValuesInDockersWords) {
    EXPECT_EQ(
        refusal("bridge", "com.docker.network.driver.mtu", "abc"),
        "failed to parse com.docker.network.driver.mtu value: abc (strconv.Atoi: parsing \"abc\": invalid syntax)");
    EXPECT_EQ(
        refusal("bridge", "com.docker.network.bridge.enable_icc", "maybe"),
        "failed to parse com.docker.network.bridge.enable_icc value: maybe (strconv.ParseBool: parsing \"maybe\": "
        "invalid syntax)");
    EXPECT_EQ(refusal("bridge", "com.docker.network.bridge.host_binding_ipv4", "bogus"),
              "failed to parse com.docker.network.bridge.host_binding_ipv4 value: bogus (nil ip)");
    for (const char* mtu : {"-1", "0", "67", "65536", "99999999999999999999"}) {
        SCOPED_TRACE(mtu);
        EXPECT_NE(refusal("bridge", "com.docker.network.driver.mtu", mtu), "");
    }
    EXPECT_NE(refusal("bridge", "com.docker.network.bridge.name", "thisnameiswaytoolongforanif"), "");
    EXPECT_NE(refusal("bridge", "com.docker.network.bridge.name", "a/b"), "");
    EXPECT_NE(refusal("bridge", "ns-register.dns", "sometimes"), "");
    EXPECT_NE(refusal("bridge", "ns-register.dns.ttl", "604801"), "");
    for (const char* servers :
         {"", "bogus", "192.0.2.1:0", "192.0.2.1:x", "192.0.2.1,", "[::1", "[::1]53", "fe80::1%", "192.0.2.1%eth0"}) {
        SCOPED_TRACE(servers);
        EXPECT_NE(refusal("bridge", "ns-register.dns.upstream", servers), "");
    }
}

TEST(NetworkOptions, CheckParentAndModeOfMacvlan) {
    EXPECT_THAT(*check_network_options("macvlan", {{"parent", "eth0.7"}, {"macvlan_mode", "vepa"}}), IsEmpty());
    EXPECT_EQ(refusal("macvlan", "macvlan_mode", "bogus"),
              "requested macvlan mode 'bogus' is not valid, 'bridge' mode is the macvlan driver default");
    EXPECT_EQ(refusal("ipvlan", "ipvlan_mode", "bogus"),
              "requested ipvlan mode 'bogus' is not valid, 'l2' mode is the ipvlan driver default");
    EXPECT_EQ(refusal("ipvlan", "ipvlan_flag", "bogus"),
              "requested ipvlan flag 'bogus' is not valid, 'bridge' is the ipvlan driver default");
    EXPECT_THAT(*check_network_options("ipvlan", {{"ipvlan_flag", "vepa"}, {"ipvlan_mode", ""}}), IsEmpty());
    EXPECT_THAT(*check_network_options("macvlan", {{"ipvlan_flag", "vepa"}, {"com.docker.network.driver.mtu", "1400"}}),
                ElementsAre("ipvlan_flag"));
    EXPECT_THAT(*check_network_options("macvlan", {{"com.docker.network.bridge.name", "lab0"}}),
                ElementsAre("com.docker.network.bridge.name"));
    EXPECT_EQ(refusal("macvlan", "parent", "mvp0.4095"), "vlan id must be between 1-4094, received: 4095");
    EXPECT_EQ(refusal("macvlan", "parent", "lo"), "loopback interface is not a valid macvlan parent link");
}

TEST(NetworkOptions, AreReadAsDockerReadsThem) {
    const StringMap options = {{"yes", "T"}, {"no", "0"}, {"number", "42"}};
    EXPECT_EQ(bool_option(options, "yes"), true);
    EXPECT_EQ(bool_option(options, "no"), false);
    EXPECT_EQ(bool_option(options, "absent"), std::nullopt);
    EXPECT_EQ(number_option(options, "number"), 42U);
    EXPECT_EQ(number_option(options, "absent"), std::nullopt);
}

}  // namespace
}  // namespace nsr::registry
