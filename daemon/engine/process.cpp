#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/ids.h"
#include "common/log.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/names.h"

/// Processes behind containers: those whose namespace was given (label ns-register.pid), and those that a container was
/// made for (`run`, label ns-register.process), with which it ends.
namespace nsr::daemon {
namespace {

constexpr const char* kRemoveLabel = "ns-register.rm";

/// A handle on the very process that the container was registered with, against reuse of its number.
Result<UniqueFd> open_process(const registry::Container& container) {
    UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(container.sandbox_pid), 0)));
    auto start_time = process_start_time(container.sandbox_pid);
    if (!pidfd || !start_time || *start_time != container.sandbox_pid_start) {
        return fail(Errc::not_found, "process " + std::to_string(container.sandbox_pid) + " does not exist");
    }
    return pidfd;
}

/// Whether the container ends when its command ends, and is removed then.
bool is_removed_at_end(const registry::Container& container) {
    const auto label = container.labels.find(kRemoveLabel);
    return label != container.labels.end() && label->second == "true";
}

}  // namespace

bool runs_command(const registry::Container& container) {
    return container.sandbox != registry::SandboxKind::pid && container.sandbox_pid != 0;
}

Result<UniqueFd> Engine::hold_process(const registry::Container& container) const {
    if (container.sandbox_pid == 0) return UniqueFd();
    return open_process(container);
}

Result<> Engine::watch_process(const registry::Container& container) {
    auto pidfd = hold_process(container);
    if (!pidfd) return fail(std::move(pidfd).error());
    if (*pidfd) watch_(container.id, std::move(*pidfd));
    return {};
}

/// The command that a container was made for has its namespace for life: it cannot be moved to a new one.
Result<> Engine::check_command(const registry::Container& container) const {
    if (!runs_command(container) || container.state != registry::ContainerState::exited) return {};
    return fail(Errc::conflict,
                "the command of container '" + container.name + "' can run only once: remove it and use run again");
}

void Engine::signal_command(const registry::Container& container, int signal) {
    if (!runs_command(container)) return;
    auto pidfd = open_process(container);
    if (!pidfd) return;  // it has ended by itself
    if (::syscall(SYS_pidfd_send_signal, pidfd->get(), signal, nullptr, 0) == 0 || errno == ESRCH) return;
    spdlog::warn("event=signal_failed container={} signal={} err={}", log::quoted(container.name), signal,
                 log::quoted(std::strerror(errno)));
}

void Engine::sandbox_ended(const std::string& container_id) {
    const auto* found = registry_.container_by_id(container_id);
    if (found == nullptr) return;
    const registry::Container container = *found;
    if (container.state == registry::ContainerState::running) {
        spdlog::info("event=process_ended container={} pid={}", log::quoted(container.name), container.sandbox_pid);
    }
    if (auto ended = end(container, 0); !ended) {
        spdlog::error("event=detach_failed container={} err={}", log::quoted(container.name),
                      log::quoted(ended.error().message()));
    }
}

/// The container's process is gone: it stops, and goes if it was made for that process alone.
Result<> Engine::end(const registry::Container& container, int exit_code) {
    Result<> stopped;
    if (container.state == registry::ContainerState::running) stopped = stop(container, exit_code);
    if (!runs_command(container) || !is_removed_at_end(container)) return stopped;
    auto removed = remove(container);
    return stopped ? removed : stopped;
}

Result<> Engine::container_exited(const std::string& ref, int exit_code) {
    auto found = registry_.find_container(ref);
    if (!found) return fail(std::move(found).error());
    registry::Container container = **found;
    if (!runs_command(container)) {
        return fail(Errc::conflict, "container " + container.name + " was not made for a command");
    }
    if (open_process(container)) return fail(Errc::conflict, "the command of " + container.name + " still runs");
    if (container.state == registry::ContainerState::exited && container.exit_code == 0 && exit_code != 0) {
        container.exit_code = exit_code;
        registry::Changes changes;
        changes.put_containers.push_back(container);
        if (auto committed = registry_.commit(std::move(changes)); !committed) return committed;
    }
    return end(container, exit_code);
}

void Engine::remove_if_over(const registry::Container& container) {
    if (!runs_command(container) || container.state == registry::ContainerState::running) return;
    if (!is_removed_at_end(container)) return;
    if (container.state == registry::ContainerState::created && watch_process(container)) return;
    if (auto removed = remove(container); !removed) {
        spdlog::error("event=detach_failed container={} err={}", log::quoted(container.name),
                      log::quoted(removed.error().message()));
    }
}

}  // namespace nsr::daemon
