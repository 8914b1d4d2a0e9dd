#pragma once

#include <functional>
#include <set>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "common/result.h"

namespace nsr::daemon {

/// Tells when a file may have changed, however that happens: written in place, replaced by rename, gone and back, or a
/// symbolic link or directory on the way to it changed. Watches every directory on the way with inotify(7), because a
/// watch on the file itself is lost at the first rename; and the file as well, because the directories tell nothing of
/// what is mounted there. A mount alone is not seen. Control thread.
class FileWatcher {
public:
    using Changed = std::function<void()>;

    FileWatcher(boost::asio::io_context& context, std::string path, Changed changed);

    /// Starts to watch. Neither the file nor its directory need exist.
    Result<> start();
    void close();
    /// Tells of a change, whether there was one or not, and follows what stands there now.
    void look_again();

private:
    Result<> watch_chain();
    void wait();
    bool drain();

    boost::asio::posix::stream_descriptor inotify_;
    std::string path_;
    Changed changed_;
    std::set<std::string> names_;  ///< of the file, and of all links and directories on the way
};

}  // namespace nsr::daemon
