#include "netsetup/nft/foreign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nsr::net {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kDocker =
    "table ip filter {\n\tchain FORWARD {\n\t\ttype filter hook forward priority filter; policy drop;\n"
    "\t\tcounter packets 0 bytes 0 jump DOCKER-USER\n\t}\n\n\tchain DOCKER-USER {\n\t\tcounter packets 0 bytes 0 "
    "return\n\t}\n}\n";

TEST(ForwardDrops, AreThoseOfOthersWithPolicyDrop) {
    EXPECT_THAT(find_forward_drops(kDocker), ElementsAre(ForwardDrop{"ip filter", "FORWARD"}));
    EXPECT_THAT(find_forward_drops("table inet ns-register {\n\tchain forward {\n\t\ttype filter hook forward priority "
                                   "filter; policy drop;\n\t}\n}\n"),
                IsEmpty());
    EXPECT_THAT(
        find_forward_drops("table inet f {\n\tchain in {\n\t\ttype filter hook input priority filter; policy "
                           "drop;\n\t}\n\tchain fwd {\n\t\ttype filter hook forward priority 0; policy accept;\n"
                           "\t}\n}\n"),
        IsEmpty());
}

TEST(ForwardDrops, OfFirewalldAreARejectionAtTheEnd) {
    EXPECT_THAT(find_forward_drops("table inet firewalld {\n\tchain filter_FORWARD {\n\t\ttype filter hook forward "
                                   "priority filter + 10; policy accept;\n\t}\n}\n"),
                ElementsAre(ForwardDrop{"inet firewalld", "filter_FORWARD"}));
}

TEST(ForwardDrops, HaveAFixInTheWordsOfTheirProgram) {
    EXPECT_TRUE(has_docker_user(kDocker, "ip"));
    EXPECT_FALSE(has_docker_user(kDocker, "ip6"));
    EXPECT_EQ(
        fix_of({"ip filter", "FORWARD"}, true, {"nsr0", "br-1"}),
        "for i in nsr0 br-1; do iptables -I DOCKER-USER -i $i -j ACCEPT; iptables -I DOCKER-USER -o $i -j ACCEPT; "
        "done");
    EXPECT_EQ(
        fix_of({"inet mine", "fwd"}, false, {"nsr0"}),
        "nft 'insert rule inet mine fwd iifname { \"nsr0\" } accept; insert rule inet mine fwd oifname { \"nsr0\" } "
        "accept'");
}

TEST(ForwardDrops, LeaveOutTheBridgesThatAreAcceptedBothWays) {
    const ForwardDrop mine{"inet mine", "fwd"};
    constexpr const char* kAccepts =
        "table inet mine {\n\tchain fwd {\n\t\ttype filter hook forward priority filter; policy drop;\n"
        "\t\toifname { \"br-1\", \"nsr0\" } accept\n\t\tiifname \"nsr0\" counter packets 12 bytes 345 accept\n"
        "\t\tiifname \"br-1\" ip saddr 10.0.0.1 accept\n\t\tiifname \"br-2\" drop\n\t}\n}\n";
    EXPECT_THAT(not_let_pass(mine, kAccepts, {"nsr0", "br-1", "br-2"}), ElementsAre("br-1", "br-2"));
    EXPECT_THAT(not_let_pass(mine, "", {"nsr0"}), ElementsAre("nsr0"));
    EXPECT_THAT(not_let_pass(mine, kAccepts, {"nsr0"}), IsEmpty());
    EXPECT_THAT(
        not_let_pass({"inet firewalld", "filter_FORWARD"},
                     "\t\tiifname \"nsr0\" goto filter_FWD_trusted\n\t\tiifname \"up0\" goto filter_FWD_public\n",
                     {"nsr0", "up0"}),
        ElementsAre("up0"));
}

TEST(DockerUser, GetsARuleEachWayForEachBridge) {
    EXPECT_EQ(docker_user_commands("table ip filter {\n\tchain DOCKER-USER { # handle 9\n\t}\n}\n", "ip", {"nsr0"}),
              "insert rule ip filter DOCKER-USER iifname \"nsr0\" counter accept comment \"ns-register\"\n"
              "insert rule ip filter DOCKER-USER oifname \"nsr0\" counter accept comment \"ns-register\"\n");
}

TEST(DockerUser, KeepsWhatIsRightAndTakesBackWhatIsNot) {
    constexpr const char* kListing =
        "table ip filter {\n\tchain DOCKER-USER { # handle 9\n\t\tiifname \"nsr0\" counter packets 3 bytes 4 accept "
        "comment \"ns-register\" # handle 20\n\t\toifname \"nsr0\" counter packets 3 bytes 4 accept comment "
        "\"ns-register\" # handle 21\n\t\tiifname \"br-1\" counter packets 0 bytes 0 accept comment \"ns-register\" # "
        "handle 22\n\t\toifname \"eth7\" counter packets 0 bytes 0 drop # handle 23\n\t}\n}\n";
    EXPECT_EQ(docker_user_commands(kListing, "ip", {"nsr0"}), "delete rule ip filter DOCKER-USER handle 22\n");
    EXPECT_EQ(docker_user_commands(kListing, "ip", {"nsr0", "br-1"}),
              "insert rule ip filter DOCKER-USER oifname \"br-1\" counter accept comment \"ns-register\"\n");
}

}  // namespace
}  // namespace nsr::net
