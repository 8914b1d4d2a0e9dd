#include "tests/netns/daemon/engine_fixture.h"

#include <filesystem>

#include "common/files.h"

namespace nsr::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST_F(EngineTest, AttachedMeansLinkedNamedAndServed) {
    const auto net1 = network("net1", "10.77.0.0/24");
    const auto web = container("web", "net1");
    EXPECT_THAT(kernel_.interfaces, IsEmpty());
    ASSERT_TRUE(engine_->start_container("web"));
    ASSERT_THAT(kernel_.interfaces, SizeIs(1));
    EXPECT_EQ(kernel_.interfaces.begin()->second.mac.text(), "02:42:0a:4d:00:02");
    EXPECT_EQ((names_.published.at({net1, web}).ipv4), IpAddress::parse("10.77.0.2"));
    EXPECT_TRUE(names_.open.contains(web));
    EXPECT_THAT(pinned(), ElementsAre(web.substr(0, 12)));
}

TEST_F(EngineTest, StoppedMeansUnlinkedButOwned) {
    const auto net1 = network("net1");
    const auto web = container("web", "net1");
    ASSERT_TRUE(engine_->start_container("web"));
    ASSERT_TRUE(engine_->stop_container("web", {}));
    EXPECT_THAT(kernel_.interfaces, IsEmpty());
    EXPECT_THAT(names_.open, IsEmpty());
    EXPECT_FALSE((names_.published.at({net1, web}).ipv4));
    EXPECT_THAT(pinned(), IsEmpty());
    ASSERT_TRUE(engine_->remove_container("web", false));
    EXPECT_THAT(names_.published, IsEmpty());
}

TEST_F(EngineTest, EveryFailureOfAStartLeavesNothing) {
    const auto net1 = network("net1", "10.77.0.0/24");
    const auto web = container("web", "net1");
    const auto before = names_.published;
    for (unsigned step = 1;; ++step) {
        SCOPED_TRACE(step);
        kernel_.calls = 0;
        kernel_.fail_at = step;
        const auto started = engine_->start_container("web");
        if (started) break;
        EXPECT_THAT(started.error().message(), HasSubstr("injected failure"));
        EXPECT_THAT(kernel_.interfaces, IsEmpty());
        EXPECT_THAT(kernel_.rewritten, IsEmpty());
        EXPECT_THAT(names_.open, IsEmpty());
        EXPECT_EQ(names_.published, before);
        EXPECT_THAT(pinned(), IsEmpty());
        EXPECT_EQ(engine_->inspect_container("web")->container.state, registry::ContainerState::created);
        ASSERT_LT(step, 20U);
    }
    EXPECT_EQ(address("web", "net1"), "10.77.0.2") << "a failed start has kept an address";
}

TEST_F(EngineTest, AFailureToWriteFilesLeavesNothing) {
    const auto net1 = network("net1", "10.77.0.0/24");
    network("net2", "10.78.0.0/24");
    const auto web = container("web", "net1");
    const auto files = directory_ + "/containers";
    ASSERT_TRUE(write_file_atomic(files, "in the way"));
    const auto before = names_.published;
    const auto refused = engine_->start_container("web");
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("write the files of 'web'"));
    EXPECT_THAT(kernel_.interfaces, IsEmpty());
    EXPECT_THAT(names_.open, IsEmpty());
    EXPECT_EQ(names_.published, before);
    EXPECT_THAT(pinned(), IsEmpty());
    std::filesystem::remove(files);
    ASSERT_TRUE(engine_->start_container("web"));

    const auto hosts = engine_->inspect_container("web")->hosts_path;
    std::filesystem::remove(hosts);
    std::filesystem::create_directory(hosts);
    EXPECT_FALSE(engine_->connect("net2", {.container = "web", .endpoint = {}}));
    EXPECT_THAT(kernel_.interfaces, SizeIs(1));
    EXPECT_FALSE(engine_->inspect_container("web")->networks.contains("net2"));
    std::filesystem::remove(hosts);
    ASSERT_TRUE(engine_->connect("net2", {.container = "web", .endpoint = {}}));
    EXPECT_THAT(read_file(hosts).value(), HasSubstr("10.78.0.2"));
}

