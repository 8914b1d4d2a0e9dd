#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "common/log.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/names.h"
#include "daemon/engine/order.h"
#include "daemon/engine/signals.h"
#include "registry/labels.h"

/// Start, stop, restart and kill.
namespace nsr::daemon {
namespace {

constexpr int kExitStopped = 0;
constexpr int kExitSignalled = 128;  // and the signal's number, as Docker reports it

/// A container without a command has nobody who could heed a signal: these end it, the others are as good as ignored.
bool ends_containers(int signal) {
    return signal == SIGKILL || signal == SIGTERM || signal == SIGINT || signal == SIGQUIT;
}
constexpr int kExitNotStarted = 128;

std::uint64_t microseconds_since(TimePoint start) {
    const auto elapsed = std::chrono::steady_clock::now() - start;
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count());
}

}  // namespace

registry::Endpoint configured(registry::Endpoint endpoint) {
    endpoint.id.clear();
    endpoint.phase = registry::EndpointPhase::configured;
    endpoint.ipv4.reset();
    endpoint.ipv6.reset();
    endpoint.mac.reset();
    endpoint.interface.clear();
    endpoint.host_interface.clear();
    return endpoint;
}

Result<bool> Engine::start_container(const std::string& ref) {
    auto found = registry_.find_container(ref);
    if (!found) return fail(std::move(found).error());
    if ((*found)->state == registry::ContainerState::running) return false;
    const registry::Container container = **found;
    const auto begin = std::chrono::steady_clock::now();
    if (auto started = start(container); !started) {
        note_failed_start(container.id, started.error());
        return fail(std::move(started).error());
    }
    metrics_.attaches.add();
    metrics_.attach_microseconds.add(microseconds_since(begin));
    spdlog::info("event=container_started container={} id={} dur_us={}", log::quoted(container.name),
                 container.id.substr(0, 12), microseconds_since(begin));
    return true;
}

/// As Docker shows it: State.Error until the next start, and an exit status if there is none yet. That of a command
/// that has run is worth more.
void Engine::note_failed_start(const std::string& id, const Error& why) {
    const auto* found = registry_.container_by_id(id);
    if (found == nullptr || (runs_command(*found) && found->state == registry::ContainerState::exited)) return;
    registry::Container container = *found;
    container.error = why.message();
    if (container.exit_code == 0) container.exit_code = kExitNotStarted;
    registry::Changes changes;
    changes.put_containers.push_back(container);
    if (auto committed = registry_.commit(std::move(changes)); !committed) {
        spdlog::warn("event=error_not_kept container={} err={}", log::quoted(container.name),
                     log::quoted(committed.error().message()));
    }
}

Result<> Engine::start(const registry::Container& wanted) {
    registry::Container container = wanted;
    if (auto possible = check_command(container); !possible) return possible;
    // Held from here on: after the commit below nothing may fail.
    auto process = hold_process(container);
    if (!process) return fail(std::move(process).error());
    auto donor = donor_of(container);
    if (!donor) return fail(std::move(donor).error());
    for (const auto* endpoint : registry_.endpoints_of(container.id)) {
        if (registry_.network_by_name(endpoint->network_name) == nullptr) {
            return fail(Errc::not_found, "network " + endpoint->network_name + " not found");
        }
    }
    auto links = resolve_links(container);
    if (!links) return fail(std::move(links).error());
    Undo undo;
    auto sandbox =
        sandboxes_.start(container, *donor, uses_spare(container) ? netsetup_->take_sandbox() : std::nullopt);
    if (!sandbox) return fail(std::move(sandbox).error());
    undo.add([this, container] {
        if (auto gone = sandboxes_.stop(container); !gone) {
            spdlog::error("event=undo_failed step=namespace err={}", log::quoted(gone.error().message()));
        }
    });
    if (auto alone = check_sandbox_is_free(container, **sandbox); !alone) return alone;
    if (container.network_mode != registry::kHostNetwork && *donor == nullptr) {
        if (auto prepared = prepare(container, **sandbox); !prepared) return prepared;
    }
    std::vector<registry::Endpoint> endpoints;
    for (const auto* endpoint : registry_.endpoints_of(container.id)) endpoints.push_back(*endpoint);
    if (auto attached = attach(container, **sandbox, endpoints, undo); !attached) return attached;
    if (auto written = write_files(container, **sandbox, std::move(*links)); !written) return written;
    undo.add([this, container] {
        if (auto uncovered = uncover_files(container); !uncovered) {
            spdlog::error("event=undo_failed step=files err={}", log::quoted(uncovered.error().message()));
        }
    });
    if (auto covered = cover_files(container); !covered) return covered;

    container.state = registry::ContainerState::running;
    container.started = wall_now();
    container.exit_code = 0;
    container.error.clear();
    container.bound = registry_.container_by_id(container.id)->bound;
    container.sandbox_inode = (*sandbox)->inode();
    container.labels.erase(registry::kAttachLabel);
    registry::Changes changes;
    changes.put_containers.push_back(container);
    for (auto& endpoint : endpoints) {
        endpoint.phase = registry::EndpointPhase::attached;
        changes.put_endpoints.push_back(endpoint);
    }
    if (auto committed = registry_.commit(std::move(changes)); !committed) return committed;
    if (*process) watch_(container.id, std::move(*process));
    undo.commit();
    show_files(container);
    refresh_linked();
    if (uses_spare(container)) netsetup_->order_sandbox();  // there may be more to come
    return {};
}

