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
    EXPECT_THAT(find_forward_chains(kDocker), ElementsAre(ForwardChain{"ip filter", "FORWARD"}));
    EXPECT_THAT(find_forward_chains("table inet ns-register {\n\tchain forward {\n\t\ttype filter hook forward "
                                    "priority filter; policy drop;\n\t}\n}\n"),
                IsEmpty());
    EXPECT_THAT(
        find_forward_chains("table inet f {\n\tchain in {\n\t\ttype filter hook input priority filter; policy "
                            "drop;\n\t}\n\tchain fwd {\n\t\ttype filter hook forward priority 0; policy accept;\n"
                            "\t}\n}\n"),
        ElementsAre(ForwardChain{"inet f", "fwd", false}));
}

TEST(ForwardDrops, OfFirewalldAreARejectionAtTheEnd) {
    EXPECT_THAT(find_forward_chains("table inet firewalld {\n\tchain filter_FORWARD {\n\t\ttype filter hook forward "
                                    "priority filter + 10; policy accept;\n\t}\n}\n"),
                ElementsAre(ForwardChain{"inet firewalld", "filter_FORWARD"}));
}

std::string chain_with(const std::string& rules) {
    return "table inet mine {\n\tchain fwd {\n\t\ttype filter hook forward priority filter; policy accept;\n\t\t" +
           rules + "\n\t}\n}\n";
}

TEST(ForwardDrops, AreChainsThatAcceptButForARuleWithoutConditions) {
    const ForwardChain mine{"inet mine", "fwd", false};
    for (const char* rule :
         {"counter packets 0 bytes 0 reject with icmp type host-prohibited", "counter packets 7 bytes 420 drop",
          "reject with icmpx admin-prohibited", "drop comment \"hi\"", "log prefix \"x drop\" level warn drop",
          "counter packets 0 bytes 0 log flags all reject", "log counter packets 0 bytes 0 drop",
          "counter packets 0 bytes 0 xt target \"REJECT\"", "ct state established accept\n\t\tdrop",
          "reject\n\t\tiifname \"eth0\" accept"}) {
        EXPECT_TRUE(drops_the_rest(mine, chain_with(rule))) << rule;
    }
    for (const char* rule :
         {"", "iifname \"eth0\" drop", "limit rate 5/second drop", "log prefix \"x\" tcp dport 22 drop",
          "meta l4proto tcp reject with tcp reset", "reject with tcp reset", "accept\n\t\tdrop", "jump dropped",
          "counter packets 0 bytes 0", "log prefix \"drop\"", "xt target \"LOG\""}) {
        EXPECT_FALSE(drops_the_rest(mine, chain_with(rule))) << rule;
    }
    EXPECT_FALSE(drops_the_rest({"inet mine", "other", false}, chain_with("drop")));
}

TEST(ForwardDrops, SeeTheFamilyOfTheirTable) {
    EXPECT_TRUE(sees({"ip filter", "FORWARD"}, Family::v4));
    EXPECT_FALSE(sees({"ip filter", "FORWARD"}, Family::v6));
    EXPECT_FALSE(sees({"ip6 filter", "FORWARD"}, Family::v4));
    EXPECT_TRUE(sees({"inet mine", "fwd"}, Family::v6));
    EXPECT_TRUE(sees({"bridge mine", "fwd"}, Family::v4));
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
    const ForwardChain mine{"inet mine", "fwd"};
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

TEST(ForwardDrops, LeaveOutWhatAWildcardAccepts) {
    const ForwardChain mine{"inet mine", "fwd"};
    const auto listing =
        chain_with("iifname \"br-*\" accept\n\t\toifname { \"br-*\", \"nsr0\" } accept\n\t\tiifname \"ns\\*\" accept");
    EXPECT_THAT(not_let_pass(mine, listing, {"br-1", "br", "nsr0"}), ElementsAre("br", "nsr0"));
}

TEST(ForwardDrops, HoldWhateverStandsBehindThem) {
    const ForwardChain mine{"inet mine", "fwd"};
    const std::string accepts = "iifname \"nsr0\" accept\n\t\toifname \"nsr0\" accept";
    EXPECT_THAT(not_let_pass(mine, chain_with("counter packets 0 bytes 0 drop\n\t\t" + accepts), {"nsr0"}),
                ElementsAre("nsr0"));
    EXPECT_THAT(not_let_pass(mine, chain_with(accepts + "\n\t\tdrop"), {"nsr0"}), IsEmpty());
    EXPECT_THAT(not_let_pass(mine, chain_with("accept\n\t\tdrop"), {"nsr0"}), IsEmpty());
}

/// There the names are those of a bridge's ports, and our ports have the group.
TEST(ForwardDrops, OfTheBridgeFamilyGoByTheGroupOfOurLinks) {
    const ForwardChain fw{"bridge fw", "f1"};
    EXPECT_EQ(fix_of(fw, false, {"nsr0", "br-1"}), "nft insert rule bridge fw f1 iifgroup 7238514 accept");
    const auto cut = [&fw](const std::string& rules) { return not_let_pass(fw, chain_with(rules), {"nsr0", "br-1"}); };
    EXPECT_THAT(cut("iifname { \"nsr0\", \"br-1\" } accept\n\t\toifname { \"nsr0\", \"br-1\" } accept"),
                ElementsAre("nsr0", "br-1"));
    EXPECT_THAT(cut("iifgroup 7238514 accept"), IsEmpty());
    EXPECT_THAT(cut("iifgroup 7238514 counter packets 3 bytes 252 accept"), IsEmpty());
    EXPECT_THAT(cut("iifgroup 7238514 tcp dport 80 accept"), ElementsAre("nsr0", "br-1"));
    EXPECT_THAT(cut("iifgroup 7 accept"), ElementsAre("nsr0", "br-1"));
    EXPECT_THAT(cut("meta ibrname \"nsr0\" accept"), ElementsAre("br-1"));
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
