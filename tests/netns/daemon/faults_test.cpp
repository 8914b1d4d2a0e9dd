#include <sched.h>
#include <sys/mount.h>

#include <filesystem>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fault.h"
#include "daemon/engine/engine.h"
#include "registry/memory/memory_store.h"
#include "tests/support/command.h"
#include "tests/support/fake_port_proxy.h"
#include "tests/support/fake_resolver.h"

/// Every call into the kernel fails once, one after the other; afterwards all is as before, or the operation is
/// complete.
namespace nsr::daemon {
namespace {

using ::testing::AnyOf;
using ::testing::Eq;

unsigned fault_at = 0;     ///< the number of the call that fails, from 1
unsigned fault_calls = 0;  ///< so far
std::string fault_name;    ///< of the call that failed

bool fail_nth(const char* call) {
    if (++fault_calls != fault_at) return false;
    fault_name = call;
    return true;
}

/// A plain, sorted text of what the kernel has: without handles, counters and indexes.
constexpr const char* kKernelState = R"PY(python3 - <<'END'
import json, subprocess
def run(*words): return json.loads(subprocess.run(words, capture_output=True, text=True).stdout or "[]")
def plain(value):
    if isinstance(value, dict):
        return {key: sorted(map(plain, item), key=str) if key == "elem" else plain(item) for key, item in value.items()
                if key not in ("handle", "packets", "bytes", "metainfo")}
    return list(map(plain, value)) if isinstance(value, list) else value
def name(link): return "veth" if link["ifname"].startswith("veth") else link["ifname"]
for link in sorted(run("ip", "-j", "-d", "link"), key=name):
    print(name(link), link.get("group"), link.get("master"), link["mtu"], "UP" in link["flags"])
for link in sorted(run("ip", "-j", "address"), key=name):
    print(name(link), [a["local"] for a in link["addr_info"] if a["scope"] == "global"])
for item in sorted(json.dumps(plain(item)) for item in run("nft", "-j", "list", "ruleset").get("nftables", [])):
    print(item)
END)PY";

class FaultsTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root";
        ASSERT_EQ(::unshare(CLONE_NEWNET | CLONE_NEWNS), 0);
        ASSERT_EQ(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
        char name[] = "/tmp/faults-test-XXXXXX";
        directory_ = ::mkdtemp(name);
        Settings settings;
        settings.state_dir = settings.run_dir = directory_;
        settings.is_default_run_dir = false;
        EngineParts parts{.settings = settings,
                          .registry = *registry::Registry::load(std::make_unique<registry::MemoryStore>()),
                          .netsetup = *net::NetSetup::open(),
                          .proxy = std::make_unique<testing::FakePortProxy>(ports_),
                          .sandboxes = Sandboxes(*net::NetnsKeeper::open(directory_, false), *NetNs::current()),
                          .resolver = std::make_unique<testing::FakeResolver>(names_),
                          .host_dns = {},
                          .watch = [](const std::string&, UniqueFd) {}};
        engine_ = std::make_unique<Engine>(std::move(parts), metrics_);
        ASSERT_TRUE(engine_->reconcile());
        fault::hook = fail_nth;
    }

    void TearDown() override {
        fault::hook = nullptr;
        engine_.reset();
        ::umount2((directory_ + "/netns").c_str(), MNT_DETACH);
        std::filesystem::remove_all(directory_);
    }

    void network(const std::string& name, const std::string& subnet, bool v6 = false) {
        api::NetworkCreateBody body;
        body.name = name;
        body.ipam.push_back({subnet, "", "", {}});
        body.enable_ipv6 = v6;
        const auto created = engine_->create_network(body);
        ASSERT_TRUE(created) << created.error().message();
    }

    void container(const std::string& name, const std::string& network) {
        api::ContainerCreateBody body;
        body.name = name;
        body.network_mode = network;
        const auto created = engine_->create_container(body);
        ASSERT_TRUE(created) << created.error().message();
    }

