#include "daemon/engine/process_files.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <set>
#include <sstream>
#include <thread>

#include "common/files.h"
#include "common/unique_fd.h"

namespace nsr::daemon {
namespace {

constexpr const char* kHosts = "/etc/hosts";
constexpr const char* kResolvConf = "/etc/resolv.conf";

std::string name_of(const ProcessFiles& files) { return "process " + std::to_string(files.pid); }

bool is_same(const struct stat& a, const struct stat& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

/// Handles on the process's mount namespace and root, from outside.
struct Place {
    UniqueFd mounts;
    UniqueFd root;
};

Result<Place> open_place(const ProcessFiles& files) {
    const std::string directory = "/proc/" + std::to_string(files.pid);
    Place place{UniqueFd(::open((directory + "/ns/mnt").c_str(), O_RDONLY | O_CLOEXEC)),
                UniqueFd(::open((directory + "/root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC))};
    if (place.mounts && place.root) return place;
    return fail(Errc::not_found, name_of(files) + " does not exist");
}

/// The peer groups of a namespace's mounts (mountinfo's "shared:N", proc(5)).
std::set<std::string> peer_groups(const std::string& mountinfo) {
    std::set<std::string> groups;
    std::istringstream words(mountinfo);
    for (std::string word; words >> word;) {
        if (word.starts_with("shared:")) groups.insert(word);
    }
    return groups;
}

/// The peer group of the mount that `path`, of a root, lies on; "" if it has none.
std::string peer_group_of(const std::string& mountinfo, const std::string& path) {
    std::string best;
    std::string group;
    std::istringstream lines(mountinfo);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string id, parent, device, root, point, options, field;
        words >> id >> parent >> device >> root >> point >> options;
        const std::string inside = point == "/" ? point : point + "/";
        if (!(path + "/").starts_with(inside) || inside.size() < best.size()) continue;
        best = inside;
        group.clear();
        while (words >> field && field != "-") {
            if (field.starts_with("shared:")) group = field;
        }
    }
    return group;
}

/// Whether what is mounted at /etc of the process appears on the machine.
Result<> check_not_shared(const ProcessFiles& files) {
    struct stat own{};
    struct stat theirs{};
    const std::string path = "/proc/" + std::to_string(files.pid);
    if (::stat("/proc/thread-self/ns/mnt", &own) != 0) return fail_errno("look at the own mount namespace");
    if (::stat((path + "/ns/mnt").c_str(), &theirs) != 0)
        return fail(Errc::not_found, name_of(files) + " does not exist");
    if (is_same(own, theirs)) {
        return fail(Errc::conflict, name_of(files) + " shares the machine's mount namespace: its files cannot be " +
                                        "covered without covering the machine's; use --no-files");
    }
    auto here = read_file("/proc/thread-self/mountinfo");
    auto there = read_file(path + "/mountinfo");
    if (!here || !there) return fail(Errc::not_found, name_of(files) + " does not exist");
    for (const char* target : {kHosts, kResolvConf}) {
        if (peer_groups(*here).contains(peer_group_of(*there, target))) {
            return fail(Errc::conflict, name_of(files) + " shares its mounts with the machine (mount propagation): a " +
                                            "file over '" + target + "' would appear there, too; use --no-files");
        }
    }
    return {};
}

/// Runs a function on a thread in the process's mount namespace and under its root. The thread ends there.
template <typename Function>
Result<> inside(const ProcessFiles& files, Function function) {
    auto place = open_place(files);
    if (!place) return fail(std::move(place).error());
    Result<> outcome;
    std::jthread([&] {
        // A thread that shares its root and working directory with others may not change the mount namespace.
        if (::unshare(CLONE_FS) != 0 || ::setns(place->mounts.get(), CLONE_NEWNS) != 0 ||
            ::fchdir(place->root.get()) != 0 || ::chroot(".") != 0) {
            outcome = fail_errno("enter the mount namespace of " + name_of(files));
            return;
        }
        outcome = function();
    }).join();
    return outcome;
}

Result<> ensure_target(const ProcessFiles& files, const char* target) {
    const UniqueFd fd(::open(target, O_RDONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644));
    if (fd || ::access(target, F_OK) == 0) return {};
    if (errno == EROFS) {
        return fail(Errc::conflict,
                    name_of(files) + " has no '" + target + "', and its root is read-only: use --no-files");
    }
    return fail_errno("make '" + std::string(target) + "' of " + name_of(files));
}

/// A mount of ours: where it comes from, and where it goes.
struct Cover {
    const std::string& source;
    const char* target;
    UniqueFd tree = {};
    struct stat file{};
};

Result<> open_source(Cover& cover) {
    cover.tree = UniqueFd(::open_tree(AT_FDCWD, cover.source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
    if (!cover.tree) return fail_errno("take '" + cover.source + "'");
    if (::fstat(cover.tree.get(), &cover.file) != 0) return fail_errno("look at '" + cover.source + "'");
    return {};
}

bool is_covered(const Cover& cover) {
    struct stat now{};
    return ::stat(cover.target, &now) == 0 && is_same(now, cover.file);
}

void uncover(const Cover& cover) {
    while (is_covered(cover) && ::umount2(cover.target, MNT_DETACH) == 0) {}
}

}  // namespace

Result<> put_process_files(const ProcessFiles& files) {
    if (auto alone = check_not_shared(files); !alone) return alone;
    std::array<Cover, 2> covers{Cover{files.hosts, kHosts}, Cover{files.resolv_conf, kResolvConf}};
    for (Cover& cover : covers) {
        if (auto opened = open_source(cover); !opened) return opened;
    }
    return inside(files, [&]() -> Result<> {
        for (const Cover& cover : covers) {
            if (is_covered(cover)) continue;
            auto there = ensure_target(files, cover.target);
            if (there && ::move_mount(cover.tree.get(), "", AT_FDCWD, cover.target,
                                      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS) == 0) {
                continue;
            }
            if (there) there = fail_errno("cover '" + std::string(cover.target) + "' of " + name_of(files));
            for (const Cover& each : covers) uncover(each);
            return there;
        }
        return {};
    });
}

Result<> remove_process_files(const ProcessFiles& files) {
    std::array<Cover, 2> covers{Cover{files.hosts, kHosts}, Cover{files.resolv_conf, kResolvConf}};
    for (Cover& cover : covers) {
        if (::stat(cover.source.c_str(), &cover.file) != 0) return {};
    }
    if (!check_not_shared(files)) return {};  // then nothing was mounted
    auto removed = inside(files, [&]() -> Result<> {
        for (const Cover& cover : covers) uncover(cover);
        return {};
    });
    return removed || removed.error().code() == Errc::not_found ? Result<>() : removed;
}

}  // namespace nsr::daemon
