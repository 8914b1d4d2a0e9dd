#pragma once

#include <map>
#include <optional>
#include <string>

#include "common/netns.h"
#include "common/result.h"
#include "netsetup/netsetup.h"
#include "registry/model.h"

namespace nsr::daemon {

/// The network namespaces of running containers, held open: made and kept by us, given by path or by pid, the host's
/// own, or another container's.
class Sandboxes {
public:
    Sandboxes(net::NetnsKeeper keeper, NetNs home) : keeper_(std::move(keeper)), home_(std::move(home)) {}

    /// The namespace that a container starts in: a new one (kind own; `ready` if there is one), or the one it names.
    /// `donor` is the container of network mode container:NAME, else nullptr.
    Result<const NetNs*> start(const registry::Container& container, const registry::Container* donor,
                               std::optional<NetNs> ready = std::nullopt);

    /// The namespace that a running container was in before the daemon was started again. Errc::not_found if it is gone
    /// or another one is in its place.
    Result<const NetNs*> restore(const registry::Container& container, const registry::Container* donor);

    /// The namespace that was given with a container by path or by pid, whether or not it runs. Errc::not_found if it
    /// is gone, or the process has another's number.
    Result<NetNs> open_given(const registry::Container& container) const;

    /// nullptr if the container does not run.
    const NetNs* find(const std::string& container_id) const;

    /// Whether several containers are in it.
    bool is_shared(const NetNs& sandbox) const;

    /// Lets go of the namespace; removes it if it is ours.
    Result<> stop(const registry::Container& container);

    Result<> rename(const registry::Container& container, const std::string& old_name);

    /// Removes what a crash may have left of the name of a container that does not run.
    void clear_name(const std::string& name) const { keeper_.clear_name(name); }

    /// Releases what is pinned for none of these containers (short ids). Returns how many.
    Result<unsigned> release_others(const std::map<std::string, std::string>& wanted_names_by_key);

    /// A path that nsenter(1) takes while the container runs.
    std::string path(const registry::Container& container, const registry::Container* donor) const;

    const NetNs& home() const { return home_; }

private:
    Result<NetNs> open_named(const registry::Container& container, const registry::Container* donor) const;
    Result<const NetNs*> hold(const registry::Container& container, NetNs sandbox);

    net::NetnsKeeper keeper_;
    NetNs home_;
    void let_go(const std::string& container_id);

    std::map<std::string, NetNs> held_;        ///< by container id
    std::map<std::uint64_t, unsigned> users_;  ///< of each namespace that is held, by its inode
};

/// Whether the daemon made the container's namespace: kind own, and not the mode host or container:NAME.
bool keeps_own_sandbox(const registry::Container& container);

/// Whether the default routes in the container's namespace are its own business: not those of the host, nor of the
/// container that it has joined.
bool has_routes(const registry::Container& container);

/// The start time of a process in clock ticks (field 22 of /proc/PID/stat). Errc::not_found if there is no such
/// process.
Result<std::uint64_t> process_start_time(std::int64_t pid);

inline constexpr std::string_view kContainerMode = "container:";

}  // namespace nsr::daemon
