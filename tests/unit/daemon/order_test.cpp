#include "daemon/engine/order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/memory/memory_store.h"

namespace nsr::daemon {
namespace {

using testing::ElementsAre;

/// A registry with one running container on networks that are added one by one.
class OrderTest : public testing::Test {
protected:
    OrderTest() : registry_(*registry::Registry::load(std::make_unique<registry::MemoryStore>())) {
        registry::Container container;
        container.id = kContainer;
        container.name = "web";
        registry::Changes changes;
        changes.put_containers.push_back(container);
        EXPECT_TRUE(registry_.commit(changes));
    }

    void add(const std::string& name, const std::string& subnet, bool internal = false, int priority = 0,
             const std::string& subnet6 = "") {
        registry::Network network;
        network.id = name + std::string(64 - name.size(), '0');
        network.name = name;
        network.internal = internal;
        network.ipam.push_back(config(subnet));
        if (!subnet6.empty()) network.ipam.push_back(config(subnet6));
        registry::Endpoint endpoint;
        endpoint.id = "e" + network.id.substr(1);
        endpoint.container_id = kContainer;
        endpoint.network_id = network.id;
        endpoint.network_name = name;
        endpoint.order = order_++;
        endpoint.gw_priority = priority;
        endpoint.phase = registry::EndpointPhase::attached;
        endpoint.interface = "eth" + std::to_string(endpoint.order);
        endpoint.ipv4 = network.ipam.front().subnet.first().plus(2);
        if (!subnet6.empty()) endpoint.ipv6 = network.ipam.back().subnet.first().plus(2);
        registry::Changes changes;
        changes.put_networks.push_back(network);
        changes.put_endpoints.push_back(endpoint);
        ASSERT_TRUE(registry_.commit(changes));
    }

    std::vector<std::string> order() const {
        std::vector<std::string> names;
        for (const auto& attachment : attachments_of(registry_, kContainer)) names.push_back(attachment.network->name);
        return names;
    }

    net::SandboxRoutes routes() const { return routes_of(attachments_of(registry_, kContainer)); }

    static registry::IpamConfig config(const std::string& subnet) {
        registry::IpamConfig config;
        config.subnet = *IpPrefix::parse(subnet);
        config.gateway = config.subnet.first().plus(1);
        return config;
    }

    const std::string kContainer = std::string(64, 'c');
    registry::Registry registry_;
    std::uint32_t order_ = 0;
};

TEST_F(OrderTest, IsByNameWhateverTheOrderOfConnecting) {
    add("net2", "10.2.0.0/24");
    add("net1", "10.1.0.0/24");
    EXPECT_THAT(order(), ElementsAre("net1", "net2"));
    EXPECT_EQ(routes().gateway4, IpAddress::parse("10.1.0.1"));
    EXPECT_EQ(routes().interface4, "eth1");
}

TEST_F(OrderTest, PutsInternalNetworksLastAndGivesThemNoRoute) {
    add("a-internal", "10.1.0.0/24", true);
    EXPECT_FALSE(routes().gateway4);
    add("z-normal", "10.2.0.0/24");
    EXPECT_THAT(order(), ElementsAre("z-normal", "a-internal"));
    EXPECT_EQ(routes().gateway4, IpAddress::parse("10.2.0.1"));
}

TEST_F(OrderTest, PutsDualStackFirst) {
    add("a", "10.1.0.0/24");
    add("b", "10.2.0.0/24", false, 0, "fd00:2::/64");
    EXPECT_THAT(order(), ElementsAre("b", "a"));
    EXPECT_EQ(routes().gateway6, IpAddress::parse("fd00:2::1"));
}

TEST_F(OrderTest, PutsHigherPriorityBeforeEverythingElse) {
    add("a", "10.1.0.0/24", false, 0, "fd00:1::/64");
    add("b", "10.2.0.0/24", false, 5);
    EXPECT_THAT(order(), ElementsAre("b", "a"));
    EXPECT_EQ(routes().gateway4, IpAddress::parse("10.2.0.1"));
    EXPECT_EQ(routes().gateway6, IpAddress::parse("fd00:1::1"));
}

TEST_F(OrderTest, RoutesOfIpvlanL3LeadToTheDevice) {
    add("a", "10.1.0.0/24", false, 0, "fd00:1::/64");
    auto network = *registry_.network_by_name("a");
    network.driver = "ipvlan";
    for (const auto& [mode, gateway] : {std::pair{"l2", "10.1.0.1"}, {"l3", "0.0.0.0"}, {"l3s", "0.0.0.0"}}) {
        network.options["ipvlan_mode"] = mode;
        registry::Changes changes;
        changes.put_networks.push_back(network);
        ASSERT_TRUE(registry_.commit(changes));
        EXPECT_EQ(routes().gateway4->text(), gateway) << mode;
        EXPECT_EQ(routes().interface4, "eth0");
    }
    EXPECT_EQ(routes().gateway6->text(), "::");
}

TEST_F(OrderTest, TakesTheGatewayOfTheEndpointsOwnSubnet) {
    registry::Network network;
    network.ipam = {config("10.1.0.0/24"), config("10.2.0.0/24")};
    registry::Endpoint endpoint;
    endpoint.interface = "eth0";
    endpoint.ipv4 = IpAddress::parse("10.2.0.7");
    EXPECT_EQ(routes_of({{&endpoint, &network}}).gateway4, IpAddress::parse("10.2.0.1"));
    network.ipam.back().gateway.reset();
    EXPECT_FALSE(routes_of({{&endpoint, &network}}).gateway4);
    EXPECT_THAT(routes_of({{&endpoint, &network}}).interfaces, ElementsAre("eth0"));
}

}  // namespace
}  // namespace nsr::daemon
