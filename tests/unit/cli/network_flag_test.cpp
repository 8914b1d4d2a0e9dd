#include "cli/commands/network_flag.h"

#include <gtest/gtest.h>

namespace nsr::cli {
namespace {

std::string refusal(const std::string& text) {
    const auto flag = parse_network_flag(text);
    return flag ? "accepted" : flag.error().message();
}

std::string refusal_of(const CreateFlags& flags) {
    const auto networks = networks_of(flags);
    return networks ? "accepted" : networks.error().message();
}

TEST(NetworkFlag, WithoutFieldsIsAName) {
    for (const char* name : {"net1", "host", "container:web", "name=", "=x", "-=-", ""}) {
        const auto flag = parse_network_flag(name);
        ASSERT_TRUE(flag) << name;
        EXPECT_EQ(*flag, NetworkFlag{.name = name});
    }
}

TEST(NetworkFlag, HasAllFieldsInAnyOrder) {
    const auto flag = parse_network_flag(
        "alias=a, Alias=B ,ip=10.1.0.5,name=net1,ip6=fd00::5,mac-address=02:42:0a:01:00:05,gw-priority=-3,"
        "link-local-ip=169.254.0.9,driver-opt=com.docker.network.endpoint.ifname=up0,\"driver-opt=k=1,\"\"2\"\"\"");
    ASSERT_TRUE(flag) << flag.error().message();
    const NetworkFlag expected{.name = "net1",
                               .aliases = {"a", "B"},
                               .exclusive_aliases = {},
                               .ip = "10.1.0.5",
                               .ip6 = "fd00::5",
                               .mac = "02:42:0a:01:00:05",
                               .link_local_ips = {"169.254.0.9"},
                               .options = {{"com.docker.network.endpoint.ifname", "up0"}, {"k", "1,\"2\""}},
                               .gw_priority = -3};
    EXPECT_EQ(*flag, expected);
}

TEST(NetworkFlag, RefusesInDockersWords) {
    const auto said = [](const std::string& text, const std::string& why) {
        return "invalid argument \"" + text + "\" for \"--network\" flag: " + why;
    };
    for (const auto& [text, why] : std::vector<std::pair<std::string, std::string>>{
             {"alias=a", "network name/id is not specified"},
             {"name=net1,alias", "invalid field alias"},
             {"name=net1,colour=red", "invalid field key colour"},
             {"name=net1,gw-priority=high", "invalid gw-priority (high): invalid syntax"},
             {"name=net1,gw-priority=99999999999", "invalid gw-priority (99999999999): value out of range"},
             {"name=net1,driver-opt=key", "invalid key value pair format in driver options"}}) {
        EXPECT_EQ(refusal(text), said(text, why));
    }
}

TEST(Networks, FlagsOfTheirOwnGoToTheFirst) {
    CreateFlags flags;
    flags.networks = {"name=net1,ip=10.1.0.5", "name=net2,alias=b"};
    flags.aliases = {"a"};
    const auto networks = networks_of(flags);
    ASSERT_TRUE(networks) << networks.error().message();
    ASSERT_EQ(networks->size(), 2U);
    EXPECT_EQ(networks->at(0), (NetworkFlag{.name = "net1", .aliases = {"a"}, .ip = "10.1.0.5"}));
    EXPECT_EQ(networks->at(1), (NetworkFlag{.name = "net2", .aliases = {"b"}}));
    EXPECT_EQ(networks_of({})->at(0).name, "default");
}

TEST(Networks, NothingIsSaidTwice) {
    CreateFlags flags;
    flags.networks = {"net1", "name=net1,alias=a"};
    EXPECT_EQ(refusal_of(flags), "network \"net1\" is specified multiple times");
    flags.networks = {"name=net1,alias=a,ip=10.1.0.5,ip6=fd00::5,mac-address=02:42:0a:01:00:05"};
    EXPECT_EQ(refusal_of(flags), "accepted");
    const std::string both = "conflicting options: cannot specify both ";
    for (const auto& [member, said] : std::vector<std::pair<std::string CreateFlags::*, std::string>>{
             {&CreateFlags::ip, "--ip and per-network IPv4 address"},
             {&CreateFlags::ip6, "--ip6 and per-network IPv6 address"},
             {&CreateFlags::mac, "--mac-address and per-network MAC address"}}) {
        CreateFlags twice = flags;
        twice.*member = "x";
        EXPECT_EQ(refusal_of(twice), both + said);
    }
    flags.aliases = {"b"};
    EXPECT_EQ(refusal_of(flags), both + "--network-alias and per-network alias");
}

}  // namespace
}  // namespace nsr::cli
