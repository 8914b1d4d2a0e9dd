#include <algorithm>

#include "common/log.h"
#include "daemon/engine/engine.h"

/// What stands in namespaces that were given to us by path or by pid and outlives a container there: nobody else takes
/// it away when the daemon was killed in the middle of a start or a stop.
namespace nsr::daemon {

bool Engine::is_in_use(const NetNs& sandbox) const {
    return sandbox.inode() == sandboxes_.home().inode() ||
           std::ranges::any_of(registry_.containers(), [&](const registry::Container* container) {
               return container->state == registry::ContainerState::running &&
                      container->sandbox_inode == sandbox.inode();
           });
}

/// No-op where nothing is left, and where the namespace is gone.
Result<> Engine::clear_given_sandbox(const registry::Container& stopped) {
    if (stopped.sandbox == registry::SandboxKind::own) return {};
    auto sandbox = sandboxes_.open_given(stopped);
    if (!sandbox) return {};
    if (auto uncovered = uncover_files(stopped); !uncovered) return uncovered;
    if (is_in_use(*sandbox)) return {};
    if (auto removed = netsetup_->remove_dns_rewrite(*sandbox); !removed) return removed;
    return netsetup_->sweep_upper_interfaces(*sandbox, {});
}

void Engine::clear_given_sandbox_or_log(const registry::Container& stopped) {
    if (auto cleared = clear_given_sandbox(stopped); !cleared) {
        spdlog::warn("event=restore_failed container={} err={}", log::quoted(stopped.name),
                     log::quoted(cleared.error().message()));
    }
}

void Engine::clear_given_sandboxes() {
    for (const auto* container : registry_.containers()) {
        if (container->state != registry::ContainerState::running) clear_given_sandbox_or_log(*container);
    }
}

}  // namespace nsr::daemon
