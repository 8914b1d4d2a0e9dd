#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "common/fault.h"
#include "common/files.h"
#include "netsetup/netsetup.h"

namespace nsr::net {
namespace {

/// Where `ip netns` looks.
constexpr const char* kNamedDirectory = "/run/netns";

/// Copies of a mount in other mount namespaces would keep a namespace alive; in a shared directory an umount reaches
/// them. As `ip netns add` does it (iproute2, ip/ipnetns.c).
Result<> make_shared(const std::string& directory) {
    if (auto made = make_directories(directory); !made) return made;
    if (::mount("", directory.c_str(), "none", MS_SHARED | MS_REC, nullptr) == 0) return {};
    if (errno != EINVAL) return fail_errno("share the mounts of '" + directory + "'");
    if (::mount(directory.c_str(), directory.c_str(), "none", MS_BIND | MS_REC, nullptr) != 0) {
        return fail_errno("bind '" + directory + "' to itself");
    }
    if (::mount("", directory.c_str(), "none", MS_SHARED | MS_REC, nullptr) != 0) {
        return fail_errno("share the mounts of '" + directory + "'");
    }
    return {};
}

constexpr mode_t kPinMode = 0444;  // of the files that namespaces are mounted on

/// Pins a namespace to a new file. The file is created here: EEXIST is the caller's business.
Result<> pin(const NetNs& netns, const std::string& path) {
    if (fault::fails("pin namespace")) return fail_errno("mount '" + path + "'", ENOMEM);
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, kPinMode));
    if (!file && errno == EEXIST) return fail(Errc::conflict, "'" + path + "' exists already");
    if (!file) return fail_errno("create '" + path + "'");
    const std::string source = "/proc/thread-self/fd/" + std::to_string(netns.fd());
    if (!fault::fails("mount namespace", ENOMEM) &&
        ::mount(source.c_str(), path.c_str(), "none", MS_BIND, nullptr) == 0)
        return {};
    const int number = errno;
    ::unlink(path.c_str());
    return fail_errno("pin a network namespace at '" + path + "'", number);
}

/// umount, as often as something is mounted, and unlink: each alone would leave the namespace alive or the file behind.
Result<> unpin(const std::string& path) {
    if (fault::fails("unpin namespace")) return fail_errno("unmount '" + path + "'", EBUSY);
    while (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {}
    if (errno != EINVAL && errno != ENOENT) return fail_errno("unmount '" + path + "'");
    if ((fault::fails("remove namespace file", EIO) || ::unlink(path.c_str()) != 0) && errno != ENOENT)
        return fail_errno("remove '" + path + "'");
    return {};
}

Result<NetNs> open_pinned(const std::string& path) {
    auto netns = NetNs::open(path);
    if (!netns && netns.error().code() == Errc::invalid) {
        return fail(Errc::not_found, "no network namespace is mounted at '" + path + "'");
    }
    return netns;
}

std::string named_path(const std::string& name) { return std::string(kNamedDirectory) + "/" + name; }

Result<std::vector<std::string>> entries_of(const std::string& path) {
    struct Close {
        void operator()(DIR* directory) const { ::closedir(directory); }
    };
    const std::unique_ptr<DIR, Close> directory(fault::fails("list directory", EMFILE) ? nullptr
                                                                                       : ::opendir(path.c_str()));
    if (!directory) return fail_errno("list '" + path + "'");
    std::vector<std::string> entries;
    while (const dirent* const entry = ::readdir(directory.get())) {
        if (entry->d_name[0] != '.') entries.emplace_back(entry->d_name);
    }
    return entries;
}

/// Whether a name is what a crash of ours between pinning and unpinning leaves: an empty file with the mode that we
/// give
/// (`ip netns` gives 0), on which nothing is mounted.
bool is_leftover(const std::string& path) {
    struct stat file{};
    struct stat folder{};
    return ::lstat(path.c_str(), &file) == 0 && ::stat(kNamedDirectory, &folder) == 0 && S_ISREG(file.st_mode) &&
           (file.st_mode & 07777) == kPinMode && file.st_size == 0 && file.st_uid == 0 && file.st_dev == folder.st_dev;
}

/// Removes the name if it stands for our namespace; another's stays.
Result<> unlink_name(const std::string& own_path, const std::string& name) {
    const auto own = open_pinned(own_path);
    const auto named = open_pinned(named_path(name));
    for (const auto* each : {&own, &named}) {
        if (!*each && each->error().code() == Errc::system) return fail(each->error());
    }
    if (!own || !named || own->inode() != named->inode()) return {};
    return unpin(named_path(name));
}

/// Removes whatever names stand for our namespace: after a crash nobody may know them any more.
Result<> unlink_names(const std::string& own_path) {
    auto names = entries_of(kNamedDirectory);
    if (!names) return fail(std::move(names).error());
    for (const auto& name : *names) {
        if (auto unlinked = unlink_name(own_path, name); !unlinked) return unlinked;
    }
    return {};
}

/// Their mounts may have gone, but not their files.
void clear_names(const NetnsKeeper& keeper, const std::set<std::string>& names) {
    for (const auto& name : names) keeper.clear_name(name);
}

}  // namespace

