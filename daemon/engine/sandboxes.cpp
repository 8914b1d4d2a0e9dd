#include "daemon/engine/sandboxes.h"

#include <unistd.h>

#include <charconv>

#include "common/files.h"
#include "common/ids.h"

namespace nsr::daemon {
namespace {

std::string key_of(const registry::Container& container) { return std::string(short_id(container.id)); }

std::string process_path(std::int64_t pid) { return "/proc/" + std::to_string(pid) + "/ns/net"; }

}  // namespace

bool has_routes(const registry::Container& container) {
    return container.network_mode != registry::kHostNetwork && !container.network_mode.starts_with(kContainerMode);
}

bool keeps_own_sandbox(const registry::Container& container) {
    return container.sandbox == registry::SandboxKind::own && container.network_mode != registry::kHostNetwork &&
           !container.network_mode.starts_with(kContainerMode);
}

Result<std::uint64_t> process_start_time(std::int64_t pid) {
    auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
    if (!stat) return fail(Errc::not_found, "process " + std::to_string(pid) + " does not exist");
    // The command in parentheses may hold anything, so count the fields from its end: "PID (COMM) STATE ...".
    std::string_view rest(*stat);
    rest.remove_prefix(std::min(rest.rfind(')') + 2, rest.size()));
    for (int field = 3; field < 22; ++field) rest.remove_prefix(std::min(rest.find(' ') + 1, rest.size()));
    std::uint64_t ticks = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), ticks);
    if (error != std::errc{}) return fail(Errc::system, "/proc/" + std::to_string(pid) + "/stat has no start time");
    return ticks;
}

Result<NetNs> Sandboxes::open_named(const registry::Container& container, const registry::Container* donor) const {
    if (donor != nullptr) {
        const NetNs* sandbox = find(donor->id);
        if (sandbox == nullptr) return fail(Errc::not_found, "container '" + donor->name + "' does not run");
        return sandbox->duplicate();
    }
    if (container.network_mode == registry::kHostNetwork) return home_.duplicate();
    return open_given(container);
}

Result<NetNs> Sandboxes::open_given(const registry::Container& container) const {
    if (container.sandbox == registry::SandboxKind::path) return NetNs::open(container.sandbox_path);
    auto start_time = process_start_time(container.sandbox_pid);
    if (!start_time) return fail(std::move(start_time).error());
    if (*start_time != container.sandbox_pid_start) {
        return fail(Errc::not_found, "process " + std::to_string(container.sandbox_pid) +
                                         " does not exist: its number " + "belongs to another process now");
    }
    return NetNs::open(process_path(container.sandbox_pid));
}

Result<const NetNs*> Sandboxes::hold(const registry::Container& container, NetNs sandbox) {
    let_go(container.id);
    ++users_[sandbox.inode()];
    return &held_.insert_or_assign(container.id, std::move(sandbox)).first->second;
}

void Sandboxes::let_go(const std::string& container_id) {
    const auto held = held_.find(container_id);
    if (held == held_.end()) return;
    const auto users = users_.find(held->second.inode());
    if (--users->second == 0) users_.erase(users);
    held_.erase(held);
}

bool Sandboxes::is_shared(const NetNs& sandbox) const {
    const auto users = users_.find(sandbox.inode());
    return users != users_.end() && users->second > 1;
}

Result<const NetNs*> Sandboxes::start(const registry::Container& container, const registry::Container* donor,
                                      std::optional<NetNs> ready) {
    auto sandbox = keeps_own_sandbox(container) ? keeper_.create(key_of(container), container.name, std::move(ready))
                                                : open_named(container, donor);
    if (!sandbox) return fail(std::move(sandbox).error());
    return hold(container, std::move(*sandbox));
}

Result<const NetNs*> Sandboxes::restore(const registry::Container& container, const registry::Container* donor) {
    auto sandbox = keeps_own_sandbox(container) ? keeper_.find(key_of(container)) : open_named(container, donor);
    if (!sandbox) return fail(std::move(sandbox).error());
    if (sandbox->inode() != container.sandbox_inode && container.network_mode != registry::kHostNetwork) {
        return fail(Errc::not_found, "another network namespace is in the place of that of '" + container.name + "'");
    }
    return hold(container, std::move(*sandbox));
}

const NetNs* Sandboxes::find(const std::string& container_id) const {
    const auto found = held_.find(container_id);
    return found == held_.end() ? nullptr : &found->second;
}

Result<> Sandboxes::stop(const registry::Container& container) {
    let_go(container.id);
    if (!keeps_own_sandbox(container)) return {};
    return keeper_.release(key_of(container), container.name);
}

Result<> Sandboxes::rename(const registry::Container& container, const std::string& old_name) {
    if (!keeps_own_sandbox(container)) return {};
    return keeper_.rename(key_of(container), old_name, container.name);
}

Result<unsigned> Sandboxes::release_others(const std::map<std::string, std::string>& wanted_names_by_key) {
    auto keys = keeper_.list();
    if (!keys) return fail(std::move(keys).error());
    unsigned released = 0;
    for (const auto& key : *keys) {
        if (wanted_names_by_key.contains(key)) continue;
        if (auto done = keeper_.release(key, ""); !done) return fail(std::move(done).error());
        ++released;
    }
    return released;
}

std::string Sandboxes::path(const registry::Container& container, const registry::Container* donor) const {
    if (donor != nullptr) return path(*donor, nullptr);
    if (container.network_mode == registry::kHostNetwork) return process_path(::getpid());
    if (container.network_mode.starts_with(kContainerMode)) return "";  // the donor is gone, and its namespace with it
    switch (container.sandbox) {
        case registry::SandboxKind::path:
            return container.sandbox_path;
        case registry::SandboxKind::pid:
            return process_path(container.sandbox_pid);
        case registry::SandboxKind::own:
            break;
    }
    return keeper_.path(key_of(container));
}

}  // namespace nsr::daemon
