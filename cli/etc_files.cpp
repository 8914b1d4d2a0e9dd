#include "cli/etc_files.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "common/unique_fd.h"

namespace nsr::cli {
namespace {

constexpr const char* kEtc = "/etc";

/// The file behind a path that may be a symbolic link: what a mount must cover.
Result<std::string> real_path(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> found(::realpath(path.c_str(), nullptr), &std::free);
    if (!found) return fail_errno("cover '" + path + "'");
    return std::string(found.get());
}

Result<> cover(const std::string& source, const std::string& path) {
    auto target = real_path(path);
    if (!target) return fail(std::move(target).error());
    if (::mount(source.c_str(), target->c_str(), nullptr, MS_BIND, nullptr) == 0) return {};
    return fail_errno("put '" + path + "' in place");
}

Result<> make_empty(const std::string& path) {
    const UniqueFd made(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    return made ? Result<>() : fail_errno("make '" + path + "'");
}

/// One entry of the covered directory, at its path in the new one.
Result<> mirror_entry(int old, const std::string& name) {
    const std::string path = std::string(kEtc) + "/" + name;
    struct stat status{};
    if (::fstatat(old, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return {};  // gone meanwhile
    if (S_ISLNK(status.st_mode)) {
        std::array<char, PATH_MAX> target{};
        if (::readlinkat(old, name.c_str(), target.data(), target.size() - 1) < 0) return {};
        return ::symlink(target.data(), path.c_str()) == 0 ? Result<>() : fail_errno("link '" + path + "'");
    }
    const UniqueFd tree(
        ::open_tree(old, name.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW));
    if (!tree) return fail_errno("take '" + path + "'");
    if (S_ISDIR(status.st_mode) && ::mkdir(path.c_str(), 0755) != 0) return fail_errno("make '" + path + "'");
    if (!S_ISDIR(status.st_mode)) {
        if (auto made = make_empty(path); !made) return made;
    }
    if (::move_mount(tree.get(), "", AT_FDCWD, path.c_str(), MOVE_MOUNT_F_EMPTY_PATH) == 0) return {};
    return fail_errno("mount '" + path + "'");
}

/// A directory in memory over /etc that has all that the machine's has, and these besides.
Result<> mirror_etc(const std::set<std::string>& besides) {
    const UniqueFd old(::open(kEtc, O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!old) return fail_errno("open '/etc'");
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(kEtc, error), end; !error && entry != end; entry.increment(error)) {
        names.push_back(entry->path().filename());
    }
    if (error) return fail(Errc::system, "read '/etc': " + error.message());
    if (::mount("tmpfs", kEtc, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0) return fail_errno("cover '/etc'");
    for (const auto& name : names) {
        if (besides.contains(name)) continue;
        if (auto mirrored = mirror_entry(old.get(), name); !mirrored) return mirrored;
    }
    for (const auto& name : besides) {
        if (auto made = make_empty(std::string(kEtc) + "/" + name); !made) return made;
    }
    return {};
}

}  // namespace

Result<> put_etc_files(const EtcFiles& files) {
    const std::array wanted{std::pair{&files.resolv_conf, "resolv.conf"}, std::pair{&files.hosts, "hosts"}};
    std::set<std::string> missing;
    for (const auto& [source, name] : wanted) {
        const std::string path = std::string(kEtc) + "/" + name;
        if (!source->empty() && ::access(path.c_str(), F_OK) != 0) missing.insert(name);
    }
    if (!missing.empty()) {
        if (auto mirrored = mirror_etc(missing); !mirrored) return mirrored;
    }
    for (const auto& [source, name] : wanted) {
        if (source->empty()) continue;
        if (auto covered = cover(*source, std::string(kEtc) + "/" + name); !covered) return covered;
    }
    return {};
}

}  // namespace nsr::cli