/// Whether it starts in a sandbox as order_sandbox() makes them: our own, with our resolver.
bool Engine::uses_spare(const registry::Container& container) const {
    return keeps_own_sandbox(container) &&
           std::ranges::any_of(registry_.endpoints_of(container.id), [&](auto* endpoint) {
               const auto* network = registry_.network_by_name(endpoint->network_name);
               return network != nullptr && has_server(*network);
           });
}

Result<> Engine::prepare(const registry::Container& container, const NetNs& sandbox) {
    auto prepared =
        keeps_own_sandbox(container) ? netsetup_->prepare_sandbox(sandbox) : netsetup_->ensure_loopback(sandbox);
    if (!prepared) return fail(std::move(prepared).error(), "prepare the namespace of '" + container.name + "'");
    return {};
}

Result<> Engine::check_sandbox_is_free(const registry::Container& container, const NetNs& sandbox) const {
    if (keeps_own_sandbox(container) || container.network_mode == registry::kHostNetwork ||
        container.network_mode.starts_with(kContainerMode)) {
        return {};
    }
    if (sandbox.inode() == sandboxes_.home().inode()) {
        return fail(Errc::conflict, "container '" + container.name +
                                        "' cannot use the host's own network namespace: " + "use --network host");
    }
    for (const auto* other : registry_.containers()) {
        if (other->state == registry::ContainerState::running && other->id != container.id &&
            other->sandbox_inode == sandbox.inode()) {
            return fail(Errc::conflict, "the network namespace of container '" + container.name +
                                            "' is in use by container '" + other->name + "'");
        }
    }
    return {};
}

Result<api::Stopping> Engine::stop_container(const std::string& ref, const api::StopTerms& terms) {
    auto found = registry_.find_container(ref);
    if (!found) return fail(std::move(found).error());
    const registry::Container container = **found;
    if (container.state != registry::ContainerState::running) return api::Stopping{.changed = false, .awaited = ""};
    if (runs_command(container)) return end_command(container, terms);
    if (auto stopped = stop(container, kExitStopped); !stopped) return fail(std::move(stopped).error());
    return api::Stopping();
}