    /// The kernel, the namespaces, the registry and the names.
    std::string state() {
        engine_->sweep();
        std::string text = test::run_command(kKernelState).output;
        for (const auto& entry : std::filesystem::directory_iterator(directory_ + "/netns")) {
            text += "namespace " + entry.path().filename().string() + "\n";
            text += test::run_command("for v in 4 6; do nsenter --net=" + entry.path().string() +
                                      " ip -$v route | sort; done")
                        .output;
        }
        const auto networks = engine_->list_networks({});
        for (const auto& network : *networks) {
            text += "network " + network.network.name + "\n";
        }
        const auto containers = engine_->list_containers(true, {});
        for (const auto& each : *containers) {
            text += "container " + each.container.name;
            text += each.container.state == registry::ContainerState::running ? " running" : " stopped";
            for (const auto& [name, endpoint] : each.networks) text += " " + name + "=" + endpoint.ip_address;
            text += "\n";
        }
        for (const auto& [key, names] : names_.published) {
            text += "names " + key.second + " " + (names.ipv4 ? names.ipv4->text() : "-") + "\n";
        }
        for (const auto& id : names_.open) text += "open " + id + "\n";
        return text;
    }

    using Step = std::function<bool()>;

    /// Does `step` with each call failing once. `back` makes a step that succeeded undone. A step that may be complete
    /// in spite of its failure must have left what it leaves when nothing fails.
    void every_call_fails_once(const Step& step, const Step& back, bool may_complete = false) {
        const std::string before = state();
        ASSERT_TRUE(step());
        const std::string complete = state();
        ASSERT_TRUE(back());
        ASSERT_EQ(state(), before);
        for (unsigned call = 1;; ++call) {
            fault_calls = 0;
            fault_name.clear();
            fault_at = call;
            const bool done = step();
            fault_at = 0;
            if (fault_name.empty()) {
                ASSERT_TRUE(done && back());
                break;
            }
            SCOPED_TRACE("call " + std::to_string(call) + ": " + fault_name);
            const std::string after = state();
            if (done)
                EXPECT_EQ(after, complete);
            else if (may_complete)
                EXPECT_THAT(after, AnyOf(Eq(before), Eq(complete)));
            else
                EXPECT_EQ(after, before);
            if (after != before) {
                if (after != complete) return;
                ASSERT_TRUE(back());
            }
            ASSERT_LT(call, 200U);
        }
    }

    std::string directory_;
    Metrics metrics_{1};
    testing::FakePortProxy::World ports_;
    testing::FakeResolver::World names_;
    std::unique_ptr<Engine> engine_;
};

TEST_F(FaultsTest, CreateNetwork) {
    api::NetworkCreateBody body;
    body.name = "net1";
    body.enable_ipv6 = true;
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
    ASSERT_TRUE(create());
    every_call_fails_once([&] { return engine_->remove_network("net1").has_value(); }, create, true);
}

TEST_F(FaultsTest, Start) {
    network("net1", "10.77.0.0/24", true);
    container("web", "net1");
    every_call_fails_once([&] { return engine_->start_container("web").has_value(); },
                          [&] { return engine_->stop_container("web", {}).has_value(); });
}

TEST_F(FaultsTest, Stop) {
    network("net1", "10.77.0.0/24");
    container("web", "net1");
    const auto start = [&] { return engine_->start_container("web").has_value(); };
    ASSERT_TRUE(start());
    every_call_fails_once([&] { return engine_->stop_container("web", {}).has_value(); }, start, true);
}

TEST_F(FaultsTest, ConnectAndDisconnect) {
    network("net1", "10.77.0.0/24");
    network("net2", "10.78.0.0/24");
    container("web", "net1");
    ASSERT_TRUE(engine_->start_container("web"));
    const Step connect = [&] { return engine_->connect("net2", {.container = "web", .endpoint = {}}).has_value(); };
    const Step leave = [&] { return engine_->disconnect("net2", {.container = "web", .force = false}).has_value(); };
    every_call_fails_once(connect, leave);
    ASSERT_TRUE(connect());
    every_call_fails_once(leave, connect, true);
}

}  // namespace
}  // namespace nsr::daemon
