#include "netsetup/sysctl.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/fault.h"
#include "common/files.h"

namespace nsr::net {
namespace {

constexpr const char* kRoot = "/proc/sys/";
constexpr const char* kNetwork = "/proc/sys/net/";

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
    UniqueFd directory(
        fault::fails("sysctl directory", EMFILE) ? -1 : ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
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
