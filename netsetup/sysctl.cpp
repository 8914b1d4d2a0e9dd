#include "netsetup/sysctl.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/fault.h"
#include "common/files.h"

namespace nsr::net {
namespace {

constexpr const char* kRoot = "/proc/sys/";

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

Result<> write_sysctl(const std::string& name, std::string_view value) {
    if (fault::fails("sysctl")) return fail_errno("set '" + (kRoot + name) + "'", EIO);
    return write_existing(kRoot + name, value);
}

std::string get_sysctl(const std::string& name) {
    const auto present = read_file(kRoot + name);
    return present ? normal(*present) : "";
}

bool has_sysctl(const std::string& name) { return ::access((kRoot + name).c_str(), F_OK) == 0; }

}  // namespace nsr::net
