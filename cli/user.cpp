#include "cli/user.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace nsr::cli {
namespace {

std::optional<unsigned> number_of(const std::string& text) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

Result<gid_t> group_of(const std::string& text) {
    if (const auto number = number_of(text)) return *number;
    const group* entry = ::getgrnam(text.c_str());
    if (entry != nullptr) return entry->gr_gid;
    return fail(Errc::invalid, "unable to find group " + text + ": no matching entries in group file");
}

Result<> refused(const char* what) { return fail(Errc::forbidden, std::string(what) + ": " + std::strerror(errno)); }

}  // namespace

Result<> become(const std::string& user, bool owns_terminal) {
    const std::size_t colon = user.find(':');
    const std::string name = user.substr(0, colon);
    const auto number = number_of(name);
    const passwd* entry = number ? ::getpwuid(*number) : ::getpwnam(name.c_str());
    if (entry == nullptr && !number) {
        return fail(Errc::invalid, "unable to find user " + name + ": no matching entries in passwd file");
    }
    const uid_t uid = entry != nullptr ? entry->pw_uid : *number;
    gid_t gid = entry != nullptr ? entry->pw_gid : 0;
    if (colon != std::string::npos) {
        auto group = group_of(user.substr(colon + 1));
        if (!group) return fail(std::move(group).error());
        gid = *group;
    }
    ::setenv("HOME", entry != nullptr ? entry->pw_dir : "/", 1);
    const bool known_groups = entry != nullptr && colon == std::string::npos;
    if ((known_groups ? ::initgroups(entry->pw_name, gid) : ::setgroups(0, nullptr)) != 0) {
        return refused("set the groups");
    }
    if (owns_terminal && ::fchown(STDIN_FILENO, uid, static_cast<gid_t>(-1)) != 0)
        return refused("give the terminal away");
    if (::setgid(gid) != 0) return refused("set the group");
    if (::setuid(uid) != 0) return refused("set the user");
    return {};
}

}  // namespace nsr::cli
