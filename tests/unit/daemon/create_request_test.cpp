#include "daemon/engine/create_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nsr::daemon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

api::ContainerCreateBody body_on(const std::string& network) {
    api::ContainerCreateBody body;
    body.name = "web";
    body.network_mode = network;
    return body;
}

TEST(ContainerRequest, MeansTheDefaultNetworkWhenNoneIsGiven) {
    for (const char* mode : {"", "default", "bridge"}) {
        const auto request = container_request(body_on(mode));
        ASSERT_TRUE(request);
        EXPECT_EQ(request->container.network_mode, "bridge");
        EXPECT_EQ(request->endpoints.front().network_name, "bridge");
    }
}

TEST(ContainerRequest, TakesTheShortIdAsHostname) {
    const auto request = container_request(body_on("net1"));
    EXPECT_EQ(request->container.hostname, request->container.id.substr(0, 12));
}

TEST(ContainerRequest, PutsTheNetworkOfTheModeFirstThenByName) {
    auto body = body_on("net2");
    body.endpoints["net3"].aliases = {"c"};
    body.endpoints["net1"].aliases = {"a"};
    body.endpoints["net2"].aliases = {"b"};
    const auto request = container_request(body);
    ASSERT_TRUE(request);
    std::vector<std::string> order;
    for (const auto& endpoint : request->endpoints) order.push_back(endpoint.network_name);
    EXPECT_THAT(order, ElementsAre("net2", "net1", "net3"));
    EXPECT_THAT(request->endpoints.front().aliases, ElementsAre("b"));
}

TEST(ContainerRequest, RefusesWhatCannotGoWithTheNetworkOfAnother) {
    auto with_hostname = body_on("container:db");
    with_hostname.hostname = "x";
    EXPECT_EQ(container_request(with_hostname).error().message(), "conflicting options: hostname and the network mode");
    auto with_dns = body_on("container:db");
    with_dns.dns = {"1.1.1.1"};
    EXPECT_EQ(container_request(with_dns).error().message(), "conflicting options: dns and the network mode");
    api::ContainerCreateBody with_mac;
    with_mac.network_mode = "host";
    with_mac.endpoints["host"].mac = "02:42:00:00:00:07";
    EXPECT_EQ(container_request(with_mac).error().message(), "conflicting options: mac-address and the network mode");
    EXPECT_THAT(container_request(body_on("container:")).error().message(), HasSubstr("invalid container format"));
}

TEST(ContainerRequest, NamesNamespacesThatDoNotExist) {
    auto body = body_on("net1");
    body.labels["ns-register.netns"] = "/nonexistent";
    EXPECT_EQ(container_request(body).error().message(), "network namespace '/nonexistent' does not exist");
    body.labels = {{"ns-register.pid", "x"}};
    EXPECT_EQ(container_request(body).error().message(), "invalid pid: x");
    body.labels = {{"ns-register.pid", "999999999"}};
    EXPECT_EQ(container_request(body).error().message(), "process 999999999 does not exist");
}

TEST(EndpointRequest, RefusesBadAddresses) {
    api::EndpointSettings settings;
    settings.ipam_ipv4 = "bogus";
    EXPECT_EQ(endpoint_request("net1", settings).error().message(), "invalid IPv4 address: bogus");
    settings.ipam_ipv4 = "";
    settings.mac = "02:42";
    EXPECT_EQ(endpoint_request("net1", settings).error().message(), "invalid MAC address: 02:42");
}

TEST(CheckEndpoint, KeepsAddressesInsideTheSubnetsOfUserDefinedNetworks) {
    registry::Network network;
    network.name = "net1";
    network.ipam.push_back({*IpPrefix::parse("10.77.0.0/24"), {}, {}, {}, false});
    registry::Endpoint endpoint;
    endpoint.wanted_ipv4 = IpAddress::parse("10.77.0.9");
    EXPECT_TRUE(check_endpoint(network, {}, endpoint));
    endpoint.wanted_ipv4 = IpAddress::parse("10.78.0.9");
    EXPECT_THAT(check_endpoint(network, {}, endpoint).error().message(),
                HasSubstr("no configured subnet contains IP address 10.78.0.9"));
    network.name = "bridge";
    EXPECT_THAT(check_endpoint(network, {}, endpoint).error().message(), HasSubstr("user-defined networks only"));
}

}  // namespace
}  // namespace nsr::daemon
