#include "hosts/hosts_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nsr::hosts {
namespace {

using testing::ElementsAre;

HostsLine line(const char* address, std::vector<std::string> names) {
    return {.address = *IpAddress::parse(address), .names = std::move(names)};
}

constexpr const char* kFixed =
    "127.0.0.1\tlocalhost\n"
    "::1\tlocalhost ip6-localhost ip6-loopback\n"
    "fe00::\tip6-localnet\n"
    "ff00::\tip6-mcastprefix\n"
    "ff02::1\tip6-allnodes\n"
    "ff02::2\tip6-allrouters\n";

/// A container `app` on one network, with an extra host and a link.
HostsInputs app() {
    HostsInputs inputs;
    inputs.extra = {line("9.9.9.9", {"ex"})};
    inputs.links = {line("172.17.0.2", {"db", "0123456789ab", "cat-db"})};
    inputs.own = {line("172.17.0.3", {"app"})};
    return inputs;
}

TEST(RenderHosts, HasFixedLinesExtraHostsLinksAndOwnLinesInThisOrder) {
    HostsInputs inputs = app();
    inputs.extra = {line("1.2.3.4", {"foo"}), line("1.2.3.6", {"foo"}), line("2001:db8::1", {"six"})};
    inputs.own.push_back(line("fd00:79::2", {"app"}));
    EXPECT_EQ(render_hosts(inputs), std::string(kFixed) +
                                        "1.2.3.4\tfoo\n"
                                        "1.2.3.6\tfoo\n"
                                        "2001:db8::1\tsix\n"
                                        "172.17.0.2\tdb 0123456789ab cat-db\n"
                                        "172.17.0.3\tapp\n"
                                        "fd00:79::2\tapp\n");
}

TEST(RenderHosts, LeavesOutTheIpv6LinesWithoutAnIpv6Loopback) {
    HostsInputs inputs;
    inputs.ipv6_loopback = false;
    inputs.extra = {line("1.2.3.4", {"foo"}), line("2001:db8::1", {"six"})};
    inputs.own = {line("10.77.0.2", {"app"})};
    EXPECT_EQ(render_hosts(inputs), "127.0.0.1\tlocalhost\n1.2.3.4\tfoo\n10.77.0.2\tapp\n");
}

TEST(UpdateHosts, ChangesTheAddressOfALinkWhereItStandsAndKeepsEdits) {
    HostsInputs after = app();
    after.links[0].address = *IpAddress::parse("172.17.0.4");
    const std::string edited = render_hosts(app()) + "9.9.9.9 custom\n# a comment\n\n";
    EXPECT_EQ(update_hosts(edited, app(), after), std::string(kFixed) +
                                                      "9.9.9.9\tex\n"
                                                      "172.17.0.4\tdb 0123456789ab cat-db\n"
                                                      "172.17.0.3\tapp\n"
                                                      "9.9.9.9 custom\n# a comment\n\n");
}

TEST(UpdateHosts, AppendsTheLineOfANewNetworkAndTakesOnlyThatOutAgain) {
    HostsInputs after = app();
    after.own.push_back(line("10.78.0.18", {"app"}));
    const std::string edited = render_hosts(app()) + "9.9.9.9 custom";
    const std::string connected = update_hosts(edited, app(), after);
    EXPECT_EQ(connected, render_hosts(app()) + "9.9.9.9 custom\n10.78.0.18\tapp\n");
    EXPECT_EQ(update_hosts(connected, after, app()), render_hosts(app()) + "9.9.9.9 custom\n");
}

TEST(UpdateHosts, KeepsNamesThatAUserHasAddedToALineOfOurs) {
    HostsInputs after = app();
    after.own[0].address = *IpAddress::parse("172.17.0.9");
    EXPECT_EQ(update_hosts("172.17.0.3  app mine # me\n", app(), after), "172.17.0.9  app mine # me\n");
}

TEST(UpdateHosts, AddsALineAgainThatChangesAfterAUserTookItOut) {
    HostsInputs after = app();
    after.links[0].address = *IpAddress::parse("172.17.0.4");
    EXPECT_EQ(update_hosts("127.0.0.1\tlocalhost\n", app(), after),
              "127.0.0.1\tlocalhost\n172.17.0.4\tdb 0123456789ab cat-db\n");
}

TEST(UpdateHosts, LeavesAloneWhatDoesNotChange) {
    EXPECT_EQ(update_hosts("anything\n", app(), app()), "anything\n");
    EXPECT_EQ(update_hosts("no end", app(), app()), "no end");
    HostsInputs after = app();
    after.own.push_back(line("10.78.0.18", {"app"}));
    EXPECT_EQ(update_hosts("of another system\r\n", app(), after), "of another system\r\n10.78.0.18\tapp\n");
}

TEST(UpdateHosts, DoesNotTakeALongerNameForOurs) {
    HostsInputs after = app();
    after.own.clear();
    EXPECT_EQ(update_hosts("172.17.0.3\tapplication\n172.17.0.33\tapp\n", app(), after),
              "172.17.0.3\tapplication\n172.17.0.33\tapp\n");
}

TEST(UpdateHosts, MatchesEqualNamesByFamily) {
    HostsInputs before;
    before.own = {line("10.79.0.2", {"v"}), line("fd00:79::2", {"v"})};
    HostsInputs after;
    after.own = {line("10.79.0.3", {"v"}), line("fd00:79::3", {"v"})};
    EXPECT_EQ(update_hosts("10.79.0.2\tv\nfd00:79::2\tv\n", before, after), "10.79.0.3\tv\nfd00:79::3\tv\n");
}

TEST(OwnNames, AreTheFullNameAndItsFirstLabel) {
    EXPECT_THAT(own_names("app", ""), ElementsAre("app"));
    EXPECT_THAT(own_names("my.host.example", ""), ElementsAre("my.host.example", "my"));
    EXPECT_THAT(own_names("my", "dom.example"), ElementsAre("my.dom.example", "my"));
}

TEST(LinkNames, LeaveOutTheNameWhenItIsTheAlias) {
    EXPECT_THAT(link_names("db", "0123456789ab", "cat-db"), ElementsAre("db", "0123456789ab", "cat-db"));
    EXPECT_THAT(link_names("cat-db", "0123456789ab", "cat-db"), ElementsAre("cat-db", "0123456789ab"));
}

}  // namespace
}  // namespace nsr::hosts
