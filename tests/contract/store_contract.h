#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "registry/store.h"

/// What every implementation of registry::Store must do. An implementation instantiates the suite with a factory:
///
///     INSTANTIATE_TEST_SUITE_P(Memory, StoreContract, testing::Values([] { return std::make_unique<MyHarness>(); }));
namespace nsr::registry {

/// Gives the store under test. reopen() makes what is durable the only thing that is left, where that is possible.
class StoreHarness {
public:
    virtual ~StoreHarness() = default;
    virtual Store& store() = 0;
    virtual void reopen() {}
};

using HarnessFactory = std::function<std::unique_ptr<StoreHarness>()>;

class StoreContract : public testing::TestWithParam<HarnessFactory> {
protected:
    void SetUp() override { harness_ = GetParam()(); }

    Result<> commit(const Changes& changes) {
        auto result = harness_->store().commit(changes);
        harness_->reopen();
        return result;
    }

    State load() { return harness_->store().load().value(); }

    std::unique_ptr<StoreHarness> harness_;
};

/// Objects with every field set to something that is not its default.
inline Network full_network(const std::string& id, const std::string& name) {
    Network network;
    network.id = id;
    network.name = name;
    network.driver = "macvlan";
    network.created = 1'700'000'000'123'456'789;
    network.enable_ipv4 = false;
    network.enable_ipv6 = true;
    network.internal = true;
    network.attachable = true;
    network.options = {{"com.docker.network.driver.mtu", "1400"}, {"odd \"key\"", "värde\n"}};
    network.labels = {{"a", "b"}, {"c", ""}};
    network.ipam = {
        {.subnet = *IpPrefix::parse("10.90.0.0/24"),
         .gateway = IpAddress::parse("10.90.0.254"),
         .ip_range = IpPrefix::parse("10.90.0.128/28"),
         .aux = {{"a", *IpAddress::parse("10.90.0.2")}}},
        {.subnet = *IpPrefix::parse("fd00:79::/64"), .gateway = {}, .ip_range = {}, .aux = {}, .automatic = true}};
    return network;
}

inline Container full_container(const std::string& id, const std::string& name) {
    Container container;
    container.id = id;
    container.name = name;
    container.created = 7;
    container.image = "busybox";
    container.command = {"sh", "-c", "echo 'hi'"};
    container.env = {"A=1", "EMPTY=", "B=x=y"};
    container.labels = {{"ns-register.pid", "42"}};
    container.hostname = "web.example";
    container.domainname = "example.org";
    container.network_mode = "net1";
    container.exposed = {{80, Protocol::tcp}, {53, Protocol::udp}};
    container.published = {{.container = {80, Protocol::tcp},
                            .host_ip = IpAddress::parse("127.0.0.1"),
                            .host_port_first = 8080,
                            .host_port_last = 8090},
                           {.container = {90, Protocol::sctp}, .host_ip = {}}};
    container.publish_all = true;
    container.dns = {"198.51.100.53"};
    container.dns_search = {"example.org", "example.net"};
    container.dns_options = {"ndots:2"};
    container.extra_hosts = {"gate:host-gateway"};
    container.links = {{"db", "database"}, {"cache", "cache"}};
    container.sandbox = SandboxKind::pid;
    container.sandbox_path = "/proc/42/ns/net";
    container.sandbox_pid = 42;
    container.sandbox_pid_start = 0xffff'ffff'ffff'fff0;
    container.state = ContainerState::exited;
    container.started = 8;
    container.finished = 9;
    container.exit_code = 137;
    container.error = "it failed";
    container.sandbox_inode = 4026531840;
    container.bound = {
        {.container = {80, Protocol::tcp}, .host_ip = *IpAddress::parse("127.0.0.1"), .host_port = 8081},
        {.container = {90, Protocol::sctp}, .host_ip = *IpAddress::parse("::"), .host_port = 90, .count = 9}};
    return container;
}

inline Endpoint full_endpoint(const std::string& container_id, const std::string& network_name) {
    Endpoint endpoint;
    endpoint.id = "e-" + container_id + network_name;
    endpoint.container_id = container_id;
    endpoint.network_id = "id-" + network_name;
    endpoint.network_name = network_name;
    endpoint.order = 3;
    endpoint.aliases = {"www", "Shared"};
    endpoint.links = {{"db", "database"}};
    endpoint.wanted_ipv4 = IpAddress::parse("10.90.0.7");
    endpoint.wanted_ipv6 = IpAddress::parse("fd00:79::7");
    endpoint.wanted_mac = MacAddress::parse("02:42:00:00:00:07");
    endpoint.gw_priority = -5;
    endpoint.driver_options = {{"k", "v"}};
    endpoint.phase = EndpointPhase::attached;
    endpoint.ipv4 = IpAddress::parse("10.90.0.7");
    endpoint.ipv6 = IpAddress::parse("fd00:79::7");
    endpoint.mac = MacAddress::parse("02:42:0a:5a:00:07");
    endpoint.interface = "eth0";
    endpoint.host_interface = "veth1a2b3c4";
    return endpoint;
}

inline Record full_record(const std::string& network_id, const std::string& data) {
    return {.network_id = network_id, .name = "db.corp", .type = "A", .data = data, .ttl = 30};
}

TEST_P(StoreContract, StartsEmptyWithAHostIdThatStays) {
    const State state = load();
    EXPECT_TRUE(state.networks.empty());
    EXPECT_TRUE(state.containers.empty());
    EXPECT_TRUE(state.endpoints.empty());
    EXPECT_TRUE(state.records.empty());
    EXPECT_EQ(state.host_id.size(), 32U);
    harness_->reopen();
    EXPECT_EQ(load().host_id, state.host_id);
}

TEST_P(StoreContract, GivesBackEveryFieldAsItWas) {
    Changes changes;
    changes.put_networks = {full_network("n1", "net1")};
    changes.put_containers = {full_container("c1", "web")};
    changes.put_endpoints = {full_endpoint("c1", "net1")};
    changes.put_records = {full_record("n1", "192.0.2.1")};
    ASSERT_TRUE(commit(changes));
    const State state = load();
    ASSERT_EQ(state.networks.size(), 1U);
    EXPECT_EQ(state.networks.at("n1"), changes.put_networks[0]);
    ASSERT_EQ(state.containers.size(), 1U);
    EXPECT_EQ(state.containers.at("c1"), changes.put_containers[0]);
    EXPECT_EQ(state.endpoints, changes.put_endpoints);
    EXPECT_EQ(state.records, changes.put_records);
}

TEST_P(StoreContract, GivesBackDefaultsAsTheyWere) {
    Changes changes;
    changes.put_networks.emplace_back().id = "n1";
    changes.put_containers.emplace_back().id = "c1";
    changes.put_endpoints.emplace_back().container_id = "c1";
    changes.put_records.emplace_back().network_id = "n1";
    ASSERT_TRUE(commit(changes));
    const State state = load();
    EXPECT_EQ(state.networks.at("n1"), changes.put_networks[0]);
    EXPECT_EQ(state.containers.at("c1"), changes.put_containers[0]);
    EXPECT_EQ(state.endpoints, changes.put_endpoints);
    EXPECT_EQ(state.records, changes.put_records);
}

TEST_P(StoreContract, ReplacesWholeAndKeepsWhatBelongsToIt) {
    Changes first;
    first.put_networks = {full_network("n1", "net1")};
    first.put_containers = {full_container("c1", "web")};
    first.put_endpoints = {full_endpoint("c1", "net1")};
    first.put_records = {full_record("n1", "192.0.2.1")};
    ASSERT_TRUE(commit(first));
    Changes second;
    second.put_networks.emplace_back() = {.id = "n1", .name = "other", .options = {}, .labels = {}, .ipam = {}};
    Container& container = second.put_containers.emplace_back();
    container.id = "c1";
    container.name = "renamed";
    container.links = {{"db", "second"}};
    ASSERT_TRUE(commit(second));
    const State state = load();
    EXPECT_EQ(state.networks.at("n1"), second.put_networks[0]);
    EXPECT_EQ(state.containers.at("c1"), second.put_containers[0]);
    EXPECT_EQ(state.endpoints, first.put_endpoints);
    EXPECT_EQ(state.records, first.put_records);
}

TEST_P(StoreContract, ReplacesAnEndpointByContainerAndNetworkNameInAnyCase) {
    Changes first;
    first.put_containers = {full_container("c1", "web")};
    first.put_endpoints = {full_endpoint("c1", "net1"), full_endpoint("c1", "net2")};
    ASSERT_TRUE(commit(first));
    Changes second;
    Endpoint& endpoint = second.put_endpoints.emplace_back();
    endpoint.container_id = "c1";
    endpoint.network_name = "NET1";
    endpoint.order = 9;
    endpoint.aliases = {"other"};
    ASSERT_TRUE(commit(second));
    EXPECT_EQ(load().endpoints, (std::vector{first.put_endpoints[1], endpoint}));
}

TEST_P(StoreContract, ReplacesTheTtlOfARecord) {
    Changes changes;
    changes.put_networks = {full_network("n1", "net1")};
    changes.put_records = {full_record("n1", "192.0.2.1"), full_record("n1", "192.0.2.2")};
    ASSERT_TRUE(commit(changes));
    Changes second;
    second.put_records = {full_record("n1", "192.0.2.1")};
    second.put_records[0].ttl.reset();
    ASSERT_TRUE(commit(second));
    EXPECT_EQ(load().records, (std::vector{second.put_records[0], changes.put_records[1]}));
}

TEST_P(StoreContract, ErasesWithWhatBelongsToIt) {
    Changes first;
    first.put_networks = {full_network("n1", "net1"), full_network("n2", "net2")};
    first.put_containers = {full_container("c1", "web"), full_container("c2", "db")};
    first.put_endpoints = {full_endpoint("c1", "net1"), full_endpoint("c2", "net1"), full_endpoint("c2", "net2")};
    first.put_records = {full_record("n1", "192.0.2.1"), full_record("n2", "192.0.2.2")};
    ASSERT_TRUE(commit(first));
    Changes second;
    second.erase_networks = {"n1"};
    second.erase_containers = {"c1"};
    second.erase_endpoints = {first.put_endpoints[2]};
    second.erase_records = {first.put_records[1]};
    ASSERT_TRUE(commit(second));
    const State state = load();
    EXPECT_EQ(state.networks.size(), 1U);
    EXPECT_EQ(state.containers.size(), 1U);
    // The endpoint of c2 on net1 stays: a network that is made again is found by name.
    EXPECT_EQ(state.endpoints, std::vector{first.put_endpoints[1]});
    EXPECT_TRUE(state.records.empty());
}

TEST_P(StoreContract, PassesOverErasuresOfWhatIsNotThere) {
    Changes changes;
    changes.erase_networks = {"nosuch"};
    changes.erase_containers = {"nosuch"};
    changes.erase_endpoints = {full_endpoint("nosuch", "nosuch")};
    changes.erase_records = {full_record("nosuch", "192.0.2.1")};
    EXPECT_TRUE(commit(changes));
}

TEST_P(StoreContract, ErasesBeforeItPuts) {
    Changes first;
    first.put_containers = {full_container("c1", "web")};
    first.put_endpoints = {full_endpoint("c1", "net1")};
    ASSERT_TRUE(commit(first));
    Changes second;
    second.erase_containers = {"c1"};
    second.put_containers = {full_container("c2", "Web")};
    second.put_endpoints = {full_endpoint("c2", "net1")};
    ASSERT_TRUE(commit(second));
    EXPECT_EQ(load().containers.at("c2").name, "Web");
    EXPECT_EQ(load().endpoints, second.put_endpoints);
}

TEST_P(StoreContract, RefusesNamesThatDifferOnlyInCaseAndChangesNothing) {
    Changes first;
    first.put_networks = {full_network("n1", "net1")};
    first.put_containers = {full_container("c1", "web")};
    ASSERT_TRUE(commit(first));
    for (const bool network : {true, false}) {
        Changes second;
        second.put_records = {full_record("n1", "192.0.2.1")};
        if (network) second.put_networks = {full_network("n2", "NET1")};
        if (!network) second.put_containers = {full_container("c2", "WEB")};
        const auto refused = commit(second);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code(), Errc::conflict);
        EXPECT_EQ(load().networks.size(), 1U);
        EXPECT_EQ(load().containers.size(), 1U);
        EXPECT_TRUE(load().records.empty());
    }
}

