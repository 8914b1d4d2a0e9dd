#pragma once

#include <optional>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace nsr::resolver {

/// One DNS thread with its own event loop, pinned to a CPU if one is given. What it serves is touched by this thread
/// only; others talk to it by Server::give().
///
/// *Stopping.* The owner closes what the loop serves (by Server::give()), then calls drain(), which returns when the
/// loop has run out of work. So nothing of the loop's is left when the owner's members are destroyed.
class Worker {
public:
    Worker(unsigned index, std::optional<unsigned> cpu);
    ~Worker() { drain(); }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    boost::asio::io_context& io() { return io_; }

    /// Lets the loop end when it has nothing left to do and waits for the thread. From another thread.
    void drain();

private:
    void run(unsigned index, std::optional<unsigned> cpu);

    boost::asio::io_context io_{1};  // hint 1: a single thread runs it, which saves locking
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    std::jthread thread_;
};

/// The CPUs that this process may use, in order (sched_getaffinity(2)).
std::vector<unsigned> usable_cpus();

}  // namespace nsr::resolver