TEST_F(EngineTest, ALinkFollowsItsTargetAndKeepsTheLastAddressOfOneThatIsGone) {
    container("db", "bridge");
    api::ContainerCreateBody body;
    body.name = "app";
    body.hostname = "app";
    body.links = {"db:store"};
    ASSERT_TRUE(engine_->create_container(body));
    EXPECT_EQ(engine_->start_container("app").error().message(),
              "Cannot link to a non running container: /db AS /app/store");
    ASSERT_TRUE(engine_->start_container("db"));
    ASSERT_TRUE(engine_->start_container("app"));
    const auto hosts = [&] { return read_file(engine_->inspect_container("app")->hosts_path).value(); };
    const auto first = address("db", "bridge");
    EXPECT_THAT(hosts(), HasSubstr(first + "\tstore "));
    const auto variables = engine_->variables("app").value();

    ASSERT_TRUE(engine_->stop_container("db", {}));
    EXPECT_THAT(hosts(), HasSubstr(first + "\tstore "));
    container("other", "bridge");
    ASSERT_TRUE(engine_->start_container("other"));
    ASSERT_TRUE(engine_->start_container("db"));
    EXPECT_NE(address("db", "bridge"), first);
    EXPECT_THAT(hosts(), HasSubstr(address("db", "bridge") + "\tstore "));
    EXPECT_THAT(hosts(), Not(HasSubstr(first + "\t")));
    EXPECT_EQ(engine_->variables("app").value(), variables);
    ASSERT_TRUE(engine_->stop_container("app", {}));
    EXPECT_THAT(engine_->variables("app").value(), IsEmpty());
}

TEST_F(EngineTest, ALinkToAContainerOfAnotherNetworkIsMadeWithAWarning) {
    network("net1");
    network("net2");
    container("db", "net2");
    api::ContainerCreateBody body;
    body.name = "app";
    body.network_mode = "net1";
    body.endpoints["net1"].links = {"db:store", "later:x"};
    EXPECT_THAT(engine_->create_container(body)->warnings,
                ElementsAre("link to db: it is not on network net1, so that 'store' has no address there"));
}

TEST_F(EngineTest, APortAtAnAddressOfAFamilyThatTheNetworkLacksIsMadeWithAWarning) {
    api::NetworkCreateBody only6;
    only6.name = "v6only";
    only6.enable_ipv4 = false;
    only6.enable_ipv6 = true;
    only6.ipam.push_back({"fd00:6::/64", "", "", {}});
    ASSERT_TRUE(engine_->create_network(only6));
    network("v4only");
    const auto warnings = [this](const char* mode, const char* other) {
        api::ContainerCreateBody body;
        body.network_mode = mode;
        if (*other != '\0') body.endpoints[other];
        body.port_bindings["80/tcp"] = {{"127.0.0.1", "8080"}, {"", "8081"}};
        const auto created = engine_->create_container(body);
        EXPECT_TRUE(created) << created.error().message();
        return created->warnings;
    };
    EXPECT_THAT(warnings("v6only", ""),
                ElementsAre("Published port 127.0.0.1:8080:80/tcp is discarded: no IPv4 on network 'v6only'"));
    EXPECT_THAT(warnings("v4only", ""), IsEmpty());
    EXPECT_THAT(warnings("v6only", "v4only"), IsEmpty()) << "another network has it";
    EXPECT_THAT(warnings("v6only", "later"), IsEmpty()) << "may have it when it is made";
    EXPECT_THAT(warnings("none", ""), IsEmpty());
}

TEST_F(EngineTest, AFailureOfTheResolverOrTheStoreLeavesNothing) {
    network("net1");
    container("web", "net1");
    names_.fail_open = true;
    EXPECT_FALSE(engine_->start_container("web"));
    EXPECT_THAT(kernel_.interfaces, IsEmpty());
    EXPECT_THAT(kernel_.rewritten, IsEmpty());
    names_.fail_open = false;
    store_->fail_next_commits(1);
    EXPECT_FALSE(engine_->start_container("web"));
    EXPECT_THAT(kernel_.interfaces, IsEmpty());
    EXPECT_THAT(pinned(), IsEmpty());
    EXPECT_TRUE(engine_->start_container("web"));
}

