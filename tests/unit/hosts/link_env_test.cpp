#include "hosts/link_env.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nsr::hosts {
namespace {

using registry::PortProto;
using registry::Protocol;
using testing::ElementsAre;

LinkSource link(std::vector<PortProto> ports, std::string alias = "db") {
    return {.container = "app",
            .alias = std::move(alias),
            .address = *IpAddress::parse("172.17.0.2"),
            .ports = std::move(ports),
            .env = {}};
}

TEST(LinkVariables, OfATargetWithoutPortsAreItsName) {
    EXPECT_THAT(link_variables(link({})), ElementsAre("DB_NAME=/app/db"));
}

TEST(LinkVariables, DescribeEachPortAndCopyTheTargetsOwn) {
    LinkSource source = link({{5432, Protocol::tcp}});
    source.env = {"SECRET=abc", "PATH=/x", "HOME=/r", "EMPTY=", "MULTI=a=b=c", "NOVALUE", "WEIRD.NAME=1"};
    EXPECT_THAT(link_variables(source),
                ElementsAre("DB_PORT=tcp://172.17.0.2:5432", "DB_PORT_5432_TCP=tcp://172.17.0.2:5432",
                            "DB_PORT_5432_TCP_ADDR=172.17.0.2", "DB_PORT_5432_TCP_PORT=5432",
                            "DB_PORT_5432_TCP_PROTO=tcp", "DB_NAME=/app/db", "DB_ENV_SECRET=abc",
                            "DB_ENV_EMPTY=", "DB_ENV_MULTI=a=b=c", "DB_ENV_WEIRD.NAME=1"));
}

TEST(LinkVariables, PutTcpBeforeUdpAndEachPortOnce) {
    const auto variables =
        link_variables(link({{80, Protocol::udp}, {81, Protocol::tcp}, {81, Protocol::tcp}, {53, Protocol::sctp}}));
    ASSERT_EQ(variables.size(), 14U);
    EXPECT_EQ(variables[0], "DB_PORT=tcp://172.17.0.2:81");
    EXPECT_EQ(variables[1], "DB_PORT_81_TCP=tcp://172.17.0.2:81");
    EXPECT_EQ(variables[5], "DB_PORT_80_UDP=udp://172.17.0.2:80");
    EXPECT_EQ(variables[9], "DB_PORT_53_SCTP=sctp://172.17.0.2:53");
}

TEST(LinkVariables, DescribeARunOfOneProtocolAfterItsLastPort) {
    const auto variables = link_variables(
        link({{8000, Protocol::tcp}, {8001, Protocol::tcp}, {9000, Protocol::tcp}, {9001, Protocol::udp}}));
    ASSERT_EQ(variables.size(), 1 + 4 * 4 + 4 + 1U);
    EXPECT_THAT(std::vector(variables.begin() + 9, variables.begin() + 13),
                ElementsAre("DB_PORT_8000_TCP_START=tcp://172.17.0.2:8000", "DB_PORT_8000_TCP_PORT_START=8000",
                            "DB_PORT_8000_TCP_END=tcp://172.17.0.2:8001", "DB_PORT_8000_TCP_PORT_END=8001"));
}

TEST(LinkVariables, UpperCaseTheAliasAndChangeHyphensOnly) {
    for (const auto& [alias, prefix] : {std::pair("a-b", "A_B"), {"Ab-C", "AB_C"}, {"1db", "1DB"}, {"a.b", "A.B"}}) {
        SCOPED_TRACE(alias);
        EXPECT_THAT(link_variables(link({}, alias)),
                    ElementsAre(std::string(prefix) + "_NAME=/app/" + std::string(alias)));
    }
}

TEST(MergeVariables, LetsTheUsersOwnWinAtTheFirstPlace) {
    EXPECT_THAT(merge_variables({"DB_NAME=/app/db", "DB_PORT=x"}, {"A=1", "DB_NAME=mine", "A=2"}),
                ElementsAre("DB_NAME=mine", "DB_PORT=x", "A=2"));
}

}  // namespace
}  // namespace nsr::hosts
