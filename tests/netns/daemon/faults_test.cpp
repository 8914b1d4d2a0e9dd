#include "tests/netns/daemon/faults_fixture.h"

/// Every call into the kernel fails once, one after the other; afterwards all is as before, or the operation is
/// complete.
namespace nsr::daemon {
namespace {

TEST_F(FaultsTest, CreateNetwork) {
    api::NetworkCreateBody body;
    body.name = "net1";
    body.enable_ipv6 = true;
    body.options["com.docker.network.bridge.name"] = "lab0";
    every_call_fails_once([&] { return engine_->create_network(body).has_value(); },
                          [&] { return engine_->remove_network("net1").has_value(); });
}

TEST_F(FaultsTest, CreateAnotherNetwork) {
    api::NetworkCreateBody body;
    body.name = "net1";
    body.options["com.docker.network.bridge.name"] = "lab0";
    every_call_fails_once([&] { return engine_->create_network(body).has_value(); },
                          [&] { return engine_->remove_network("net1").has_value(); });
}

TEST_F(FaultsTest, RemoveNetwork) {
    const auto create = [&] {
        api::NetworkCreateBody body;
        body.name = "net1";
        body.ipam.push_back({"10.77.0.0/24", "", "", {}});
        body.options["com.docker.network.bridge.name"] = "lab0";
        return engine_->create_network(body).has_value();
    };
    every_call_fails_once([&] { return engine_->remove_network("net1").has_value(); }, create,
                          {.may_complete = true, .first = create});
}

TEST_F(FaultsTest, CreateContainer) {
    network("net1", "10.77.0.0/24");
    every_call_fails_once([&] { return engine_->create_container(body("web", "net1", {.ports = true})).has_value(); },
                          [&] { return engine_->remove_container("web", false).has_value(); });
}

TEST_F(FaultsTest, RemoveContainer) {
    network("net1", "10.77.0.0/24");
    const auto run = [&] {
        return engine_->create_container(body("web", "net1", {.ports = true})).has_value() &&
               engine_->start_container("web").has_value();
    };
    // With --force: a stop and a removal.
    every_call_fails_once([&] { return engine_->remove_container("web", true).has_value(); }, run,
                          {.may_complete = true, .first = run, .halfway = [&] {
                               return engine_->stop_container("web", {}).has_value();
                           }});
}

TEST_F(FaultsTest, Start) {
    network("net1", "10.77.0.0/24", true);
    container("db", "net1", {});
    start("db");
    container("web", "net1", {.ports = true});
    every_call_fails_once([&] { return engine_->start_container("web").has_value(); },
                          [&] { return engine_->stop_container("web", {}).has_value(); });
}

TEST_F(FaultsTest, StartOfAProcess) {
    network("net1", "10.77.0.0/24");
    container("web", "net1", {.process = process()});
    every_call_fails_once([&] { return engine_->start_container("web").has_value(); },
                          [&] { return engine_->stop_container("web", {}).has_value(); });
}

TEST_F(FaultsTest, Stop) {
    network("net1", "10.77.0.0/24");
    container("db", "net1", {});
    start("db");
    container("web", "net1", {.ports = true});
    const auto start = [&] { return engine_->start_container("web").has_value(); };
    every_call_fails_once([&] { return engine_->stop_container("web", {}).has_value(); }, start,
                          {.may_complete = true, .first = start});
}

TEST_F(FaultsTest, StopOfAProcess) {
    network("net1", "10.77.0.0/24");
    container("web", "net1", {.process = process()});
    const auto start = [&] { return engine_->start_container("web").has_value(); };
    every_call_fails_once([&] { return engine_->stop_container("web", {}).has_value(); }, start,
                          {.may_complete = true, .first = start});
}

TEST_F(FaultsTest, ConnectAndDisconnect) {
    network("net1", "10.77.0.0/24");
    network("net2", "10.78.0.0/24");
    container("db", "net2", {});
    start("db");
    container("web", "net1", {.ports = true});
    start("web");
    const Step connect = [&] { return engine_->connect("net2", {.container = "web", .endpoint = {}}).has_value(); };
    const Step leave = [&] { return engine_->disconnect("net2", {.container = "web", .force = false}).has_value(); };
    every_call_fails_once(connect, leave);
    every_call_fails_once(leave, connect, {.may_complete = true, .first = connect});
}

TEST_F(FaultsTest, StartAndStopOnMacvlan) {
    ASSERT_TRUE(test::run_command("ip link add par0 type veth peer name par1 && ip link set par0 up").ok());
    api::NetworkCreateBody body;
    body.name = "net1";
    body.driver = "macvlan";
    body.options["parent"] = "par0";
    body.ipam.push_back({"10.77.0.0/24", "", "10.77.0.1", {}});
    ASSERT_TRUE(engine_->create_network(body));
    container("web", "net1", {});
    const Step start = [&] { return engine_->start_container("web").has_value(); };
    const Step stop = [&] { return engine_->stop_container("web", {}).has_value(); };
    every_call_fails_once(start, stop);
    every_call_fails_once(stop, start, {.may_complete = true, .first = start});
}

/// The files of the one that has a link follow the one that it leads to.
TEST_F(FaultsTest, RestartOfTheTargetOfALink) {
    network("net1", "10.77.0.0/24");
    container("db", "bridge", {});
    start("db");
    auto linked = body("web", "bridge", {});
    linked.links = {"db:database"};
    ASSERT_TRUE(engine_->create_container(linked));
    start("web");
    const Step start = [&] { return engine_->start_container("db").has_value(); };
    const Step stop = [&] { return engine_->stop_container("db", {}).has_value(); };
    every_call_fails_once(stop, start, {.may_complete = true});
    ASSERT_TRUE(stop());
    every_call_fails_once(start, stop);
}

TEST_F(FaultsTest, Rename) {
    network("net1", "10.77.0.0/24");
    container("web", "net1", {});
    start("web");
    every_call_fails_once([&] { return engine_->rename_container("web", "www").has_value(); },
                          [&] { return engine_->rename_container("www", "web").has_value(); }, {.may_complete = true});
}

}  // namespace
}  // namespace nsr::daemon