TEST_P(StoreContract, RefusesWhatHasNoOwnerAndChangesNothing) {
    Changes changes;
    changes.put_containers = {full_container("c1", "web")};
    changes.put_endpoints = {full_endpoint("c2", "net1")};
    const auto refused = commit(changes);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::conflict);
    EXPECT_TRUE(load().containers.empty());
    Changes record;
    record.put_records = {full_record("nosuch", "192.0.2.1")};
    EXPECT_FALSE(commit(record));
    // It goes on working after a refusal.
    changes.put_endpoints = {full_endpoint("c1", "net1")};
    EXPECT_TRUE(commit(changes));
    EXPECT_EQ(load().endpoints, changes.put_endpoints);
}

TEST_P(StoreContract, OrdersEndpointsByContainerAndPlace) {
    Changes changes;
    changes.put_containers = {full_container("c1", "web"), full_container("c2", "db")};
    changes.put_endpoints = {full_endpoint("c2", "a"), full_endpoint("c1", "a"), full_endpoint("c1", "b")};
    changes.put_endpoints[1].order = 2;
    changes.put_endpoints[2].order = 1;
    ASSERT_TRUE(commit(changes));
    const auto& put = changes.put_endpoints;
    EXPECT_EQ(load().endpoints, (std::vector{put[2], put[1], put[0]}));
}

}  // namespace nsr::registry
