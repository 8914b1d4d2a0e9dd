#include "cli/exec.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "cli/etc_files.h"
#include "cli/user.h"
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

Result<> set_host_name(const std::string& hostname) {
    if (hostname.empty()) return {};
    if (::unshare(CLONE_NEWUTS) != 0) return fail(failed("make a UTS namespace"));
    if (::sethostname(hostname.data(), hostname.size()) != 0) return fail(failed("set the host name"));
    return {};
}

void set_variables(const Place& place) {
    if (!place.hostname.empty()) ::setenv("HOSTNAME", place.hostname.c_str(), 1);
    for (const auto& variable : place.variables) {
        const std::size_t equals = variable.find('=');
        if (equals == std::string::npos || equals == 0) continue;
        ::setenv(variable.substr(0, equals).c_str(), variable.c_str() + equals + 1, 1);
    }
}

Error from_errno(const std::string& what) {
    const Errc code = errno == ENOENT || errno == ENOTDIR ? Errc::not_found
                      : errno == EACCES                   ? Errc::forbidden
                                                          : Errc::system;
    return {code, what + ": " + std::strerror(errno)};
}

Result<> follow_parent(int parent) {
    if (parent == 0) return {};
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return fail(failed("follow the parent"));
    if (::getppid() != parent) return fail(Errc::system, "the calling process has died");
    return {};
}

Result<> enter(const Place& place) {
    if (auto entered = enter(place.sandbox); !entered) return entered;
    if (auto put = put_etc_files({.hosts = place.hosts_path, .resolv_conf = place.resolv_conf_path}); !put) return put;
    if (auto named = set_host_name(place.hostname); !named) return named;
    if (!place.directory.empty() && ::chdir(place.directory.c_str()) != 0) {
        return fail(from_errno("working directory '" + place.directory + "'"));
    }
    if (!place.user.empty()) {
        if (auto became = become(place.user, place.has_terminal); !became) return became;
    }
    set_variables(place);  // last: a HOME of the container's own goes before the user's
    return {};
}

}  // namespace

Error execute(const Place& place, const std::vector<std::string>& command) {
    if (auto entered = enter(place); !entered) return std::move(entered).error();
    std::vector<char*> words;
    for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    // Last: a change of user would take it back.
    if (auto follows = follow_parent(place.parent); !follows) return std::move(follows).error();
    ::execvp(words.front(), words.data());
    return from_errno("'" + command.front() + "'");
}

}  // namespace nsr::cli
