#include "daemon/engine/engine.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/log.h"
#include "daemon/engine/names.h"
#include "daemon/version.h"

namespace nsr::daemon {

Engine::Engine(EngineParts parts, Metrics& metrics)
    : settings_(std::move(parts.settings)),
      registry_(std::move(parts.registry)),
      netsetup_(std::move(parts.netsetup)),
      proxy_(std::move(parts.proxy)),
      sandboxes_(std::move(parts.sandboxes)),
      resolver_(std::move(parts.resolver)),
      host_dns_(std::move(parts.host_dns)),
      watch_(std::move(parts.watch)),
      kill_later_(std::move(parts.kill_later)),
      post_(std::move(parts.post)),
      files_(settings_.state_dir + "/containers"),
      netns_files_(kEtcNetns, settings_.state_dir + "/containers"),
      metrics_(metrics) {}

void Engine::set_host_dns(hosts::ResolvConf host) {
    if (host.text == host_dns_.text) return;
    host_dns_ = std::move(host);
    for (const auto* container : registry_.containers()) {
        if (container->state == registry::ContainerState::running) put_view(*container);
    }
    resolver_->publish();
    spdlog::info("event=host_upstreams_changed servers={}", host_dns_.servers.size());
}

void Engine::sweep() {
    finish_ends();
    if (leftovers_) {
        // What could not be removed when its time had come.
        leftovers_ = false;
        auto removed = remove_leftovers();
        if (removed) removed = apply_firewall();
        leftovers_ = leftovers_ || !removed;
        for (const auto* container : registry_.containers()) {
            if (container->state == registry::ContainerState::running) refresh_files_or_log(*container);
        }
        if (!removed) spdlog::warn("event=sweep_failed err={}", log::quoted(removed.error().message()));
        return;
    }
    if (auto swept = netsetup_->sweep(wanted_links()); !swept) {
        spdlog::warn("event=sweep_failed err={}", log::quoted(swept.error().message()));
    }
}

api::SystemInfo Engine::info() {
    count();
    api::SystemInfo info;
    info.version = kVersion;
    info.git_commit = kGitCommit;
    utsname names{};
    if (::uname(&names) == 0) {
        info.kernel = names.release;
        info.host_name = names.nodename;
    }
    struct sysinfo system{};
    if (::sysinfo(&system) == 0) info.memory_bytes = system.totalram * system.mem_unit;
    info.cpus = static_cast<unsigned>(::sysconf(_SC_NPROCESSORS_ONLN));
    info.state_dir = settings_.state_dir;
    info.containers = metrics_.containers.value();
    info.running = metrics_.running.value();
    info.stopped = info.containers - info.running;
    return info;
}

void Engine::count() {
    std::uint64_t running = 0;
    std::uint64_t endpoints = 0;
    const auto containers = registry_.containers();
    const auto networks = registry_.networks();
    for (const auto* container : containers) running += container->state == registry::ContainerState::running;
    for (const auto* network : networks) endpoints += registry_.endpoints_on(network->id).size();
    metrics_.networks.set(networks.size());
    metrics_.containers.set(containers.size());
    metrics_.running.set(running);
    metrics_.endpoints.set(endpoints);
}

}  // namespace nsr::daemon
