#include "daemon/operations.h"

#include <pthread.h>

#include <boost/asio/post.hpp>

namespace nsr::daemon {

Operations::Operations(Task after_each)
    : after_each_(std::move(after_each)), keep_alive_(normal_.get_executor()), thread_(&Operations::run, this) {
    pthread_setname_np(thread_.native_handle(), "operations");
}

Operations::~Operations() {
    keep_alive_.reset();
    thread_.join();
}

void Operations::post(Task task) { boost::asio::post(normal_, std::move(task)); }

void Operations::post_urgent(Task task) {
    boost::asio::post(urgent_, std::move(task));
    boost::asio::post(normal_, [] {});  // wakes the thread if it waits
}

void Operations::run() {
    for (;;) {
        urgent_.restart();
        while (urgent_.poll_one() > 0) after_each_();
        if (normal_.run_one() == 0) return;
        after_each_();
    }
}

}  // namespace nsr::daemon