Result<> Engine::stop(const registry::Container& running, int exit_code) {
    const auto begin = std::chrono::steady_clock::now();
    registry::Container container = running;
    container.state = registry::ContainerState::exited;
    container.finished = wall_now();
    container.exit_code = exit_code;
    container.sandbox_inode = 0;
    container.bound.clear();
    registry::Changes changes;
    changes.put_containers.push_back(container);
    std::vector<registry::Endpoint> held;
    for (const auto* endpoint : registry_.endpoints_of(container.id)) {
        held.push_back(*endpoint);
        changes.put_endpoints.push_back(configured(*endpoint));
    }
    if (auto committed = registry_.commit(changes); !committed) return committed;

    // The names first: nobody may be sent to an address that is about to go.
    for (const auto& endpoint : changes.put_endpoints) put_names(container, endpoint);
    resolver_->remove_view(container.id);
    resolver_->publish_quietly();
    auto withdrawn = withdraw_ports(container.id);
    auto released = release_kernel_state(container, held);
    if (released && !withdrawn) released = std::move(withdrawn);
    leftovers_ = leftovers_ || !released;
    resolver_->settle();
    for (const auto& endpoint : held) addresses_.release(endpoint);
    metrics_.detaches.add();
    metrics_.detach_microseconds.add(microseconds_since(begin));
    spdlog::info("event=container_stopped container={} id={} dur_us={}", log::quoted(container.name),
                 container.id.substr(0, 12), microseconds_since(begin));
    return released;
}

Result<> Engine::release_kernel_state(const registry::Container& container,
                                      const std::vector<registry::Endpoint>& endpoints) {
    Result<> outcome;
    const auto note = [&](Result<> step) {
        if (!step && outcome) outcome = fail(std::move(step).error(), "stop '" + container.name + "'");
    };
    hide_files(container, container.name);
    note(uncover_files(container));
    const bool was_served = served_.erase(container.id) > 0;
    if (was_served) resolver_->close(container.id);
    dismiss_lookups(container.id, Error(Errc::conflict, "container " + container.name + " is not running"));
    if (const NetNs* sandbox = sandboxes_.find(container.id)) {
        const bool goes = keeps_own_sandbox(container) && !sandboxes_.is_shared(*sandbox);
        for (const auto& endpoint : endpoints) note(unlink(endpoint, *sandbox, goes));
        if (was_served && !keeps_own_sandbox(container)) note(netsetup_->remove_dns_rewrite(*sandbox));
    }
    note(sandboxes_.stop(container));
    return outcome;
}

Result<> Engine::restart_container(const std::string& ref) {
    auto found = registry_.find_container(ref);
    if (!found) return fail(std::move(found).error());
    const std::string id = (*found)->id;
    const std::string context = "Cannot restart container " + ref;
    if (runs_command(**found)) {
        return fail(Errc::conflict, context + ": its command can run only once: use run again");
    }
    if (auto stopped = stop_container(id, {}); !stopped) return fail(std::move(stopped).error(), context);
    if (auto started = start_container(id); !started) return fail(std::move(started).error(), context);
    return {};
}

Result<api::Stopping> Engine::kill_container(const std::string& ref, const std::string& signal) {
    auto found = registry_.find_container(ref);
    if (!found) return fail(std::move(found).error());
    const registry::Container container = **found;
    if (container.state != registry::ContainerState::running) {
        return fail(Errc::conflict,
                    "cannot kill container: " + ref + ": container " + container.id + " is not running");
    }
    if (runs_command(container)) return kill_command(container, signal);
    auto number = parse_signal(signal.empty() ? "KILL" : signal);
    if (!number) return fail(std::move(number).error());
    if (!ends_containers(*number)) return api::Stopping();
    if (auto stopped = stop(container, kExitSignalled + *number); !stopped) return fail(std::move(stopped).error());
    return api::Stopping();
}

Result<const registry::Container*> Engine::donor_of(const registry::Container& container) const {
    if (!container.network_mode.starts_with(kContainerMode)) return nullptr;
    const std::string ref = container.network_mode.substr(kContainerMode.size());
    auto donor = registry_.find_container(ref);
    if (!donor) return fail(std::move(donor).error(), "joining network namespace of container");
    if ((*donor)->id == container.id) return fail(Errc::conflict, "cannot join own network namespace");
    if ((*donor)->state != registry::ContainerState::running) {
        return fail(Errc::conflict, "cannot join network namespace of a non running container: container " +
                                        (*donor)->name + " is " +
                                        ((*donor)->state == registry::ContainerState::created ? "created" : "exited"));
    }
    return *donor;
}

const registry::Container* Engine::known_donor_of(const registry::Container& container) const {
    auto donor = donor_of(container);
    return donor ? *donor : nullptr;
}

}  // namespace nsr::daemon
