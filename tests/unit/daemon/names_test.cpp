#include "daemon/engine/names.h"

#include "daemon/engine/exclusive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nsr::daemon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

registry::Container web() {
    registry::Container container;
    container.id = "0123456789ab" + std::string(52, '0');
    container.name = "web";
    container.hostname = "webhost";
    return container;
}

registry::Endpoint attached() {
    registry::Endpoint endpoint;
    endpoint.aliases = {"www", "web"};
    endpoint.phase = registry::EndpointPhase::attached;
    endpoint.ipv4 = IpAddress::parse("10.77.0.2");
    return endpoint;
}

TEST(NamesOf, AreNameAliasesShortIdAndHostnameOnceEach) {
    EXPECT_THAT(names_of(web(), attached()), ElementsAre("web", "www", "0123456789ab", "webhost"));
}

TEST(NamesOf, AreExclusiveAliasesToo) {
    auto endpoint = attached();
    endpoint.driver_options[kExclusiveOption] = "db,sql";
    EXPECT_THAT(names_of(web(), endpoint), ElementsAre("web", "www", "db", "sql", "0123456789ab", "webhost"));
}

TEST(ExclusiveAliases, AreNamesSeparatedByCommas) {
    auto endpoint = attached();
    EXPECT_THAT(exclusive_aliases(endpoint), IsEmpty());
    endpoint.driver_options[kExclusiveOption] = "db,SQL";
    EXPECT_THAT(exclusive_aliases(endpoint), ElementsAre("db", "SQL"));
    EXPECT_TRUE(check_exclusive_aliases(endpoint));
    EXPECT_FALSE(remove_exclusive_alias(endpoint, "www"));
    EXPECT_TRUE(remove_exclusive_alias(endpoint, "sql"));
    EXPECT_THAT(exclusive_aliases(endpoint), ElementsAre("db"));
    EXPECT_TRUE(remove_exclusive_alias(endpoint, "db"));
    EXPECT_FALSE(endpoint.driver_options.contains(kExclusiveOption));
    for (const char* bad : {"db,", ",", "a b", "db, sql"}) {
        endpoint.driver_options[kExclusiveOption] = bad;
        EXPECT_FALSE(check_exclusive_aliases(endpoint)) << bad;
    }
}

TEST(ZoneOf, HasTheTtlsOfTheNetwork) {
    registry::Network network;
    EXPECT_EQ(zone_of(network, {}).ttl_seconds, 5U);
    EXPECT_EQ(zone_of(network, {}).negative_ttl_seconds, 5U);
    network.options["ns-register.dns.ttl"] = "60";
    EXPECT_EQ(zone_of(network, {}).ttl_seconds, 60U);
    EXPECT_EQ(zone_of(network, {}).negative_ttl_seconds, 60U);
    network.options["ns-register.dns.negative-ttl"] = "1";
    EXPECT_EQ(zone_of(network, {}).ttl_seconds, 60U);
    EXPECT_EQ(zone_of(network, {}).negative_ttl_seconds, 1U);
}

TEST(EndpointNames, HoldNoAddressWhileOnlyConfigured) {
    auto endpoint = attached();
    EXPECT_EQ(endpoint_names(web(), endpoint).ipv4, IpAddress::parse("10.77.0.2"));
    endpoint.phase = registry::EndpointPhase::configured;
    EXPECT_FALSE(endpoint_names(web(), endpoint).ipv4);
}

TEST(EndpointNames, KnowExposedAndPublishedPorts) {
    auto container = web();
    container.exposed = {{80, registry::Protocol::tcp}};
    container.published = {{{80, registry::Protocol::tcp}, {}, 8080, 8080}, {{53, registry::Protocol::udp}, {}, 0, 0}};
    EXPECT_THAT(endpoint_names(container, attached()).ports,
                ElementsAre(registry::PortProto{53, registry::Protocol::udp},
                            registry::PortProto{80, registry::Protocol::tcp}));
}

TEST(UpstreamsOf, ContainersOwnWinOverTheDaemonsOverTheHosts) {
    const auto host = hosts::parse_resolv_conf("nameserver 192.0.2.1\n");
    Settings settings;
    auto container = web();
    EXPECT_THAT(upstreams_of(container, settings, host),
                ElementsAre(resolver::Upstream{*IpAddress::parse("192.0.2.1"), 53, "", true}));
    settings.dns.servers = {*hosts::parse_name_server("192.0.2.2:5353")};
    EXPECT_THAT(upstreams_of(container, settings, host),
                ElementsAre(resolver::Upstream{*IpAddress::parse("192.0.2.2"), 5353, "", false}));
    settings.dns.servers = {*hosts::parse_name_server("127.0.0.53")};
    EXPECT_THAT(upstreams_of(container, settings, host),
                ElementsAre(resolver::Upstream{*IpAddress::parse("127.0.0.53"), 53, "", true}));
    container.dns = {"192.0.2.3"};
    EXPECT_THAT(upstreams_of(container, settings, host),
                ElementsAre(resolver::Upstream{*IpAddress::parse("192.0.2.3"), 53, "", false}));
}

TEST(HasNames, OnlyOnUserDefinedNetworks) {
    registry::Network network;
    network.name = "net1";
    EXPECT_TRUE(has_names(network));
    network.name = "bridge";
    EXPECT_FALSE(has_names(network));
    network.name = "none";
    network.driver = "null";
    EXPECT_FALSE(has_names(network));
}

TEST(ZoneOf, OwnsTheReverseNamesOfBridgeSubnetsOnly) {
    registry::Network network;
    network.name = "net1";
    network.ipam.push_back({*IpPrefix::parse("10.77.0.0/24"), {}, {}, {}, false});
    network.options["ns-register.dns.ttl"] = "30";
    const auto zone = zone_of(network, {});
    EXPECT_THAT(zone.reverse_subnets, ElementsAre(*IpPrefix::parse("10.77.0.0/24")));
    EXPECT_EQ(zone.ttl_seconds, 30U);
    network.driver = "macvlan";
    EXPECT_THAT(zone_of(network, {}).reverse_subnets, IsEmpty());
}

}  // namespace
}  // namespace nsr::daemon
