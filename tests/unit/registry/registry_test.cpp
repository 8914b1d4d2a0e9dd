#include "registry/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/memory/memory_store.h"

namespace nsr::registry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Container container(const std::string& id, const std::string& name, WallTime created = 0) {
    Container result;
    result.id = id;
    result.name = name;
    result.created = created;
    return result;
}

Network network(const std::string& id, const std::string& name) {
    Network result;
    result.id = id;
    result.name = name;
    return result;
}

Endpoint endpoint(const std::string& container_id, const std::string& network_name, std::uint32_t order,
                  EndpointPhase phase = EndpointPhase::attached) {
    Endpoint result;
    result.container_id = container_id;
    result.network_name = network_name;
    result.network_id = "id-" + network_name;
    result.order = order;
    result.phase = phase;
    return result;
}

class RegistryTest : public testing::Test {
protected:
    RegistryTest() {
        auto store = std::make_unique<MemoryStore>();
        store_ = store.get();
        registry_ = std::make_unique<Registry>(Registry::load(std::move(store)).value());
    }

    void put(std::vector<Network> networks, std::vector<Container> containers, std::vector<Endpoint> endpoints = {}) {
        Changes changes;
        changes.put_networks = std::move(networks);
        changes.put_containers = std::move(containers);
        changes.put_endpoints = std::move(endpoints);
        ASSERT_TRUE(registry_->commit(std::move(changes)));
    }

    MemoryStore* store_;
    std::unique_ptr<Registry> registry_;
};

TEST_F(RegistryTest, FindsANetworkByNameInAnyCaseIdAndPrefix) {
    put({network("abc111", "net1"), network("abd222", "Other")}, {});
    for (const char* ref : {"net1", "NET1", "abc111", "abc"}) {
        SCOPED_TRACE(ref);
        EXPECT_EQ((*registry_->find_network(ref))->name, "net1");
    }
    EXPECT_EQ(registry_->find_network("ab").error(),
              Error(Errc::invalid, "network ab is ambiguous (2 matches found based on ID prefix)"));
    EXPECT_EQ(registry_->find_network("nosuch").error(), Error(Errc::not_found, "network nosuch not found"));
    EXPECT_EQ(registry_->find_network("").error().code(), Errc::not_found);
}

TEST_F(RegistryTest, FindsAContainerByNameInAnyCaseWithOrWithoutSlashIdAndPrefix) {
    put({}, {container("abc111", "web"), container("abd222", "db")});
    for (const char* ref : {"web", "/web", "Web", "abc111", "abc"}) {
        SCOPED_TRACE(ref);
        EXPECT_EQ((*registry_->find_container(ref))->id, "abc111");
    }
    EXPECT_EQ(registry_->find_container("ab").error(),
              Error(Errc::invalid, "multiple IDs found with provided prefix: ab"));
    EXPECT_EQ(registry_->find_container("nosuch").error(), Error(Errc::not_found, "No such container: nosuch"));
    EXPECT_EQ(registry_->find_container("").error().code(), Errc::not_found);
}

TEST_F(RegistryTest, ANameWinsOverAPrefixOfAnId) {
    put({}, {container("abc111", "web"), container("fff222", "abc")});
    EXPECT_EQ((*registry_->find_container("abc"))->id, "fff222");
}

TEST_F(RegistryTest, ForgetsTheOldNameAtARename) {
    put({}, {container("c1", "old")});
    const Container* kept = registry_->container_by_id("c1");
    put({}, {container("c1", "new")});
    EXPECT_EQ(registry_->container_by_name("old"), nullptr);
    EXPECT_EQ(registry_->container_by_name("new"), kept);
}

TEST_F(RegistryTest, ListsNetworksByNameAndContainersNewestFirst) {
    put({network("n1", "b"), network("n2", "a")}, {container("c1", "x", 1), container("c2", "y", 3)});
    EXPECT_THAT(registry_->networks(), ElementsAre(registry_->network_by_id("n2"), registry_->network_by_id("n1")));
    EXPECT_THAT(registry_->containers(),
                ElementsAre(registry_->container_by_id("c2"), registry_->container_by_id("c1")));
}

TEST_F(RegistryTest, EndpointsOfAContainerComeInTheirOrder) {
    put({}, {container("c1", "web"), container("c2", "db")},
        {endpoint("c1", "b", 0), endpoint("c1", "a", 1), endpoint("c2", "a", 0)});
    EXPECT_THAT(registry_->endpoints_of("c1"),
                ElementsAre(registry_->endpoint("c1", "b"), registry_->endpoint("c1", "A")));
    EXPECT_THAT(registry_->endpoints_of("nosuch"), IsEmpty());
}

