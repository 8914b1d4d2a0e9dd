#pragma once

#include <sched.h>
#include <sys/mount.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/engine/engine.h"
#include "registry/memory/memory_store.h"
#include "tests/support/fake_netsetup.h"
#include "tests/support/fake_port_proxy.h"
#include "tests/support/fake_resolver.h"

namespace nsr::daemon {

/// The engine on a kernel and a resolver in memory; only namespaces are real, in a mount namespace of the test's own.
class EngineTest : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_EQ(::unshare(CLONE_NEWNET | CLONE_NEWNS), 0) << "needs root";
        ASSERT_EQ(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
        char name[] = "/tmp/engine-test-XXXXXX";
        directory_ = ::mkdtemp(name);
        auto store = std::make_unique<registry::MemoryStore>();
        store_ = store.get();
        engine_ = make_engine(std::move(store));
        ASSERT_TRUE(engine_->reconcile());
    }

    void TearDown() override {
        engine_.reset();
        ::umount2((directory_ + "/netns").c_str(), MNT_DETACH);
        std::filesystem::remove_all(directory_);
    }

    std::unique_ptr<Engine> make_engine(std::unique_ptr<registry::Store> store) {
        Settings settings;
        settings.state_dir = settings.run_dir = directory_;
        settings.is_default_run_dir = false;
        EngineParts parts{.settings = settings,
                          .registry = *registry::Registry::load(std::move(store)),
                          .netsetup = std::make_unique<testing::FakeNetSetup>(kernel_),
                          .proxy = std::make_unique<testing::FakePortProxy>(ports_),
                          .sandboxes = Sandboxes(*net::NetnsKeeper::open(directory_, false), *NetNs::current()),
                          .resolver = std::make_unique<testing::FakeResolver>(names_),
                          .host_dns = {},
                          .watch = [](const std::string&, UniqueFd) {}};
        return std::make_unique<Engine>(std::move(parts), metrics_);
    }

    std::string network(const std::string& name, const std::string& subnet = "") {
        api::NetworkCreateBody body;
        body.name = name;
        if (!subnet.empty()) body.ipam.push_back({subnet, "", "", {}});
        auto created = engine_->create_network(body);
        EXPECT_TRUE(created) << created.error().message();
        return created ? created->id : "";
    }

    std::string container(const std::string& name, const std::string& network) {
        api::ContainerCreateBody body;
        body.name = name;
        body.network_mode = network;
        auto created = engine_->create_container(body);
        EXPECT_TRUE(created) << created.error().message();
        return created ? created->id : "";
    }

    void publishing(const std::string& name, const std::string& network,
                    std::map<std::string, std::vector<api::PortBindingBody>> bindings) {
        api::ContainerCreateBody body;
        body.name = name;
        body.network_mode = network;
        body.port_bindings = std::move(bindings);
        ASSERT_TRUE(engine_->create_container(body));
    }

    std::vector<net::PublishedPort> published_on(const std::string& network_id) const {
        for (const auto& bridge : kernel_.firewall) {
            if (bridge.network_id == network_id) return bridge.published;
        }
        return {};
    }

    std::string address(const std::string& name, const std::string& network) {
        return engine_->inspect_container(name)->networks[network].ip_address;
    }

    std::vector<std::string> pinned() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(directory_ + "/netns")) {
            names.push_back(entry.path().filename());
        }
        return names;
    }

    std::string directory_;
    Metrics metrics_{1};
    testing::FakeNetSetup::World kernel_;
    testing::FakePortProxy::World ports_;
    testing::FakeResolver::World names_;
    registry::MemoryStore* store_ = nullptr;
    std::unique_ptr<Engine> engine_;
};

}  // namespace nsr::daemon
