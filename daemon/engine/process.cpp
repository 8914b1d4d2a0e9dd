#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>

#include "common/fault.h"
#include "common/ids.h"
#include "common/log.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/exit_code.h"
#include "daemon/engine/names.h"
#include "daemon/engine/signals.h"
#include "registry/labels.h"

/// Processes behind containers: those whose namespace was given (label ns-register.pid), and those that a container was
/// made for (`run`, label ns-register.process), with which it ends.
namespace nsr::daemon {
namespace {

constexpr int kStopSeconds = 10;  ///< from the stop signal to SIGKILL, as Docker

/// A handle on the very process that the container was registered with, against reuse of its number.
Result<UniqueFd> open_process(const registry::Container& container) {
    UniqueFd pidfd(fault::fails("open process", EMFILE)
                       ? -1
                       : static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(container.sandbox_pid), 0)));
    auto start_time = process_start_time(container.sandbox_pid);
    if (!pidfd || !start_time || *start_time != container.sandbox_pid_start) {
        return fail(Errc::not_found, "process " + std::to_string(container.sandbox_pid) + " does not exist");
    }
    return pidfd;
}

/// Whether the container ends when its command ends, and is removed then.
bool is_removed_at_end(const registry::Container& container) {
    const auto label = container.labels.find(registry::kRemoveLabel);
    return label != container.labels.end() && label->second == "true";
}

std::string label_of(const registry::Container& container, const char* name, const char* otherwise) {
    const auto label = container.labels.find(name);
    return label == container.labels.end() || label->second.empty() ? otherwise : label->second;
}

Result<int> stop_signal_of(const registry::Container& container, const api::StopTerms& terms) {
    return parse_signal(terms.signal.empty() ? label_of(container, registry::kStopSignalLabel, "TERM") : terms.signal);
}

/// What was given at create was checked then.
int stop_seconds_of(const registry::Container& container) {
    const std::string text = label_of(container, registry::kStopTimeoutLabel, "");
    int seconds = kStopSeconds;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return seconds;
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

bool Engine::signal_command(const registry::Container& container, int signal) {
    if (!runs_command(container)) return false;
    auto pidfd = open_process(container);
    if (!pidfd) return false;
    if (::syscall(SYS_pidfd_send_signal, pidfd->get(), signal, nullptr, 0) == 0) return true;
    if (errno == ESRCH) return false;
    spdlog::warn("event=signal_failed container={} signal={} err={}", log::quoted(container.name), signal,
                 log::quoted(std::strerror(errno)));
    return true;
}

/// The container stops when its command has ended, not before: until then it may need its network to end well.
Result<api::Stopping> Engine::end_command(const registry::Container& container, const api::StopTerms& terms) {
    auto signal = stop_signal_of(container, terms);
    if (!signal) return fail(std::move(signal).error());
    const int seconds = terms.seconds.value_or(stop_seconds_of(container));
    if (!signal_command(container, *signal)) {
        if (auto ended = end(container, kExitUnknown); !ended) return fail(std::move(ended).error());
        return api::Stopping();
    }
    if (seconds >= 0) kill_later_(container.id, std::chrono::seconds(seconds));
    return api::Stopping{.changed = true, .awaited = container.id};
}

Result<api::Stopping> Engine::kill_command(const registry::Container& container, const std::string& signal) {
    auto number = parse_signal(signal.empty() ? "KILL" : signal);
    if (!number) return fail(std::move(number).error());
    const bool sent = signal_command(container, *number);
    return api::Stopping{.changed = true, .awaited = sent && *number == SIGKILL ? container.id : ""};
}

void Engine::when_ended(const std::string& id, api::Ended then) {
    const auto* container = registry_.container_by_id(id);
    if (container == nullptr || container->state != registry::ContainerState::running) return then({});
    waiting_.emplace(id, std::move(then));
}

void Engine::tell_waiting(const std::string& id, const Result<>& outcome) {
    for (auto waiting = waiting_.extract(id); waiting; waiting = waiting_.extract(id)) waiting.mapped()(outcome);
}

void Engine::dismiss_waiting() {
    const Error why(Errc::unavailable, "the daemon is stopping");
    while (!waiting_.empty()) tell_waiting(std::string(waiting_.begin()->first), fail(why));
    dismiss_lookups("", why);
}

void Engine::sandbox_ended(const std::string& container_id, const UniqueFd& pidfd) {
    const auto* found = registry_.container_by_id(container_id);
    if (found == nullptr) return;
    const registry::Container container = *found;
    if (container.state == registry::ContainerState::running) {
        spdlog::info("event=process_ended container={} pid={}", log::quoted(container.name), container.sandbox_pid);
    }
    const int exit_code =
        runs_command(container) ? exit_code_of(pidfd.get(), container.sandbox_pid, container.sandbox_pid_start) : 0;
    if (auto ended = end(container, exit_code); !ended) {
        spdlog::error("event=detach_failed container={} err={}", log::quoted(container.name),
                      log::quoted(ended.error().message()));
        ends_[container.id] = exit_code;  // nobody will tell of it again
        withdraw_names(container);
    }
}

/// Nobody is sent to a container that is gone, even if that cannot be written down (a full disk).
void Engine::withdraw_names(const registry::Container& container) {
    for (const auto* endpoint : registry_.endpoints_of(container.id)) put_names(container, configured(*endpoint));
    resolver_->publish();
}

void Engine::finish_ends() {
    for (auto next = ends_.begin(); next != ends_.end();) {
        const auto* found = registry_.container_by_id(next->first);
        const bool goes_on = found != nullptr && (found->state == registry::ContainerState::running ||
                                                  (runs_command(*found) && is_removed_at_end(*found)));
        if (goes_on && !end(registry::Container(*found), next->second)) {
            ++next;
        } else {
            next = ends_.erase(next);
        }
    }
}

/// The container's process is gone: it stops, and goes if it was made for that process alone.
Result<> Engine::end(const registry::Container& container, int exit_code) {
    Result<> stopped;
    if (container.state == registry::ContainerState::running) stopped = stop(container, exit_code);
    if (runs_command(container) && is_removed_at_end(container)) {
        auto removed = remove(container);
        if (stopped) stopped = std::move(removed);
    }
    tell_waiting(container.id, stopped);
    return stopped;
}

Result<> Engine::container_exited(const std::string& ref, int exit_code) {
    auto found = registry_.find_container(ref);
    if (!found) return fail(std::move(found).error());
    registry::Container container = **found;
    if (!runs_command(container)) {
        return fail(Errc::conflict, "container " + container.name + " was not made for a command");
    }
    if (open_process(container)) return fail(Errc::conflict, "the command of " + container.name + " still runs");
    if (container.state == registry::ContainerState::exited && container.exit_code != exit_code) {
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
