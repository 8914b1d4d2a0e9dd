#include "netsetup/flow_cleaner.h"

#include <sys/prctl.h>

#include <latch>

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
    boost::asio::post(io_, [this, addresses = std::move(addresses)] { clean(addresses); });
}

void FlowCleaner::finish() {
    std::latch done(1);
    boost::asio::post(io_, [&done] { done.count_down(); });
    done.wait();
}

/// Flows end by themselves, too: what cannot be forgotten stops nobody.
void FlowCleaner::clean(const std::set<IpAddress>& addresses) {
    const auto forgotten = host_.call([&] { return forget_addresses(conntrack_, addresses); });
    if (!forgotten) spdlog::warn("event=flows_not_forgotten err={}", log::quoted(forgotten.error().message()));
}

}  // namespace nsr::net
