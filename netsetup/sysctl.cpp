#include "netsetup/sysctl.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/fault.h"
#include "common/files.h"

namespace nsr::net {
namespace {

constexpr const char* kRoot = "/proc/sys/";
constexpr const char* kNetwork = "/proc/sys/net/";
constexpr unsigned kUsesOfProcfs = 64;

/// /proc/sys/net of a new procfs that nobody else sees (mount(2) since Linux 5.2, each is one of its own since 5.8);
/// empty where that is not possible.
UniqueFd open_own_network() {
    const UniqueFd context(::fsopen("proc", FSOPEN_CLOEXEC));
    if (!context || ::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return {};
    const UniqueFd mount(::fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
    if (!mount) return {};
    return UniqueFd(::openat(mount.get(), "sys/net", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

/// Opens a directory below /proc/sys/net.
UniqueFd open_directory(const std::string& name) {
    thread_local UniqueFd network;
    thread_local unsigned uses = 0;
    if (uses++ % kUsesOfProcfs == 0) network = open_own_network();
    constexpr int kHow = O_PATH | O_DIRECTORY | O_CLOEXEC;
    return UniqueFd(network ? ::openat(network.get(), name.c_str(), kHow) : ::open((kNetwork + name).c_str(), kHow));
}

/// The kernel separates the numbers of a range by tabs and ends with a newline.
std::string normal(std::string text) {
    std::ranges::replace(text, '\t', ' ');
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

}  // namespace

Result<> set_sysctl(const std::string& name, std::string_view value) {
    const std::string path = kRoot + name;
    if (fault::fails("sysctl")) return fail_errno("set '" + path + "'", EIO);
    const auto present = read_file(path);
    if (!present) return fail(present.error());
    if (normal(*present) == value) return {};
    return write_existing(path, value);
}

Result<SysctlDirectory> SysctlDirectory::open(const std::string& name) {
    std::string path = kNetwork + name;
    auto directory = fault::fails("sysctl directory", EMFILE) ? UniqueFd() : open_directory(name);
    if (!directory && errno == ENOENT) return fail(Errc::not_found, "'" + path + "' does not exist");
    if (!directory) return fail_errno("open '" + path + "'");
    return SysctlDirectory(std::move(directory), std::move(path));
}

Result<> SysctlDirectory::write(const std::string& name, std::string_view value) const {
    const std::string what = "set '" + path_ + "/" + name + "'";
    if (fault::fails("sysctl")) return fail_errno(what, EIO);
    const UniqueFd file(::openat(directory_.get(), name.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file && errno == ENOENT) return fail(Errc::not_found, what + ": there is no such setting");
    if (!file) return fail_errno(what);
    if (::write(file.get(), value.data(), value.size()) < 0) return fail_errno(what);
    return {};
}

std::string get_sysctl(const std::string& name) {
    const auto present = read_file(kRoot + name);
    return present ? normal(*present) : "";
}

bool has_sysctl(const std::string& name) { return ::access((kRoot + name).c_str(), F_OK) == 0; }

}  // namespace nsr::net