TEST_F(RegistryTest, OnlyAttachedAndAttachingEndpointsAreOnANetwork) {
    put({}, {container("c1", "a"), container("c2", "b"), container("c3", "c")},
        {endpoint("c1", "net", 0), endpoint("c2", "net", 0, EndpointPhase::attaching),
         endpoint("c3", "net", 0, EndpointPhase::configured)});
    EXPECT_THAT(registry_->endpoints_on("id-net"),
                ElementsAre(registry_->endpoint("c1", "net"), registry_->endpoint("c2", "net")));
    put({}, {}, {endpoint("c1", "net", 0, EndpointPhase::configured)});
    EXPECT_THAT(registry_->endpoints_on("id-net"), ElementsAre(registry_->endpoint("c2", "net")));
}

TEST_F(RegistryTest, AnEndpointMovesToANetworkMadeAgain) {
    put({}, {container("c1", "a")}, {endpoint("c1", "net", 0)});
    Endpoint moved = endpoint("c1", "net", 0);
    moved.network_id = "another";
    put({}, {}, {moved});
    EXPECT_THAT(registry_->endpoints_on("id-net"), IsEmpty());
    EXPECT_EQ(registry_->endpoints_on("another").size(), 1U);
}

TEST_F(RegistryTest, ErasesAContainerWithItsEndpoints) {
    put({}, {container("c1", "a"), container("c2", "b")}, {endpoint("c1", "net", 0), endpoint("c2", "net", 0)});
    Changes changes;
    changes.erase_containers = {"c1"};
    ASSERT_TRUE(registry_->commit(std::move(changes)));
    EXPECT_EQ(registry_->container_by_name("a"), nullptr);
    EXPECT_THAT(registry_->endpoints_of("c1"), IsEmpty());
    EXPECT_THAT(registry_->endpoints_on("id-net"), ElementsAre(registry_->endpoint("c2", "net")));
}

TEST_F(RegistryTest, RecordsGoWithTheirNetwork) {
    Changes changes;
    changes.put_networks = {network("n1", "net"), network("n2", "other")};
    changes.put_records = {
        {"n1", "b", "A", "192.0.2.1", {}}, {"n1", "a", "A", "192.0.2.1", 7}, {"n2", "a", "A", "::1", {}}};
    ASSERT_TRUE(registry_->commit(changes));
    EXPECT_THAT(registry_->records_of("n1"), ElementsAre(changes.put_records[1], changes.put_records[0]));
    Changes erase;
    erase.erase_networks = {"n1"};
    ASSERT_TRUE(registry_->commit(std::move(erase)));
    EXPECT_THAT(registry_->records_of("n1"), IsEmpty());
    EXPECT_EQ(registry_->records_of("n2").size(), 1U);
}

TEST_F(RegistryTest, ShowsNothingThatDidNotBecomeDurable) {
    store_->fail_next_commits(1);
    Changes changes;
    changes.put_containers = {container("c1", "web")};
    EXPECT_FALSE(registry_->commit(changes));
    EXPECT_EQ(registry_->container_by_id("c1"), nullptr);
    EXPECT_TRUE(registry_->commit(changes));
    EXPECT_NE(registry_->container_by_id("c1"), nullptr);
}

TEST(RegistryLoad, ShowsWhatTheStoreHad) {
    auto store = std::make_unique<MemoryStore>();
    Changes changes;
    changes.put_networks = {network("n1", "net")};
    changes.put_containers = {container("c1", "web")};
    changes.put_endpoints = {endpoint("c1", "net", 0)};
    changes.put_records = {{"n1", "a", "A", "192.0.2.1", {}}};
    ASSERT_TRUE(store->commit(changes));
    const std::string host_id = store->load()->host_id;
    const auto registry = Registry::load(std::move(store));
    ASSERT_TRUE(registry);
    EXPECT_EQ(registry->host_id(), host_id);
    EXPECT_EQ(*registry->network_by_name("NET"), changes.put_networks[0]);
    EXPECT_EQ(*registry->container_by_name("web"), changes.put_containers[0]);
    EXPECT_EQ(registry->endpoints_on("id-net").size(), 1U);
    EXPECT_EQ(registry->records_of("n1"), changes.put_records);
}

}  // namespace
}  // namespace nsr::registry
