#pragma once

#include <functional>
#include <set>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "common/result.h"

namespace nsr::daemon {

/// Tells when a file may have changed, however that happens: written in place, replaced by rename, or a symbolic link
/// on the way to it changed. Watches the directory of every link of the chain with inotify(7), because a watch on the
/// file itself is lost at the first rename. Control thread.
class FileWatcher {
public:
    using Changed = std::function<void()>;

    FileWatcher(boost::asio::io_context& context, std::string path, Changed changed);

    /// Starts to watch. The file need not exist.
    Result<> start();
    void close();

private:
    Result<> watch_chain();
    void wait();
    bool drain();

    boost::asio::posix::stream_descriptor inotify_;
    std::string path_;
    Changed changed_;
    std::set<std::string> names_;  ///< last parts of the paths of the chain
};

}  // namespace nsr::daemon
