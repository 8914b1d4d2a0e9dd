#include "daemon/pid_watcher.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "common/log.h"

namespace nsr::daemon {

void PidWatcher::watch(const std::string& container_id, UniqueFd pidfd) {
    watched_.erase(container_id);
    const int fd = pidfd.get();
    auto& descriptor = watched_.try_emplace(container_id, context_).first->second.descriptor;
    boost::system::error_code error;
    descriptor.assign(fd, error);
    if (error) return ended_(container_id, std::move(pidfd));  // cannot be watched: as good as gone
    pidfd.release();
    descriptor.async_wait(boost::asio::posix::descriptor_base::wait_read,
                          [this, container_id, fd](const boost::system::error_code& failed) {
                              if (!failed) end(container_id, fd);  // else closed or replaced
                          });
}

void PidWatcher::end(const std::string& container_id, int fd) {
    const auto found = watched_.find(container_id);
    if (found == watched_.end() || found->second.descriptor.native_handle() != fd) return ended_(container_id, {});
    UniqueFd pidfd(found->second.descriptor.release());
    watched_.erase(found);
    ended_(container_id, std::move(pidfd));
}

void PidWatcher::kill_after(const std::string& container_id, std::chrono::seconds delay) {
    const auto found = watched_.find(container_id);
    if (found == watched_.end()) return;  // it has ended
    found->second.killer.expires_after(delay);
    found->second.killer.async_wait([this, container_id](const boost::system::error_code& replaced) {
        const auto still = watched_.find(container_id);
        if (replaced || still == watched_.end()) return;
        const int fd = still->second.descriptor.native_handle();
        spdlog::info("event=command_killed container={} reason=\"did not heed the stop signal\"",
                     container_id.substr(0, 12));
        // A process that has ended meanwhile is about to be reported.
        [[maybe_unused]] const auto sent = ::syscall(SYS_pidfd_send_signal, fd, SIGKILL, nullptr, 0);
    });
}

}  // namespace nsr::daemon
