#include "cli/exec.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "common/unique_fd.h"

namespace nsr::cli {
namespace {

Error failed(const std::string& what) { return {Errc::system, what + ": " + std::strerror(errno)}; }

Result<> enter(const std::string& sandbox) {
    const UniqueFd fd(::open(sandbox.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return fail(failed("open '" + sandbox + "'"));
    if (::setns(fd.get(), CLONE_NEWNET) != 0) return fail(failed("enter '" + sandbox + "'"));
    if (::unshare(CLONE_NEWNS) != 0) return fail(failed("make a mount namespace"));
    // What is mounted here must not reach the machine; what the machine mounts may reach us.
    if (::mount("", "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return fail(failed("separate the mounts"));
    return {};
}

/// The file behind a path that may be a symbolic link: what a mount must cover.
Result<std::string> real_path(const std::string& path) {
    char* found = ::realpath(path.c_str(), nullptr);
    if (found == nullptr) return fail(failed("'" + path + "' cannot be covered"));
    std::string real = found;
    std::free(found);
    return real;
}

Result<> cover(const std::string& source, const std::string& path) {
    auto target = real_path(path);
    if (!target) return fail(std::move(target).error());
    if (::mount(source.c_str(), target->c_str(), nullptr, MS_BIND, nullptr) != 0) {
        return fail(failed("put '" + path + "' in place"));
    }
    return {};
}

/// A file with this content that exists only under the mount.
Result<> cover_with(const std::string& content, const std::string& path) {
    const char* directory = std::getenv("TMPDIR");
    std::string name =
        std::string(directory != nullptr && *directory == '/' ? directory : "/tmp") + "/ns-register-XXXXXX";
    const UniqueFd file(::mkostemp(name.data(), O_CLOEXEC));
    if (!file) return fail(failed("make a temporary file in '" + name.substr(0, name.rfind('/')) + "'"));
    Result<> covered;
    if (::fchmod(file.get(), 0644) != 0 ||
        ::write(file.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size())) {
        covered = fail(failed("write '" + name + "'"));
    } else {
        covered = cover(name, path);
    }
    ::unlink(name.c_str());
    return covered;
}

}  // namespace

Error execute(const Place& place, const std::vector<std::string>& command) {
    if (auto entered = enter(place.sandbox); !entered) return std::move(entered).error();
    if (auto covered = cover_with(place.resolv_conf, "/etc/resolv.conf"); !covered) return std::move(covered).error();
    if (!place.hosts_path.empty() && ::access(place.hosts_path.c_str(), R_OK) == 0) {
        if (auto covered = cover(place.hosts_path, "/etc/hosts"); !covered) return std::move(covered).error();
    }
    std::vector<char*> words;
    for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    ::execvp(words.front(), words.data());
    const Errc code = errno == ENOENT ? Errc::not_found : errno == EACCES ? Errc::forbidden : Errc::system;
    return {code, "'" + command.front() + "': " + std::strerror(errno)};
}

}  // namespace nsr::cli
