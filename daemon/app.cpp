#include "daemon/app.h"

#include <grp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <future>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "api/http_server.h"
#include "api/router.h"
#include "common/files.h"
#include "common/log.h"
#include "daemon/engine/engine.h"
#include "daemon/file_watcher.h"
#include "daemon/host_resolver.h"
#include "daemon/instance_lock.h"
#include "daemon/kernel_guard.h"
#include "daemon/metrics_text.h"
#include "daemon/operations.h"
#include "daemon/pid_watcher.h"
#include "daemon/version.h"
#include "registry/sqlite/sqlite_store.h"

namespace nsr::daemon {
namespace {

/// How long dying links are collected before they are deleted in one request.
constexpr std::chrono::seconds kSweepDelay{1};
/// Until the next try of what could not be done (a full disk).
constexpr std::chrono::seconds kRetryDelay{5};

unsigned worker_count() {
    const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1U : static_cast<unsigned>(online);
}

Result<> check_root() {
    if (::geteuid() == 0) return {};
    return fail(Errc::forbidden, "ns-registerd must run as root: it makes network namespaces and interfaces");
}

/// Every container and every client of the proxy costs descriptors; services start with a low soft limit for select()'s
/// sake.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

/// All parts, declared in the order of construction: each may use those above it.
class App::Parts {
public:
    explicit Parts(Settings settings) : settings_(std::move(settings)), metrics_(worker_count()) {}

    ~Parts() {
        watcher_.close();
        if (operations_) operations_->post([this] { finish(); });
        operations_.reset();
    }

    Result<> start() {
        if (auto root = check_root(); !root) return root;
        auto lock = InstanceLock::take(settings_.state_dir);
        if (!lock) return fail(std::move(lock).error());
        lock_.emplace(std::move(*lock));
        if (auto made = make_directories(settings_.run_dir); !made) return made;
        log::start(settings_.log_level);
        raise_descriptor_limit();
        if (auto built = build_engine(); !built) return built;
        if (auto reconciled = on_operations([this] { return engine_->reconcile(); }); !reconciled) return reconciled;
        if (auto listening = listen(); !listening) return listening;
        follow_resolv_conf();
        operations_->post([this] { guard_->start(); });
        return {};
    }

    void run() {
        wait_for_reload();
        boost::asio::signal_set signals(control_, SIGTERM, SIGINT);
        signals.async_wait([this](const boost::system::error_code& error, int number) {
            if (!error) stop(number);
        });
        spdlog::info("event=ready version={} commit={} socket={} workers={}", kVersion, kGitCommit,
                     log::quoted(settings_.socket), metrics_.dns.size());
        control_.run();
    }

private:
    Result<> build_engine() {
        auto store = registry::open_sqlite_store(settings_.state_dir + "/registry.db");
        if (!store) return fail(std::move(store).error());
        auto registry = registry::Registry::load(std::move(*store));
        if (!registry) return fail(std::move(registry).error(), "load the registry");
        auto home = NetNs::current();
        if (!home) return fail(std::move(home).error());
        operations_ = std::make_unique<Operations>([this] { arm_sweep(); });
        auto netsetup = net::NetSetup::open(settings_.run_dir, true);
        if (!netsetup) return fail(std::move(netsetup).error());
        auto keeper = net::NetnsKeeper::open(settings_.run_dir, settings_.is_default_run_dir);
        if (!keeper) return fail(std::move(keeper).error());
        const resolver::ResolverOptions options{.workers = worker_count(),
                                                .pin_workers = true,
                                                .forward_limit = settings_.forward_limit,
                                                .forward_limit_per_container = settings_.forward_limit_per_container,
                                                .udp_segmentation = settings_.udp_segmentation};
        auto resolver = resolver::Resolver::start(options, *home, metrics_);
        if (!resolver) return fail(std::move(resolver).error(), "start the resolver");
        auto proxy = settings_.userland_proxy ? net::make_port_proxy({}, metrics_.proxy) : net::make_port_holder();
        EngineParts parts{
            .settings = settings_,
            .registry = std::move(*registry),
            .netsetup = std::move(*netsetup),
            .proxy = std::move(proxy),
            .sandboxes = Sandboxes(std::move(*keeper), std::move(*home)),
            .resolver = std::move(*resolver),
            .host_dns = read_host_dns(settings_.resolv_conf),
            .watch = [this](const std::string& id, UniqueFd pidfd) { watch(id, std::move(pidfd)); },
            .kill_later =
                [this](const std::string& id, std::chrono::seconds delay) {
                    boost::asio::post(control_, [this, id, delay] { watcher_.kill_after(id, delay); });
                },
            .post = [&operations = *operations_](std::function<void()> task) { operations.post(std::move(task)); }};
        engine_ = std::make_unique<Engine>(std::move(parts), metrics_);
        sweep_timer_.emplace(operations_->context());
        guard_.emplace(operations_->context(), *engine_);
        return {};
    }

