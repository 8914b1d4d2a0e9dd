#include "daemon/engine/process_files.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <set>
#include <sstream>
#include <thread>

#include "common/fault.h"
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
    Place place{UniqueFd(fault::fails("open mount namespace", EMFILE)
                             ? -1
                             : ::open((directory + "/ns/mnt").c_str(), O_RDONLY | O_CLOEXEC)),
                UniqueFd(::open((directory + "/root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC))};
    if (place.mounts && place.root) return place;
    // One that ends meanwhile gives any of these (proc(5)).
    if (errno != ENOENT && errno != ESRCH && errno != EACCES) return fail_errno("open the files of " + name_of(files));
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

Result<> check_not_ours(const ProcessFiles& files) {
    struct stat own{};
    struct stat theirs{};
    const std::string path = "/proc/" + std::to_string(files.pid);
    if (fault::fails("look at mount namespace", EMFILE) || ::stat("/proc/thread-self/ns/mnt", &own) != 0)
        return fail_errno("look at the own mount namespace");
    if (::stat((path + "/ns/mnt").c_str(), &theirs) != 0)
        return fail(Errc::not_found, name_of(files) + " does not exist");
    if (!is_same(own, theirs)) return {};
    return fail(Errc::conflict, name_of(files) + " shares the machine's mount namespace: its files cannot be " +
                                    "covered without covering the machine's; use --no-files");
}

/// What is mounted on the machine and at the process (proc(5), mountinfo).
struct Mounts {
    std::string here;
    std::string there;
};

Result<Mounts> mounts_of(const ProcessFiles& files) {
    auto here = read_file("/proc/thread-self/mountinfo");
    auto there = read_file("/proc/" + std::to_string(files.pid) + "/mountinfo");
    if (!here || !there) return fail(Errc::not_found, name_of(files) + " does not exist");
    return Mounts{std::move(*here), std::move(*there)};
}

/// Whether what is mounted at `path` of the process appears on the machine. No symbolic link may be in `path`.
Result<> check_not_shared(const ProcessFiles& files, const Mounts& mounts, const std::string& path) {
    if (!peer_groups(mounts.here).contains(peer_group_of(mounts.there, path))) return {};
    return fail(Errc::conflict, name_of(files) +
                                    " shares its mounts with the machine (mount propagation): a file over '" + path +
                                    "' would appear there, too; use --no-files");
}

/// Runs a function on a thread in the process's mount namespace and under its root. The thread ends there.
template <typename Function>
Result<> inside(const ProcessFiles& files, Function function) {
    auto place = open_place(files);
    if (!place) return fail(std::move(place).error());
    Result<> outcome;
    std::jthread([&] {
        // A thread that shares its root and working directory with others may not change the mount namespace.
        if (fault::fails("enter mount namespace", ENOMEM) || ::unshare(CLONE_FS) != 0 ||
            ::setns(place->mounts.get(), CLONE_NEWNS) != 0 || ::fchdir(place->root.get()) != 0 || ::chroot(".") != 0) {
            outcome = fail_errno("enter the mount namespace of " + name_of(files));
            return;
        }
        outcome = function();
    }).join();
    return outcome;
}

/// The file that `path` leads to, which need not exist, without symbolic links; inside the process's root.
Result<std::string> real_path(const ProcessFiles& files, const std::filesystem::path& path) {
    constexpr int kLinksMax = 40;  // as the kernel follows (path_resolution(7))
    std::filesystem::path real = path;
    std::error_code error;
    for (int links = 0; links < kLinksMax; ++links) {
        const auto directory = std::filesystem::canonical(real.parent_path(), error);
        if (error) break;
        real = directory / real.filename();
        std::error_code not_link;
        const auto next = std::filesystem::read_symlink(real, not_link);
        if (not_link) return real.string();
        real = directory / next;
    }
    return fail(Errc::conflict, "'" + path.string() + "' of " + name_of(files) +
                                    " leads to nothing that could be covered: use --no-files");
}

Result<> ensure_target(const ProcessFiles& files, const std::string& target) {
    const bool refused = fault::fails("make mount point", EROFS);
    const UniqueFd fd(refused ? -1
                              : ::open(target.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0644));
    if (fd || ::access(target.c_str(), F_OK) == 0) return {};
    if (errno == EROFS) {
        return fail(Errc::conflict,
                    name_of(files) + " has no '" + target + "', and its root is read-only: use --no-files");
    }
    return fail_errno("make '" + target + "' of " + name_of(files));
}

/// A mount of ours: where it comes from, and where it goes.
struct Cover {
    const std::string& source;
    const char* target;
    UniqueFd tree = {};
    struct stat file{};
};

Result<> open_source(Cover& cover) {
    cover.tree = UniqueFd(fault::fails("take mount", ENOMEM)
                              ? -1
                              : ::open_tree(AT_FDCWD, cover.source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
    if (!cover.tree) return fail_errno("take '" + cover.source + "'");
    // Else it would be a peer of the machine's mount that the source lies on.
    struct mount_attr alone{};
    alone.propagation = MS_PRIVATE;
    if (fault::fails("separate mount", ENOMEM) ||
        ::mount_setattr(cover.tree.get(), "", AT_EMPTY_PATH, &alone, sizeof alone) != 0) {
        return fail_errno("separate '" + cover.source + "'");
    }
    if (fault::fails("look at mount", EIO) || ::fstat(cover.tree.get(), &cover.file) != 0)
        return fail_errno("look at '" + cover.source + "'");
    return {};
}

bool is_covered(const Cover& cover) {
    struct stat now{};
    return ::stat(cover.target, &now) == 0 && is_same(now, cover.file);
}

Result<> uncover(const Cover& cover) {
    while (is_covered(cover)) {
        if (fault::fails("take mount off", ENOMEM) || ::umount2(cover.target, MNT_DETACH) != 0) {
            return fail_errno("uncover '" + std::string(cover.target) + "'");
        }
    }
    return {};
}

/// All of them, whatever becomes of one.
Result<> uncover(const std::array<Cover, 2>& covers) {
    Result<> outcome;
    for (const Cover& cover : covers) {
        auto uncovered = uncover(cover);
        if (outcome) outcome = std::move(uncovered);
    }
    return outcome;
}

/// Inside the process's root.
Result<> put(const ProcessFiles& files, const Mounts& mounts, const Cover& cover) {
    if (is_covered(cover)) return {};
    auto target = real_path(files, cover.target);
    if (!target) return fail(std::move(target).error());
    if (auto alone = check_not_shared(files, mounts, *target); !alone) return alone;
    if (auto there = ensure_target(files, *target); !there) return there;
    if (!fault::fails("move mount", ENOMEM) &&
        ::move_mount(cover.tree.get(), "", AT_FDCWD, target->c_str(), MOVE_MOUNT_F_EMPTY_PATH) == 0)
        return {};
    return fail_errno("cover '" + *target + "' of " + name_of(files));
}

}  // namespace

Result<> put_process_files(const ProcessFiles& files) {
    if (auto alone = check_not_ours(files); !alone) return alone;
    auto mounts = mounts_of(files);
    if (!mounts) return fail(std::move(mounts).error());
    std::array<Cover, 2> covers{Cover{files.hosts, kHosts}, Cover{files.resolv_conf, kResolvConf}};
    for (Cover& cover : covers) {
        if (auto opened = open_source(cover); !opened) return opened;
    }
    return inside(files, [&]() -> Result<> {
        for (const Cover& cover : covers) {
            auto covered = put(files, *mounts, cover);
            if (covered) continue;
            auto uncovered = uncover(covers);
            return uncovered ? covered : fail(std::move(covered).error(), uncovered.error().message());
        }
        return {};
    });
}

Result<> remove_process_files(const ProcessFiles& files) {
    std::array<Cover, 2> covers{Cover{files.hosts, kHosts}, Cover{files.resolv_conf, kResolvConf}};
    for (Cover& cover : covers) {
        if (::stat(cover.source.c_str(), &cover.file) != 0) return {};
    }
    if (auto alone = check_not_ours(files); !alone) {
        // Of a process that is gone, or that shares our mounts, nothing was covered.
        return alone.error().code() == Errc::system ? alone : Result<>();
    }
    auto removed = inside(files, [&] { return uncover(covers); });
    return removed || removed.error().code() == Errc::not_found ? Result<>() : removed;
}

}  // namespace nsr::daemon
