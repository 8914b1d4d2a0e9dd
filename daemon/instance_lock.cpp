#include "daemon/instance_lock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>

#include "common/files.h"

namespace nsr::daemon {
namespace {

constexpr int kPauseMs = 10;
constexpr char kAbstractName[] = "ns-register";

std::string lock_path(const std::string& state_dir) { return state_dir + "/lock"; }

Result<> make_state_directory(const std::string& path) {
    if (auto made = make_directories(path, 0700); !made) return made;
    if (::access(path.c_str(), W_OK) != 0) return fail_errno("state directory '" + path + "' cannot be written");
    return {};
}

Result<UniqueFd> lock_file(UniqueFd file, const std::string& state_dir) {
    if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
    if (errno != EWOULDBLOCK) return fail_errno("lock '" + lock_path(state_dir) + "'");
    return fail(Errc::conflict, "another ns-registerd uses the state directory '" + state_dir + "'");
}

Result<UniqueFd> lock_new_directory(const std::string& state_dir) {
    if (auto made = make_state_directory(state_dir); !made) return fail(std::move(made).error());
    const std::string path = lock_path(state_dir);
    UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file) return fail_errno("open '" + path + "'");
    return lock_file(std::move(file), state_dir);
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

/// Makes a directory and its lock only when nothing else is in the way: who is refused leaves nothing behind.
Result<InstanceLock> try_to_take(const std::string& state_dir) {
    Result<UniqueFd> directory = UniqueFd(::open(lock_path(state_dir).c_str(), O_RDWR | O_CLOEXEC));
    if (*directory) directory = lock_file(std::move(*directory), state_dir);
    if (!directory) return fail(std::move(directory).error());
    auto name = bind_abstract_name();
    if (!name) return fail(std::move(name).error());
    if (!*directory) directory = lock_new_directory(state_dir);
    if (!directory) return fail(std::move(directory).error());
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
