#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/ip.h"
#include "common/result.h"
#include "hosts/hosts_file.h"

namespace nsr::daemon {

/// One legacy link as it was when its container was started; the address follows the target.
struct FixedLink {
    std::string target_id;
    std::string target;  ///< as given: a target that is made anew is found by it
    std::string alias;
    std::vector<std::string> names;  ///< of its lines
    std::vector<IpAddress> addresses;

    bool operator==(const FixedLink&) const = default;
};

/// What stands in the files of one container, besides what its user has written there.
struct FileContents {
    hosts::HostsInputs hosts;
    std::string hosts_copy;  ///< of the host's own file, instead of `hosts`; "": none
    std::string resolv_conf;
    std::vector<FixedLink> links;
    std::vector<std::string> variables;  ///< of its links, fixed at the start

    bool operator==(const FileContents&) const = default;
};

/// What may stand in the files: `now`, or, while a change is being made, also what was there before.
struct Written {
    FileContents now;
    std::optional<FileContents> was;

    bool operator==(const Written&) const = default;
};

/// One line of text, and back; nullopt if it is not whole.
std::string written_text(const Written& written);
std::optional<Written> parse_written(std::string_view text);

/// The files of running containers in DIRECTORY/ID: `hosts`, `resolv.conf`, and `written`, which remembers what we
/// wrote so that a user's edits can be told apart. Files keep their inodes while the container is registered: they are
/// bind-mounted elsewhere.
///
/// *Crash.* `written` says beforehand what is about to change, so that a daemon that died between two writes finds out
/// at its next start. Nothing is synced to the disk: after a reboot no container runs, and a start writes all anew.
class ContainerFiles {
public:
    explicit ContainerFiles(std::string directory) : directory_(std::move(directory)) {}

    std::string hosts_path(const std::string& id) const { return file(id, "hosts"); }
    std::string resolv_conf_path(const std::string& id) const { return file(id, "resolv.conf"); }

    /// The files of a container that starts. Whatever stood there is lost (H-11, R-24).
    Result<> write(const std::string& id, const FileContents& contents);

    /// Changes the files in place: our lines in hosts, the user's stay (H-12); resolv.conf as a whole, unless the user
    /// has edited it.
    Result<> update(const std::string& id, FileContents contents);

    /// What was written last; nullptr if nothing was.
    const FileContents* written(const std::string& id) const;

    /// Reads what an earlier daemon has written. The next update() mends what that daemon left half done.
    void restore(const std::string& id);

    /// The exit status of the container's command that somebody left there while no daemon ran.
    std::optional<int> exit_notice(const std::string& id) const;

    /// Of a container that is removed. No-op if it has none.
    Result<> remove(const std::string& id);
    /// Removes the directories of all but these. Returns how many.
    Result<unsigned> remove_others(const std::set<std::string>& ids);

    /// Containers that were started with legacy links.
    const std::set<std::string>& linked() const { return linked_; }

private:
    std::string file(const std::string& id, const char* name) const { return directory_ + "/" + id + "/" + name; }
    Result<> remember(const std::string& id, Written written);
    Result<> change_hosts(const std::string& id, const Written& before);
    Result<> change_resolv_conf(const std::string& id, const FileContents& contents, std::string_view current);

    std::string directory_;
    std::map<std::string, Written> written_;
    std::set<std::string> linked_;
};

}  // namespace nsr::daemon