TEST_F(EngineTest, EveryFailureOfANetworkLeavesNothing) {
    const auto bridges = kernel_.bridges;
    for (unsigned step = 1; step <= 2; ++step) {
        kernel_.calls = 0;
        kernel_.fail_at = step;
        api::NetworkCreateBody body;
        body.name = "net1";
        EXPECT_FALSE(engine_->create_network(body));
        EXPECT_EQ(kernel_.bridges, bridges);
        EXPECT_FALSE(engine_->inspect_network("net1"));
    }
}

TEST_F(EngineTest, ConnectGivesTheNextInterfaceAndDisconnectTakesItBack) {
    network("net1", "10.77.0.0/24");
    const auto net2 = network("net2", "10.78.0.0/24");
    const auto web = container("web", "net1");
    ASSERT_TRUE(engine_->start_container("web"));
    ASSERT_TRUE(engine_->connect("net2", {.container = "web", .endpoint = {}}));
    std::vector<std::string> interfaces;
    for (const auto& [host_name, spec] : kernel_.interfaces) interfaces.push_back(spec.name);
    EXPECT_THAT(interfaces, ::testing::UnorderedElementsAre("eth0", "eth1"));
    EXPECT_THAT(engine_->connect("net2", {.container = "web", .endpoint = {}}).error().message(),
                HasSubstr("endpoint with name web already exists in network net2"));
    ASSERT_TRUE(engine_->disconnect("net2", {.container = "web", .force = false}));
    EXPECT_THAT(kernel_.interfaces, SizeIs(1));
    EXPECT_FALSE((names_.published.contains({net2, web})));
}

TEST_F(EngineTest, EveryFailureOfAConnectLeavesTheViewAsItWas) {
    network("net1", "10.77.0.0/24");
    network("net2", "10.78.0.0/24");
    const auto web = container("web", "net1");
    ASSERT_TRUE(engine_->start_container("web"));
    const auto view = names_.views.at(web);
    const auto published = names_.published;
    for (unsigned step = 1;; ++step) {
        SCOPED_TRACE(step);
        kernel_.calls = 0;
        kernel_.fail_at = step;
        if (engine_->connect("net2", {.container = "web", .endpoint = {}})) break;
        EXPECT_EQ(names_.views.at(web), view);
        EXPECT_EQ(names_.published, published);
        EXPECT_THAT(kernel_.interfaces, SizeIs(1));
        EXPECT_FALSE(engine_->inspect_container("web")->networks.contains("net2"));
        ASSERT_LT(step, 20U);
    }
    EXPECT_THAT(names_.views.at(web).networks, SizeIs(2));
}

TEST_F(EngineTest, PublishedPortIsHeldLedAndShown) {
    const auto net1 = network("net1", "10.77.0.0/24");
    publishing("web", "net1", {{"80/tcp", {{"", "8080"}}}});
    ASSERT_TRUE(engine_->start_container("web"));
    const net::HostPort at4{registry::Protocol::tcp, IpAddress(), 8080};
    ASSERT_TRUE(ports_.held.contains(at4));
    EXPECT_EQ(ports_.held.at(at4)->address.text(), "10.77.0.2");
    EXPECT_THAT(published_on(net1), SizeIs(2)) << "by NAT, and for IPv6 by the proxy";
    EXPECT_TRUE(kernel_.interfaces.begin()->second.hairpin);
    EXPECT_THAT(engine_->inspect_container("web")->ports, SizeIs(2)) << "IPv4 and IPv6";
    ASSERT_TRUE(engine_->stop_container("web", {}));
    EXPECT_THAT(ports_.held, IsEmpty());
    EXPECT_THAT(published_on(net1), IsEmpty());
    EXPECT_THAT(engine_->inspect_container("web")->ports, IsEmpty());
}

TEST_F(EngineTest, TakenPortLeavesNothing) {
    network("net1", "10.77.0.0/24");
    publishing("one", "net1", {{"80/tcp", {{"", "8080"}}}});
    publishing("two", "net1", {{"80/tcp", {{"", "8080"}}}});
    publishing("three", "net1", {{"80/tcp", {{"", "7000"}}}, {"81/tcp", {{"", "9000"}}}});
    ASSERT_TRUE(engine_->start_container("one"));
    const auto before = kernel_;
    const auto held = ports_.held.size();
    const auto refused = engine_->start_container("two");
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(),
                HasSubstr("driver failed programming external connectivity on endpoint two ("));
    EXPECT_THAT(refused.error().message(), HasSubstr("): Bind for 0.0.0.0:8080 failed: port is already allocated"));
    ports_.others.insert({registry::Protocol::tcp, IpAddress(), 9000});
    const auto in_use = engine_->start_container("three");
    ASSERT_FALSE(in_use);
    EXPECT_THAT(in_use.error().message(),
                HasSubstr("failed to bind host port 0.0.0.0:9000/tcp: address already in use"));
    EXPECT_TRUE(kernel_.state() == before.state());
    EXPECT_EQ(ports_.held.size(), held);
    ports_.others.clear();
    EXPECT_TRUE(engine_->start_container("three")) << "what was tried is free again";
}

