#include "common/netns.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "common/fault.h"

namespace nsr {
namespace {

constexpr const char* kThreadNetNs = "/proc/thread-self/ns/net";

}  // namespace

NetNs::Return::~Return() {
    if (::setns(home.get(), CLONE_NEWNET) == 0) return;
    std::perror("setns back to the home namespace");
    std::abort();
}

Result<NetNs> NetNs::open(const std::string& path) {
    UniqueFd fd(fault::fails("open namespace", EMFILE) ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
        if (errno == ENOENT) return fail(Errc::not_found, "network namespace '" + path + "' does not exist");
        return fail_errno("open network namespace '" + path + "'");
    }
    if (::ioctl(fd.get(), NS_GET_NSTYPE) != CLONE_NEWNET) {
        return fail(Errc::invalid, "'" + path + "' is not a network namespace");
    }
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return fail_errno("stat '" + path + "'");
    return NetNs(std::move(fd), status.st_ino);
}

Result<NetNs> NetNs::current() { return open(kThreadNetNs); }

Result<NetNs> NetNs::create() {
    if (fault::fails("new namespace")) return fail_errno("unshare a network namespace", ENOSPC);
    UniqueFd home(::open(kThreadNetNs, O_RDONLY | O_CLOEXEC));
    if (!home) return fail_errno("open the home namespace");
    if (::unshare(CLONE_NEWNET) != 0) return fail_errno("unshare a network namespace");
    const Return back{std::move(home)};
    return current();
}

Result<NetNs> NetNs::duplicate() const {
    UniqueFd copy(fault::fails("duplicate namespace", EMFILE) ? -1 : ::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy) return fail_errno("duplicate a namespace handle");
    return NetNs(std::move(copy), inode_);
}

Result<UniqueFd> NetNs::enter() const {
    if (fault::fails("enter namespace")) return fail_errno("enter a network namespace", EMFILE);
    UniqueFd home(::open(kThreadNetNs, O_RDONLY | O_CLOEXEC));
    if (!home) return fail_errno("open the home namespace");
    if (::setns(fd_.get(), CLONE_NEWNET) != 0) return fail_errno("enter a network namespace");
    return home;
}

}  // namespace nsr
