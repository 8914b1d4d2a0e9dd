#pragma once

#include <functional>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace nsr::daemon {

/// The operations thread: everything that may block (SQLite, netlink, nftables, files), one operation at a time, in the
/// order of posting; what is urgent goes before all that waits.
class Operations {
public:
    using Task = std::function<void()>;

    /// `after_each` runs on the thread after every task.
    explicit Operations(Task after_each);
    /// Finishes the running task and those that wait, then ends the thread.
    ~Operations();

    void post(Task task);
    void post_urgent(Task task);

    /// Timers of the thread run here.
    boost::asio::io_context& context() { return normal_; }

private:
    void run();

    Task after_each_;
    boost::asio::io_context normal_{1};
    boost::asio::io_context urgent_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_alive_;
    std::jthread thread_;
};

}  // namespace nsr::daemon
