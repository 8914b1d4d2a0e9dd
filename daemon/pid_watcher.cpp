#include "daemon/pid_watcher.h"

namespace nsr::daemon {

void PidWatcher::watch(const std::string& container_id, UniqueFd pidfd) {
    watched_.erase(container_id);
    const int fd = pidfd.get();
    auto& descriptor = watched_.emplace(container_id, context_).first->second;
    boost::system::error_code error;
    descriptor.assign(pidfd.get(), error);
    if (error) return ended_(container_id);  // cannot be watched: as good as gone
    pidfd.release();
    descriptor.async_wait(boost::asio::posix::descriptor_base::wait_read,
                          [this, container_id, fd](const boost::system::error_code& failed) {
                              if (failed) return;  // closed or replaced
                              forget(container_id, fd);
                              ended_(container_id);
                          });
}

void PidWatcher::forget(const std::string& container_id, int fd) {
    const auto found = watched_.find(container_id);
    if (found != watched_.end() && found->second.native_handle() == fd) watched_.erase(found);
}

}  // namespace nsr::daemon