NetnsKeeper::NetnsKeeper(std::string directory, bool link_names)
    : directory_(std::move(directory)), link_names_(link_names) {}

Result<NetnsKeeper> NetnsKeeper::open(const std::string& run_dir, bool link_names) {
    const std::string directory = run_dir + "/netns";
    if (auto shared = make_shared(directory); !shared) return fail(shared.error());
    if (link_names) {
        if (auto shared = make_shared(kNamedDirectory); !shared) return fail(shared.error());
    }
    return NetnsKeeper(directory, link_names);
}

std::string NetnsKeeper::path(const std::string& key) const { return directory_ + "/" + key; }

Result<NetNs> NetnsKeeper::create(const std::string& key, const std::string& name, std::optional<NetNs> ready) {
    if (find(key)) return fail(Errc::conflict, "network namespace '" + path(key) + "' exists already");
    // A file without a mount is what a reboot or a crash between creating and mounting leaves.
    if (auto cleared = unpin(path(key)); !cleared) return fail(cleared.error());
    auto netns = ready ? Result<NetNs>(std::move(*ready)) : NetNs::create();
    if (!netns) return netns;
    if (auto pinned = pin(*netns, path(key)); !pinned) return fail(pinned.error());
    if (!link_names_) return netns;

    clear_name(name);
    const auto named = pin(*netns, named_path(name));
    if (named || named.error().code() == Errc::conflict) return netns;
    if (auto undone = unpin(path(key)); !undone) return fail(undone.error(), named.error().message());
    return fail(named.error());
}

void NetnsKeeper::clear_name(const std::string& name) const {
    if (link_names_ && is_leftover(named_path(name))) (void)::unlink(named_path(name).c_str());
}

Result<NetNs> NetnsKeeper::find(const std::string& key) const { return open_pinned(path(key)); }

Result<> NetnsKeeper::release(const std::string& key, const std::string& name) {
    Result<> unnamed;
    if (link_names_) unnamed = name.empty() ? unlink_names(path(key)) : unlink_name(path(key), name);
    if (!unnamed && !name.empty()) unfinished_.insert(name);
    if (name.empty()) clear_names(*this, std::exchange(unfinished_, {}));
    // What is pinned here is what tells that the name is ours: while that stands, a later try finds it.
    return unnamed ? unpin(path(key)) : unnamed;
}

Result<std::vector<std::string>> NetnsKeeper::list() const { return entries_of(directory_); }

Result<> NetnsKeeper::rename(const std::string& key, const std::string& old_name, const std::string& new_name) {
    if (!link_names_) return {};
    clear_name(new_name);
    if (old_name == new_name) clear_names(*this, std::exchange(unfinished_, {}));
    const auto netns = find(key);
    if (!netns) return fail(netns.error());
    if (old_name == new_name && ::access(named_path(new_name).c_str(), F_OK) == 0) return {};
    // The old name goes first: who is killed here leaves a namespace without its name, and that can be told from one to
    // which the user has given another.
    auto unnamed = old_name == new_name ? unlink_names(path(key)) : unlink_name(path(key), old_name);
    if (!unnamed) {
        unfinished_.insert(old_name);
        return unnamed;
    }
    auto named = pin(*netns, named_path(new_name));
    return named || named.error().code() == Errc::conflict ? Result<>() : named;
}

}  // namespace nsr::net
