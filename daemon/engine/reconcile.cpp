#include <algorithm>

#include "common/ids.h"
#include "common/log.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/exit_code.h"
#include "daemon/engine/interface_sysctls.h"
#include "daemon/engine/names.h"
#include "daemon/engine/network_options.h"
#include "daemon/engine/order.h"
#include "netsetup/ipam/network_config.h"
#include "registry/labels.h"

/// Start-up: whatever was going on when the daemon last ended, afterwards the kernel, the resolver and the registry
/// agree.
namespace nsr::daemon {
namespace {

void warn(const char* event, const registry::Container& container, const Error& error) {
    spdlog::warn("event={} container={} err={}", event, log::quoted(container.name), log::quoted(error.message()));
}

}  // namespace

Result<> Engine::reconcile() {
    const auto begin = std::chrono::steady_clock::now();
    if (auto done = ensure_predefined_networks(); !done) return done;
    if (auto done = settle_endpoints(); !done) return done;
    if (auto done = restore_networks(); !done) return done;
    // Before the containers: a link that a crash has left inside one may hold the default route.
    auto swept = netsetup_->sweep(wanted_links());
    if (!swept) return fail(std::move(swept).error(), "remove links that nobody wants");
    restore_containers();
    if (auto done = remove_leftovers(*swept); !done) return done;
    look_at_other_firewalls();
    count();
    const auto elapsed = std::chrono::steady_clock::now() - begin;
    spdlog::info("event=reconciled networks={} containers={} running={} dur_ms={}", metrics_.networks.value(),
                 metrics_.containers.value(), metrics_.running.value(),
                 std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count());
    return {};
}

Result<> Engine::ensure_predefined_networks() {
    registry::Changes changes;
    for (const auto& [name, driver] :
         {std::pair{registry::kBridgeNetwork, "bridge"}, std::pair{registry::kHostNetwork, "host"},
          std::pair{registry::kNoneNetwork, "null"}}) {
        if (registry_.network_by_name(name) != nullptr) continue;
        registry::Network network;
        network.id = make_id();
        network.name = name;
        network.driver = driver;
        network.created = wall_now();
        if (network.driver == "bridge") {
            auto ipam = plan_subnets({network.driver, true, false, {}}, {}, host_prefixes());
            if (!ipam) return fail(std::move(ipam).error(), "choose a subnet for the default network");
            network.ipam = std::move(*ipam);
        }
        changes.put_networks.push_back(std::move(network));
    }
    return registry_.commit(std::move(changes));
}

/// An endpoint that was being attached when the daemon died was never promised to anybody: of a container that was
/// starting it goes back to wanted, of a running one (connect) it goes. An attach that was cut short leaves nothing.
Result<> Engine::settle_endpoints() {
    registry::Changes changes;
    for (const auto* container : registry_.containers()) {
        if (container->state == registry::ContainerState::created &&
            container->labels.contains(registry::kAttachLabel)) {
            changes.erase_containers.push_back(container->id);
            continue;
        }
        if (container->state != registry::ContainerState::running && !container->bound.empty()) {
            changes.put_containers.push_back(*container);
            changes.put_containers.back().bound.clear();
        }
        for (const auto* endpoint : registry_.endpoints_of(container->id)) {
            if (endpoint->phase != registry::EndpointPhase::attaching) continue;
            if (container->state == registry::ContainerState::running) {
                changes.erase_endpoints.push_back(*endpoint);
            } else {
                changes.put_endpoints.push_back(configured(*endpoint));
            }
        }
    }
    return registry_.commit(std::move(changes));
}

Result<> Engine::restore_networks() {
    for (const auto* network : registry_.networks()) {
        addresses_.add_network(*network);
        put_zone(*network);
    }
    if (auto done = restore_ports(); !done) return done;
    for (const auto* network : registry_.networks()) {
        if (!has_links(*network)) continue;
        auto made = restore_link_of(*network);
        if (made) continue;
        // A network card may be gone, or somebody else's link has the name: the other networks work without this one.
        spdlog::warn("event=network_not_restored net={} err={}", log::quoted(network->name),
                     log::quoted(made.error().message()));
    }
    return apply_firewall();
}

/// First every namespace and its names, so that queries are answered again, then the links, which are normally as they
/// were left.
void Engine::restore_containers() {
    std::vector<registry::Container> running;
    for (const auto* container : registry_.containers()) {
        files_.restore(container->id);
        if (container->state == registry::ContainerState::running) running.push_back(*container);
    }
    // Donors before those that have joined them.
    std::ranges::stable_partition(
        running, [](const auto& container) { return !container.network_mode.starts_with(kContainerMode); });
    std::vector<registry::Container> alive;
    for (const auto& container : running) {
        auto sandbox = sandboxes_.restore(container, known_donor_of(container));
        Result<> watched = sandbox ? watch_process(container) : Result<>();
        if (sandbox && watched) {
            restore_addresses(container);
            alive.push_back(container);
            continue;
        }
        warn("container_lost", container, sandbox ? watched.error() : sandbox.error());
        const int exit_code = runs_command(container) ? files_.exit_notice(container.id).value_or(kExitUnknown) : 0;
        if (auto stopped = stop(container, exit_code); !stopped) {
            warn("detach_failed", container, stopped.error());
            ends_[container.id] = exit_code;
            withdraw_names(container);
        }
    }
    for (const auto& container : alive) put_view(container);
    resolver_->publish();
    for (const auto& container : alive) restore_names(container);
    for (const auto& container : alive) {
        if (auto linked = restore_links(container); !linked) warn("restore_failed", container, linked.error());
        hold_ports(container);
    }
    for (const auto& container : alive) {
        if (auto published = complete_ports(container.id); !published) {
            warn("restore_failed", container, published.error());
        }
    }
    std::vector<registry::Container> all;
    for (const auto* container : registry_.containers()) all.push_back(*container);
    for (const auto& container : all) remove_if_over(container);
    for (const auto& container : alive) {
        refresh_files_or_log(container);
        if (auto covered = cover_files(container); !covered) warn("restore_failed", container, covered.error());
    }
}

void Engine::restore_addresses(const registry::Container& container) {
    for (const auto& attachment : attachments_of(registry_, container.id)) {
        if (auto taken = addresses_.restore(*attachment.endpoint); !taken) {
            warn("address_conflict", container, taken.error());
        }
    }
}

void Engine::restore_names(const registry::Container& container) {
    const auto attachments = attachments_of(registry_, container.id);
    if (std::ranges::none_of(attachments, [](const auto& at) { return has_server(*at.network); })) return;
    const NetNs* sandbox = sandboxes_.find(container.id);
    auto served = netsetup_->ensure_dns_rewrite(*sandbox);
    if (served) served = resolver_->open(container.id, *sandbox);
    if (served)
        served_.insert(container.id);
    else
        warn("restore_failed", container, served.error());
}

/// What cannot be restored does not keep the rest from it; the first error is given.
Result<> Engine::restore_links(const registry::Container& container) {
    Result<> first;
    const auto note = [&first](Result<> done) {
        if (first && !done) first = std::move(done);
    };
    const NetNs* sandbox = sandboxes_.find(container.id);
    if (std::ranges::any_of(registry_.networks(), [](const auto* network) { return has_parent(*network); })) {
        std::set<std::string> wanted;
        for (const auto& attachment : attachments_of(registry_, container.id)) {
            wanted.insert(attachment.endpoint->interface);
        }
        note(netsetup_->sweep_upper_interfaces(*sandbox, wanted));
    }
    for (const auto& [endpoint, network] : attachments_of(registry_, container.id)) {
        if (!has_links(*network)) continue;
        auto made = netsetup_->ensure_interface(interface_of(*network, *endpoint, wants_ports(container)), *sandbox);
        note(made ? apply_interface_sysctls(*endpoint, *sandbox) : std::move(made));
    }
    note(set_routes(container, *sandbox));
    return first;
}

std::set<std::string> Engine::wanted_links() const {
    std::set<std::string> links;
    for (const auto* network : registry_.networks()) {
        if (!has_links(*network)) continue;
        links.insert(has_parent(*network) ? parent_of(*network).name : bridge_name(*network));
        for (const auto* endpoint : registry_.endpoints_on(network->id)) links.insert(endpoint->host_interface);
    }
    return links;
}

/// `links`: how many have been removed already. Containers that were lost have left more.
Result<> Engine::remove_leftovers(unsigned links) {
    clear_given_sandboxes();
    auto swept = netsetup_->sweep(wanted_links());
    if (!swept) return fail(std::move(swept).error(), "remove links that nobody wants");
    *swept += links;
    std::map<std::string, std::string> sandboxes;
    for (const auto* container : registry_.containers()) {
        if (container->state != registry::ContainerState::running || !keeps_own_sandbox(*container)) continue;
        sandboxes[std::string(short_id(container->id))] = container->name;
        // A renaming may have been cut short.
        if (auto named = sandboxes_.rename(*container, container->name); !named)
            warn("restore_failed", *container, named.error());
    }
    for (const auto* container : registry_.containers()) {
        if (!sandboxes.contains(std::string(short_id(container->id)))) sandboxes_.clear_name(container->name);
    }
    auto released = sandboxes_.release_others(sandboxes);
    if (!released) return fail(std::move(released).error(), "remove namespaces that nobody wants");
    std::set<std::string> ids;
    for (const auto* container : registry_.containers()) ids.insert(container->id);
    auto removed = files_.remove_others(ids);
    if (!removed) return fail(std::move(removed).error(), "remove files that nobody wants");
    if (settings_.is_default_run_dir) restore_netns_files();
    if (*swept + *released + *removed > 0) {
        metrics_.reconcile_repairs.add(*swept + *released + *removed);
        spdlog::warn("event=leftovers_removed links={} namespaces={} files={}", *swept, *released, *removed);
    }
    return {};
}

void Engine::restore_netns_files() {
    std::map<std::string, std::string> wanted;
    for (const auto* container : registry_.containers()) {
        if (container->state != registry::ContainerState::running) continue;
        if (is_shown_to_ip_netns(*container).value_or(false)) wanted[container->name] = container->id;
    }
    if (auto done = netns_files_.put_only(wanted); !done) {
        spdlog::warn("event=netns_files_failed err={}", log::quoted(done.error().message()));
    }
}

}  // namespace nsr::daemon