    /// Runs a function on the operations thread and waits for it. Before the control loop runs only.
    Result<> on_operations(std::function<Result<>()> function) {
        std::promise<Result<>> done;
        operations_->post([&] { done.set_value(function()); });
        return done.get_future().get();
    }

    Result<> listen() {
        router_.emplace(*engine_, api::Hooks{.version = kVersion,
                                             .git_commit = kGitCommit,
                                             .metrics_text = [this] { return current_metrics(); },
                                             .count_operation =
                                                 [this](bool done) {
                                                     metrics_.operations.add();
                                                     if (!done) metrics_.operation_failures.add();
                                                 }});
        server_.emplace(control_, settings_.socket, *router_, metrics_,
                        [this](std::function<void()> task) { operations_->post(std::move(task)); });
        return server_->listen();
    }

    std::string current_metrics() {
        engine_->count();
        return metrics_text(metrics_);
    }

    /// Operations thread: hands a pidfd to the control thread.
    void watch(const std::string& container_id, UniqueFd pidfd) {
        boost::asio::post(control_, [this, container_id, pidfd = std::move(pidfd)]() mutable {
            watcher_.watch(container_id, std::move(pidfd));
        });
    }

    void ended(const std::string& container_id, UniqueFd pidfd) {
        auto held = std::make_shared<UniqueFd>(std::move(pidfd));
        operations_->post_urgent([this, container_id, held] { engine_->sandbox_ended(container_id, *held); });
    }

    void follow_resolv_conf() {
        if (auto started = resolv_conf_.start(); !started) {
            spdlog::warn("event=resolv_conf_not_followed err={}", log::quoted(started.error().message()));
        }
    }

    void resolv_conf_changed() {
        operations_->post([this] { engine_->set_host_dns(read_host_dns(settings_.resolv_conf)); });
    }

    /// Operations thread, after every task.
    void arm_sweep() {
        if (sweep_armed_ || stopping_ || !engine_ || !engine_->wants_sweep()) return;
        sweep_armed_ = true;
        sweep_in(kSweepDelay);
    }

    void sweep_in(std::chrono::milliseconds delay) {
        sweep_timer_->expires_after(delay);
        sweep_timer_->async_wait([this](const boost::system::error_code& error) {
            sweep_armed_ = false;
            if (error) return;
            engine_->sweep();
            if (!engine_->has_unfinished()) return;
            sweep_armed_ = true;
            sweep_in(kRetryDelay);
        });
    }

    /// Operations thread, last task; what the resolver's threads have posted may follow.
    void finish() {
        stopping_ = true;
        sweep_timer_.reset();
        guard_.reset();
        if (!engine_) return;
        if (engine_->wants_sweep()) engine_->sweep();
        engine_->stop_answering();
    }

    void wait_for_reload() {
        reload_.async_wait([this](const boost::system::error_code& error, int) {
            if (error || leaving_) return;
            operations_->post([this] { engine_->check_everything(); });
            resolv_conf_.look_again();
            wait_for_reload();
        });
    }

    void stop(int number) {
        spdlog::info("event=stopping signal={}", number);
        // Whatever waits on the control thread keeps it from ending.
        leaving_ = true;
        reload_.cancel();
        resolv_conf_.close();
        watcher_.close();
        operations_->post([this] { engine_->dismiss_waiting(); });
        server_->stop();
    }

    Settings settings_;
    Metrics metrics_;
    std::optional<InstanceLock> lock_;
    boost::asio::io_context control_{1};
    boost::asio::signal_set reload_{control_, SIGHUP};
    bool leaving_ = false;
    std::unique_ptr<Engine> engine_;
    PidWatcher watcher_{control_, [this](const std::string& id, UniqueFd fd) { ended(id, std::move(fd)); }};
    FileWatcher resolv_conf_{control_, settings_.resolv_conf, [this] { resolv_conf_changed(); }};
    std::optional<api::Router> router_;
    std::optional<api::HttpServer> server_;
    std::unique_ptr<Operations> operations_;

    // operations thread
    std::optional<boost::asio::steady_timer> sweep_timer_;
    std::optional<KernelGuard> guard_;
    bool sweep_armed_ = false;
    bool stopping_ = false;
};

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
App::~App() = default;

Result<std::unique_ptr<App>> App::start(Settings settings) {
    std::signal(SIGPIPE, SIG_IGN);
    auto parts = std::make_unique<Parts>(std::move(settings));
    if (auto started = parts->start(); !started) return fail(std::move(started).error());
    return std::unique_ptr<App>(new App(std::move(parts)));
}

void App::run() { parts_->run(); }

}  // namespace nsr::daemon
