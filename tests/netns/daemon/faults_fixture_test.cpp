#include "tests/netns/daemon/faults_fixture.h"

#include <sys/prctl.h>

#include <string_view>
#include <utility>

#include "common/files.h"

namespace nsr::daemon {
namespace {

constexpr unsigned kCallsMax = 400;

/// What the thread of spare namespaces does belongs to no operation: without a spare one an operation makes its own.
bool is_of_an_operation() {
    char name[16] = {};
    ::prctl(PR_GET_NAME, name);
    return std::string_view(name) != "sandboxes";
}

bool fail_nth(const char* call) {
    if (!is_of_an_operation()) return false;
    if (++the_fault.calls != the_fault.at) return false;
    the_fault.name = call;
    return true;
}

/// A plain, sorted text of what is there: without handles, counters, indexes and times.
/// Arguments: the numbers of processes whose namespaces belong to it, too.
constexpr const char* kState = R"PY(
import builtins, glob, json, os, shutil, sqlite3, subprocess, sys
said = []
def print(*words, sep=" "): said.append(sep.join(map(str, words)))
def text(*words): return subprocess.run(words, capture_output=True, text=True).stdout
def run(*words): return json.loads(text(*words) or "[]")
def plain(value):
    if isinstance(value, dict):
        return {key: sorted(map(plain, item), key=str) if key == "elem" else plain(item) for key, item in value.items()
                if key not in ("handle", "packets", "bytes", "metainfo")}
    return list(map(plain, value)) if isinstance(value, list) else value
def name(link): return "veth" if link["ifname"].startswith("veth") else link["ifname"]
def namespace(title, *enter):
    begin = len(said)
    print("namespace", title)
    for link in sorted(run(*enter, "ip", "-j", "-d", "link"), key=name):
        print(name(link), link.get("group"), link.get("master"), link["mtu"], "UP" in link["flags"])
    for link in sorted(run(*enter, "ip", "-j", "address"), key=name):
        print(name(link), sorted(a["local"] for a in link["addr_info"] if a["scope"] == "global"))
    for item in sorted(json.dumps(plain(item)) for item in run(*enter, "nft", "-j", "list", "ruleset").get("nftables", [])):
        print(item)
    for socket in sorted(text(*enter, "ss", "-Hlntu").splitlines()): print(*socket.split()[:2], *socket.split()[4:5])
    if not enter: return
    for version in "46": print(*sorted(text(*enter, "ip", "-" + version, "route").splitlines()), sep="\n")
    for asked in ("web", "db") if any("127.0.0.11:" in line for line in said[begin:]) else ():
        print(asked, sorted(text(*enter, "dig", "+tries=1", "+time=2", "+short", "@127.0.0.11", asked).split()))
namespace("host")
for path in sorted(glob.glob("/run/ns-register/netns/*")): namespace(path, "nsenter", "--net=" + path)
for pid in sys.argv[1:]:
    namespace("process " + pid, "nsenter", "-n", "-t", pid)
    inside = "nsenter", "-m", "-t", pid
    print(text(*inside, "cat", "/etc/hosts", "/etc/resolv.conf"))
    print(*(line.split()[4] for line in open(f"/proc/{pid}/mountinfo") if " /etc/" in line), sep="\n")
for top in "/run/netns", "/etc/netns", "/run/state/containers":
    for folder, folders, files in sorted(os.walk(top)):
        print(folder, sorted(folders), sorted(files), [os.readlink(folder + "/" + f) for f in sorted(files)
                                                       if os.path.islink(folder + "/" + f)])
print(*sorted(text("cat", *glob.glob("/run/state/containers/*/hosts")).splitlines()), sep="\n")
for file in glob.glob("/run/state/registry.db*"): shutil.copy(file, "/run/copy" + file[10:])
database = sqlite3.connect("/run/copy/registry.db")
database.row_factory = sqlite3.Row
CHANGES = "created", "started", "finished", "exit_code", "error", "host_interface", "sandbox_inode"
def named(text):  # what is made anew has another id
    for table in "networks", "containers":
        for row in database.execute(f"SELECT id, name FROM {table}"):
            text = text.replace(row["id"], row["name"]).replace(row["id"][:12], row["name"])
    return text
for table in sorted(row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")):
    rows = [dict(row) for row in database.execute(f"SELECT * FROM {table}")]
    for row in rows:
        if table == "endpoints" and row["id"]: row["id"] = "some"
    print(table, *sorted(named(str({k: v for k, v in row.items() if k not in CHANGES})) for row in rows), sep="\n")
builtins.print(named("\n".join(said)))
)PY";

/// "" if equal, else what is only in `now` (+) and what only in `expected` (-).
std::string difference(const std::string& expected, const std::string& now) {
    EXPECT_TRUE(write_file_atomic("/run/expected", expected) && write_file_atomic("/run/now", now));
    return test::run_command("diff --unified=1 /run/expected /run/now").output;
}

}  // namespace

void FaultsTest::SetUp() {
    ASSERT_NO_FATAL_FAILURE(NetNsFixture::SetUp());
    if (IsSkipped()) return;
    ASSERT_TRUE(test::run_command("mkdir -p /etc/netns /run/state /run/copy && mount -t tmpfs tmpfs /etc/netns").ok());
    ASSERT_TRUE(write_file_atomic("/run/state.py", kState));
    Settings settings;
    settings.state_dir = kStateDir;
    auto home = *NetNs::current();
    auto resolver = *resolver::Resolver::start({.workers = 2}, home, metrics_);
    EngineParts parts{
        .settings = settings,
        .registry = *registry::Registry::load(*registry::open_sqlite_store(std::string(kStateDir) + "/registry.db")),
        .netsetup = *net::NetSetup::open(kRunDir, true),
        .proxy = net::make_port_proxy({}, metrics_.proxy),
        .sandboxes = Sandboxes(*net::NetnsKeeper::open(kRunDir, true), std::move(home)),
        .resolver = std::move(resolver),
        .host_dns = {},
        .watch = [](const std::string&, UniqueFd) {}};
    engine_ = std::make_unique<Engine>(std::move(parts), metrics_);
    ASSERT_TRUE(engine_->reconcile());
    the_fault = {};
    fault::hook = fail_nth;
}

void FaultsTest::TearDown() {
    fault::hook = nullptr;
    for (const int pid : processes_) {
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
    }
    engine_.reset();
    NetNsFixture::TearDown();
}

void FaultsTest::network(const std::string& name, const std::string& subnet, bool v6) {
    api::NetworkCreateBody body;
    body.name = name;
    body.ipam.push_back({subnet, "", "", {}});
    body.enable_ipv6 = v6;
    const auto created = engine_->create_network(body);
    ASSERT_TRUE(created) << created.error().message();
}

api::ContainerCreateBody FaultsTest::body(const std::string& name, const std::string& network, Wish wish) {
    api::ContainerCreateBody body;
    body.name = name;
    body.network_mode = network;
    if (wish.process != 0) body.labels["ns-register.pid"] = std::to_string(wish.process);
    if (!wish.ports) return body;
    body.port_bindings["80/tcp"] = {{"", "8080"}};
    body.port_bindings["53/udp"] = {{"", "5353"}};
    return body;
}

void FaultsTest::container(const std::string& name, const std::string& network, Wish wish) {
    const auto created = engine_->create_container(body(name, network, wish));
    ASSERT_TRUE(created) << created.error().message();
}

void FaultsTest::start(const std::string& name) {
    const auto started = engine_->start_container(name);
    ASSERT_TRUE(started) << started.error().message();
}

int FaultsTest::process() {
    const int pid = ::fork();
    if (pid == 0) ::execlp("unshare", "unshare", "-n", "-m", "--propagation", "private", "sleep", "1000", nullptr);
    processes_.push_back(pid);
    const std::string file = "/proc/" + std::to_string(pid) + "/comm";
    while (read_file(file).value_or("") != "sleep\n") ::sched_yield();
    return pid;
}

std::string FaultsTest::state() {
    engine_->sweep();
    std::string command = "python3 /run/state.py";
    for (const int pid : processes_) command += " " + std::to_string(pid);
    const auto outcome = test::run_command(command);
    EXPECT_TRUE(outcome.ok()) << outcome.output;
    return outcome.output;
}

void FaultsTest::every_call_fails_once(const Step& step, const Step& back, const Terms& terms) {
    // What the first time leaves for good (files of a container that has once run) is not for comparison.
    ASSERT_TRUE(terms.first() && step() && back());
    before_ = state();
    if (terms.halfway) {
        ASSERT_TRUE(terms.halfway());
        halfway_ = state();
    }
    ASSERT_TRUE(step());
    complete_ = state();
    ASSERT_TRUE(back());
    ASSERT_EQ(difference(before_, state()), "");
    for (unsigned call = 1; call < kCallsMax; ++call) {
        the_fault = {.at = call, .calls = 0, .name = ""};
        ASSERT_NO_FATAL_FAILURE(one_call_fails(step, back, terms));
        if (the_fault.name.empty()) return;
    }
    FAIL() << "more calls than expected";
}

void FaultsTest::one_call_fails(const Step& step, const Step& back, const Terms& terms) {
    const bool done = step();
    const unsigned call = std::exchange(the_fault.at, 0);
    SCOPED_TRACE("failed: call " + std::to_string(call) + ", " + the_fault.name);
    const std::string after = state();
    if (!done && after == halfway_) {
        ASSERT_TRUE(step() && back());
        return;
    }
    const bool completed = done || (terms.may_complete && after != before_);
    ASSERT_EQ(difference(completed ? complete_ : before_, after), "");
    ASSERT_TRUE(!completed || back());
}

}  // namespace nsr::daemon
