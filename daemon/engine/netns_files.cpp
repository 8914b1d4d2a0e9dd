#include "daemon/engine/netns_files.h"

#include <unistd.h>

#include <array>
#include <filesystem>
#include <vector>

#include "common/fault.h"
#include "common/files.h"

namespace nsr::daemon {
namespace {

constexpr std::array<const char*, 2> kFiles{"hosts", "resolv.conf"};

std::vector<std::string> names_in(const std::string& directory) {
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        names.push_back(entry->path().filename());
    }
    return names;
}

}  // namespace

bool NetnsFiles::is_ours(const std::string& path) const {
    std::error_code error;
    return std::filesystem::read_symlink(path, error).string().starts_with(files_ + "/");
}

Result<> NetnsFiles::put(const std::string& name, const std::string& container_id) const {
    const std::string directory = directory_ + "/" + name;
    if (auto made = make_directories(directory); !made) return made;
    for (const char* file : kFiles) {
        const std::string path = directory + "/" + file;
        if (is_ours(path)) ::unlink(path.c_str());
        const std::string target = files_ + "/" + container_id + "/" + file;
        if ((fault::fails("make symbolic link", ENOSPC) || ::symlink(target.c_str(), path.c_str()) != 0) &&
            errno != EEXIST)
            return fail_errno("make '" + path + "'");
    }
    return {};
}

Result<> NetnsFiles::remove(const std::string& name) const {
    const std::string directory = directory_ + "/" + name;
    bool had_ours = false;
    for (const char* file : kFiles) {
        const std::string path = directory + "/" + file;
        if (!is_ours(path)) continue;
        had_ours = true;
        if (fault::fails("remove symbolic link", EIO) || ::unlink(path.c_str()) != 0)
            return fail_errno("remove '" + path + "'");
    }
    if (!had_ours || ::rmdir(directory.c_str()) == 0 || errno == ENOTEMPTY || errno == EEXIST) return {};
    return fail_errno("remove '" + directory + "'");
}

Result<unsigned> NetnsFiles::put_only(const std::map<std::string, std::string>& ids_by_name) const {
    unsigned removed = 0;
    for (const auto& name : names_in(directory_)) {
        const std::string directory = directory_ + "/" + name;
        if (ids_by_name.contains(name) || !(is_ours(directory + "/hosts") || is_ours(directory + "/resolv.conf"))) {
            continue;
        }
        if (auto gone = remove(name); !gone) return fail(std::move(gone).error());
        ++removed;
    }
    for (const auto& [name, id] : ids_by_name) {
        if (auto made = put(name, id); !made) return fail(std::move(made).error());
    }
    return removed;
}

}  // namespace nsr::daemon