TEST_F(EngineTest, PublishedPortFollowsTheDefaultRoute) {
    const auto net1 = network("net1", "10.77.0.0/24");
    const auto first = network("afirst", "10.78.0.0/24");
    publishing("web", "net1", {{"80/tcp", {{"", ""}}}});
    ASSERT_TRUE(engine_->start_container("web"));
    const auto number = engine_->inspect_container("web")->ports.front().host_port;
    ASSERT_TRUE(engine_->connect("afirst", {.container = "web", .endpoint = {}}));
    EXPECT_THAT(published_on(net1), IsEmpty());
    ASSERT_THAT(published_on(first), SizeIs(2));
    EXPECT_EQ(published_on(first).front().host_port, number) << "the number stays";
    ASSERT_TRUE(engine_->disconnect("afirst", {.container = "web", .force = false}));
    EXPECT_THAT(published_on(net1), SizeIs(2)) << "by NAT, and for IPv6 by the proxy";
    ASSERT_TRUE(engine_->disconnect("net1", {.container = "web", .force = false}));
    EXPECT_THAT(ports_.held, IsEmpty());
    EXPECT_THAT(engine_->inspect_container("web")->ports, IsEmpty());
}

TEST_F(EngineTest, PublishedPortsOutliveTheDaemon) {
    const auto net1 = network("net1", "10.77.0.0/24");
    publishing("web", "net1", {{"80/tcp", {{"", "8080"}}}});
    ASSERT_TRUE(engine_->start_container("web"));
    auto store = std::make_unique<registry::MemoryStore>(*store_);
    ports_.held.clear();
    store_ = store.get();
    engine_ = make_engine(std::move(store));
    ASSERT_TRUE(engine_->reconcile());
    EXPECT_THAT(published_on(net1), SizeIs(2)) << "by NAT, and for IPv6 by the proxy";
    EXPECT_THAT(ports_.held, SizeIs(2));
    publishing("two", "net1", {{"80/tcp", {{"127.0.0.1", "8080"}}}});
    EXPECT_FALSE(engine_->start_container("two"));
}

TEST_F(EngineTest, NoPortIsPublishedOnALinkOfSomebodyElses) {
    const auto net1 = network("net1", "10.77.0.0/24");
    publishing("web", "net1", {{"80/tcp", {{"", "8080"}}}});
    ASSERT_TRUE(engine_->start_container("web"));
    const std::string bridge = "br-" + net1.substr(0, 12);
    kernel_.taken.insert(bridge);
    kernel_.published.clear();
    auto store = std::make_unique<registry::MemoryStore>(*store_);
    store_ = store.get();
    engine_ = make_engine(std::move(store));
    ASSERT_TRUE(engine_->reconcile());
    EXPECT_THAT(published_on(net1), IsEmpty());
    ASSERT_TRUE(engine_->stop_container("web", {}));
    EXPECT_THAT(kernel_.published, Not(::testing::Contains(bridge)));
}

TEST_F(EngineTest, EveryFailureWithPublishedPortsLeavesNothing) {
    network("net1", "10.77.0.0/24");
    network("afirst", "10.78.0.0/24");
    publishing("web", "net1", {{"80/tcp", {{"", ""}}}});
    const auto before = kernel_;
    for (unsigned step = 1;; ++step) {
        SCOPED_TRACE(step);
        kernel_.calls = 0;
        kernel_.fail_at = step;
        if (engine_->start_container("web")) break;
        EXPECT_TRUE(kernel_.state() == before.state());
        EXPECT_THAT(ports_.held, IsEmpty());
        ASSERT_LT(step, 20U);
    }
    const auto attached = kernel_;
    const auto held = ports_.held;
    for (unsigned step = 1;; ++step) {
        SCOPED_TRACE(step);
        kernel_.calls = 0;
        kernel_.fail_at = step;
        if (engine_->connect("afirst", {.container = "web", .endpoint = {}})) break;
        EXPECT_TRUE(kernel_.state() == attached.state());
        EXPECT_EQ(ports_.held, held);
        ASSERT_LT(step, 20U);
    }
}

