#include "daemon/file_watcher.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <filesystem>
#include <system_error>

namespace nsr::daemon {
namespace {

constexpr int kLinksMax = 40;  // as the kernel follows them (path_resolution(7))
constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ONLYDIR;

}  // namespace

FileWatcher::FileWatcher(boost::asio::io_context& context, std::string path, Changed changed)
    : inotify_(context), path_(std::move(path)), changed_(std::move(changed)) {}

Result<> FileWatcher::start() {
    const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0) return fail_errno("watch '" + path_ + "'");
    inotify_.assign(fd);
    if (auto watched = watch_chain(); !watched) return watched;
    wait();
    return {};
}

void FileWatcher::close() {
    boost::system::error_code ignored;
    inotify_.close(ignored);
}

/// Watches every directory on the way, for each may be renamed, or made again, or be a link that leads elsewhere
/// tomorrow; and the file itself, for if it is mounted there, its own directory is another one. Adding a watch again
/// for the same directory changes nothing, so the way may be walked after every event.
Result<> FileWatcher::watch_chain() {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::path whole = fs::absolute(path_, error);
    std::deque<fs::path> rest(whole.begin(), whole.end());
    fs::path directory = "/";  // so far, without links
    for (int links = 0; !rest.empty();) {
        const fs::path name = rest.front();
        rest.pop_front();
        if (name.empty() || name == "/" || name == ".") continue;
        if (name == "..") {
            directory = directory.parent_path();
            continue;
        }
        names_.insert(name);
        if (::inotify_add_watch(inotify_.native_handle(), directory.c_str(), kEvents) < 0) {
            if (errno == ENOENT || errno == ENOTDIR) return {};  // not there yet: the one above it is watched
            return fail_errno("watch '" + directory.string() + "'");
        }
        const fs::path target = fs::read_symlink(directory / name, error);
        if (error) {  // no link, or not there
            directory /= name;
        } else if (++links > kLinksMax) {
            return {};
        } else {
            if (target.is_absolute()) directory = "/";
            rest.insert(rest.begin(), target.begin(), target.end());
        }
    }
    // Not there yet is no failure: the directory above it is watched.
    (void)::inotify_add_watch(inotify_.native_handle(), directory.c_str(), IN_CLOSE_WRITE);
    return {};
}

void FileWatcher::wait() {
    inotify_.async_wait(boost::asio::posix::descriptor_base::wait_read, [this](const boost::system::error_code& error) {
        if (error) return;  // closed
        if (drain()) look_again();
        wait();
    });
}

void FileWatcher::look_again() {
    (void)watch_chain();  // it may lead elsewhere now; what was watched still is
    changed_();
}

bool FileWatcher::drain() {
    alignas(inotify_event) char buffer[4096];
    bool relevant = false;
    for (;;) {
        const ssize_t got = ::read(inotify_.native_handle(), buffer, sizeof buffer);
        if (got <= 0) return relevant;
        for (const char* at = buffer; at < buffer + got;) {
            const auto* event = reinterpret_cast<const inotify_event*>(at);
            if (event->len > 0 && names_.contains(event->name)) relevant = true;
            if (event->len == 0 && (event->mask & IN_CLOSE_WRITE) != 0) relevant = true;  // the file itself
            if ((event->mask & (IN_Q_OVERFLOW | IN_IGNORED)) != 0) relevant = true;
            at += sizeof *event + event->len;
        }
    }
}

}  // namespace nsr::daemon
