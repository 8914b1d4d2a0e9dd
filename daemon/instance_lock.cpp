#include "daemon/instance_lock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>

namespace nsr::daemon {
namespace {

constexpr int kPauseMs = 10;
constexpr char kAbstractName[] = "ns-register";

Result<UniqueFd> lock_directory(const std::string& state_dir) {
    const std::string path = state_dir + "/lock";
    UniqueFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock) return fail_errno("open '" + path + "'");
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno != EWOULDBLOCK) return fail_errno("lock '" + path + "'");
    return fail(Errc::conflict, "another ns-registerd uses the state directory '" + state_dir + "'");
}

Result<UniqueFd> bind_abstract_name() {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) return fail_errno("make a unix socket");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, kAbstractName, sizeof kAbstractName - 1);  // a leading zero: abstract
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + sizeof kAbstractName);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0) return socket;
    if (errno != EADDRINUSE) return fail_errno("bind @ns-register");
    return fail(Errc::conflict, "another ns-registerd runs in this network namespace (it holds @ns-register)");
}

Result<InstanceLock> try_to_take(const std::string& state_dir) {
    auto directory = lock_directory(state_dir);
    if (!directory) return fail(std::move(directory).error());
    auto name = bind_abstract_name();
    if (!name) return fail(std::move(name).error());
    return InstanceLock{std::move(*directory), std::move(*name)};
}

}  // namespace

Result<InstanceLock> InstanceLock::take(const std::string& state_dir, std::chrono::milliseconds wait) {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + wait;
    for (;;) {
        auto taken = try_to_take(state_dir);
        if (taken || taken.error().code() != Errc::conflict || Clock::now() >= end) return taken;
        ::poll(nullptr, 0, kPauseMs);  // nobody tells when the kernel has closed a dead process's files
    }
}

}  // namespace nsr::daemon