TEST_F(EngineTest, ALookupThatWaitsForServersOutsideHoldsNothingUp) {
    names_.is_silent = true;
    network("net1");
    for (const char* name : {"web", "app"}) {
        container(name, "net1");
        ASSERT_TRUE(engine_->start_container(name));
    }
    std::vector<std::string> said;
    const auto look_up = [&](const std::string& from) {
        engine_->resolve({.name = "outside.example", .type = "A", .from = from}, [&said, from](const auto& result) {
            said.push_back(from + ": " + (result ? result->trace.back() : result.error().message()));
        });
    };
    for (const char* from : {"web", "app", "web", "app"}) look_up(from);
    EXPECT_TRUE(said.empty());

    names_.asked[0].second(resolver::Explanation{.reply = {}, .trace = {"answered"}});
    EXPECT_EQ(said, std::vector<std::string>{"web: answered"});
    ASSERT_TRUE(engine_->stop_container("app", {}));
    EXPECT_EQ(said.size(), 3U);
    EXPECT_EQ(said.back(), "app: container app is not running");
    engine_->dismiss_waiting();
    EXPECT_EQ(said.size(), 4U);
    EXPECT_EQ(said.back(), "web: the daemon is stopping");
    // An answer that comes nevertheless is nobody's.
    names_.asked[1].second(resolver::Explanation{.reply = {}, .trace = {"too late"}});
    EXPECT_EQ(said.size(), 4U);
}

TEST_F(EngineTest, ANetworkWithEndpointsStays) {
    network("net1");
    container("web", "net1");
    ASSERT_TRUE(engine_->start_container("web"));
    const auto removed = engine_->remove_network("net1");
    ASSERT_FALSE(removed);
    EXPECT_THAT(removed.error().message(), HasSubstr("network net1 has active endpoints (name:\"web\""));
    ASSERT_TRUE(engine_->stop_container("web", {}));
    ASSERT_TRUE(engine_->remove_network("net1"));
    EXPECT_EQ(engine_->start_container("web").error().message(), "network net1 not found");
    network("net1");
    EXPECT_TRUE(engine_->start_container("web")) << "a network is found by name at each start";
}

TEST_F(EngineTest, AddressesAreLowestFreeAndReleasedAtStop) {
    network("net1", "10.77.0.0/24");
    for (const char* name : {"a", "b", "c"}) {
        container(std::string("web-") + name, "net1");
        ASSERT_TRUE(engine_->start_container(std::string("web-") + name));
    }
    EXPECT_EQ(address("web-c", "net1"), "10.77.0.4");
    ASSERT_TRUE(engine_->stop_container("web-a", {}));
    ASSERT_TRUE(engine_->restart_container("web-c"));
    EXPECT_EQ(address("web-c", "net1"), "10.77.0.2");
}

TEST_F(EngineTest, ASixteenIsGivenOutToItsLastAddress) {
    api::NetworkCreateBody body;
    body.name = "net1";
    body.ipam.push_back({"10.77.0.0/16", "", "10.77.0.1", {}});
    constexpr unsigned kReserved = 65'532;  // leaves one of 65 533
    for (unsigned number = 0; number < kReserved; ++number) {
        body.ipam[0].aux["a" + std::to_string(number)] = IpAddress::v4(0x0a4d0002U + number).text();
    }
    const auto created = engine_->create_network(body);
    ASSERT_TRUE(created) << created.error().message();
    container("last", "net1");
    container("too-late", "net1");
    ASSERT_TRUE(engine_->start_container("last"));
    EXPECT_EQ(address("last", "net1"), "10.77.255.254");
    const std::string full = "no available IPv4 addresses on this network's address pools: net1 (" + created->id + ")";
    EXPECT_EQ(engine_->start_container("too-late").error().message(), full);
    ASSERT_TRUE(engine_->stop_container("last", {}));
    EXPECT_TRUE(engine_->start_container("too-late"));
}

}  // namespace
}  // namespace nsr::daemon
