#include "netsetup/flow_cleaner.h"

#include <sys/prctl.h>

#include <algorithm>
#include <latch>
#include <utility>

#include <boost/asio/post.hpp>

#include "common/log.h"
#include "netsetup/flows.h"

namespace nsr::net {

FlowCleaner::FlowCleaner(NetNs host, netlink::Socket conntrack)
    : host_(std::move(host)), conntrack_(std::move(conntrack)), guard_(make_work_guard(io_)), thread_([this] {
          ::prctl(PR_SET_NAME, "flows", 0, 0, 0);
          io_.run();
      }) {}

FlowCleaner::~FlowCleaner() {
    io_.stop();
    thread_.join();
}

void FlowCleaner::forget(std::set<IpAddress> addresses) {
    if (addresses.empty()) return;
    const auto now = Clock::now();
    std::erase_if(recent_, [now](const auto& entry) { return entry.second < now; });
    for (const IpAddress& address : addresses) recent_[address] = now + 2 * kDelay;  // a timer may be late
    boost::asio::post(io_, [this, addresses = std::move(addresses)] { collect(addresses); });
}

void FlowCleaner::hurry(const std::vector<IpAddress>& addresses) {
    const auto waits = [this](const IpAddress& address) { return recent_.contains(address); };
    if (!std::ranges::any_of(addresses, waits)) return;
    recent_.clear();
    boost::asio::post(io_, [this] { clean(); });
}

void FlowCleaner::finish() {
    std::latch done(1);
    boost::asio::post(io_, [this, &done] {
        clean();
        done.count_down();
    });
    done.wait();
}

void FlowCleaner::collect(const std::set<IpAddress>& addresses) {
    const bool first = waiting_.empty();
    waiting_.insert(addresses.begin(), addresses.end());
    if (!first) return;
    timer_.expires_after(kDelay);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) clean();
    });
}

/// Flows end by themselves, too: what cannot be forgotten stops nobody.
void FlowCleaner::clean() {
    timer_.cancel();
    const auto addresses = std::exchange(waiting_, {});
    if (addresses.empty()) return;
    const auto forgotten = host_.call([&] { return forget_addresses(conntrack_, addresses); });
    if (!forgotten) spdlog::warn("event=flows_not_forgotten err={}", log::quoted(forgotten.error().message()));
}

}  // namespace nsr::net
