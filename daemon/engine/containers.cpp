#include <csignal>

#include "api/filters.h"
#include "common/ids.h"
#include "common/log.h"
#include "daemon/engine/create_request.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/names.h"
#include "registry/validate.h"

/// Containers as registered things: create, rename, remove, list, inspect.
namespace nsr::daemon {
namespace {

constexpr int kNameTries = 100;

}  // namespace

Result<api::ContainerCreated> Engine::create_container(const api::ContainerCreateBody& body) {
    auto request = container_request(body);
    if (!request) return fail(std::move(request).error());
    registry::Container& container = request->container;
    for (int tries = 0; container.name.empty() && tries < kNameTries; ++tries) {
        if (auto name = make_name(); registry_.container_by_name(name) == nullptr) container.name = std::move(name);
    }
    if (container.name.empty()) container.name = make_name() + "_" + random_hex(kShortIdSize);
    if (auto free = check_name_is_free(container.name); !free) return fail(std::move(free).error());
    if (auto donor = check_donor(container); !donor) return fail(std::move(donor).error());
    if (auto links = check_links(container); !links) return fail(std::move(links).error());

    registry::Changes changes;
    for (auto& endpoint : request->endpoints) {
        // Unknown networks are found out at the start, as with Docker: they may be made until then.
        if (auto network = registry_.find_network(endpoint.network_name)) {
            if (container.network_mode == endpoint.network_name) container.network_mode = (*network)->name;
            endpoint.network_name = (*network)->name;
            endpoint.network_id = (*network)->id;
            if (auto valid = check_endpoint(**network, container, endpoint); !valid) {
                return fail(std::move(valid).error());
            }
            if (auto free = exclusive_.check(registry_, container, endpoint); !free) {
                return fail(std::move(free).error());
            }
        }
        changes.put_endpoints.push_back(endpoint);
    }
    for (const auto& endpoint : changes.put_endpoints) warn_of_links(endpoint, request->warnings);
    if (!container.published.empty()) warn_of_ports(container, changes.put_endpoints, request->warnings);
    changes.put_containers.push_back(container);
    if (auto committed = registry_.commit(changes); !committed) return fail(std::move(committed).error());
    for (const auto& endpoint : changes.put_endpoints) put_names(container, endpoint);
    resolver_->publish_quietly();
    if (uses_spare(container)) netsetup_->order_sandbox();
    if (runs_command(container)) {
        // It may end before the start.
        if (auto watched = watch_process(container); !watched) sandbox_ended(container.id, {});
    }
    spdlog::info("event=container_created container={} id={}", log::quoted(container.name), short_id(container.id));
    auto warnings = std::move(request->warnings);
    warnings.insert(warnings.end(), foreign_warnings_.begin(), foreign_warnings_.end());
    return api::ContainerCreated{container.id, std::move(warnings)};
}

Result<> Engine::check_donor(registry::Container& container) const {
    if (!container.network_mode.starts_with(kContainerMode)) return {};
    auto donor = registry_.find_container(container.network_mode.substr(kContainerMode.size()));
    if (!donor) return fail(std::move(donor).error(), "joining network namespace of container");
    container.network_mode = std::string(kContainerMode) + (*donor)->id;
    container.hostname = (*donor)->hostname;
    return {};
}

Result<> Engine::check_name_is_free(const std::string& name) const {
    const auto* holder = registry_.container_by_name(name);
    if (holder == nullptr) return {};
    return fail(Errc::conflict,
                "Conflict. The container name \"/" + name + "\" is already in use by container \"" + holder->id +
                    "\". You have to remove (or rename) that container to be able to reuse " + "that name.");
}

Result<> Engine::rename_container(const std::string& ref, const std::string& new_name) {
    auto found = registry_.find_container(ref);
    if (!found) return fail(std::move(found).error());
    const std::string name = new_name.starts_with('/') ? new_name.substr(1) : new_name;
    if (name.empty()) return fail(Errc::invalid, "Neither old nor new names may be empty");
    if (auto valid = registry::check_container_name(name); !valid) return valid;
    registry::Container container = **found;
    const std::string old_name = container.name;
    if (name == old_name) {
        return fail(Errc::invalid, "Renaming a container with the same name as its current name");
    }
    const auto* holder = registry_.container_by_name(name);
    if (holder != nullptr && holder->id != container.id) return check_name_is_free(name);
    container.name = name;
    for (const auto* endpoint : registry_.endpoints_of(container.id)) {
        if (auto free = exclusive_.check(registry_, container, *endpoint); !free) return free;
    }
    registry::Changes changes;
    changes.put_containers = with_links_renamed(container, name);
    changes.put_containers.push_back(container);
    if (auto committed = registry_.commit(std::move(changes)); !committed) return committed;
    for (const auto* endpoint : registry_.endpoints_of(container.id)) put_names(container, *endpoint);
    resolver_->publish();
    spdlog::info("event=container_renamed container={} was={}", log::quoted(name), log::quoted(old_name));
    if (container.state != registry::ContainerState::running) return {};
    hide_files(container, old_name);
    auto renamed = sandboxes_.rename(container, old_name);
    leftovers_ = leftovers_ || !renamed;
    show_files(container);
    return renamed;
}

Result<> Engine::remove_container(const std::string& ref, bool force) {
    auto found = registry_.find_container(ref);
    if (!found) return fail(std::move(found).error());
    const registry::Container container = **found;
    Result<> stopped;
    if (container.state == registry::ContainerState::running) {
        if (!force) {
            return fail(Errc::conflict,
                        "cannot remove container \"/" + container.name +
                            "\": container is running: stop the container before removing or force remove");
        }
        stopped = stop(container, 137);
        // What could not be taken out of the kernel is for the next sweep and keeps nobody from going.
        const bool runs = registry_.container_by_id(container.id)->state == registry::ContainerState::running;
        if (!stopped && runs) return stopped;
    }
    auto removed = remove(container);
    if (removed) removed = std::move(stopped);
    tell_waiting(container.id, removed);
    return removed;
}

Result<> Engine::remove(const registry::Container& container) {
    clear_given_sandbox_or_log(container);  // before its files are gone, by which their mounts are known
    std::vector<registry::Endpoint> endpoints;
    for (const auto* endpoint : registry_.endpoints_of(container.id)) endpoints.push_back(*endpoint);
    registry::Changes changes;
    changes.erase_containers.push_back(container.id);
    if (auto committed = registry_.commit(std::move(changes)); !committed) return committed;
    for (const auto& endpoint : endpoints) remove_names(endpoint);
    resolver_->publish_quietly();
    signal_command(container, SIGKILL);  // also one that did not heed a stop
    auto removed = files_.remove(container.id);
    leftovers_ = leftovers_ || !removed;
    if (!removed) return removed;
    spdlog::info("event=container_removed container={} id={}", log::quoted(container.name), short_id(container.id));
    return {};
}

Result<std::vector<api::ContainerInspect>> Engine::list_containers(bool all, const api::Filters& filters) {
    if (auto valid = api::check_container_filters(filters); !valid) return fail(std::move(valid).error());
    const bool by_status = filters.contains("status");
    std::vector<api::ContainerInspect> list;
    for (const auto* container : registry_.containers()) {
        if (!all && !by_status && container->state != registry::ContainerState::running) continue;
        auto inspected = inspect_of(*container);
        if (api::matches_container(filters, inspected)) list.push_back(std::move(inspected));
    }
    return list;
}

Result<api::ContainerInspect> Engine::inspect_container(const std::string& ref) {
    auto container = registry_.find_container(ref);
    if (!container) return fail(std::move(container).error());
    return inspect_of(**container);
}

}  // namespace nsr::daemon
