#include "netsetup/proxy/port_proxy.h"

#include <sys/prctl.h>

#include <latch>
#include <map>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "common/log.h"
#include "netsetup/proxy/listen.h"
#include "netsetup/proxy/relay.h"

namespace nsr::net {
namespace {

class ThreadedProxy final : public PortProxy {
public:
    ThreadedProxy(const ProxyLimits& limits, ProxyCounters& counters)
        : limits_(limits),
          context_{.io = io_, .limits = limits_, .counters = counters},
          guard_(make_work_guard(io_)),
          thread_([this] { run(); }) {}

    ~ThreadedProxy() override {
        boost::asio::post(io_, [this] {
            for (auto& [port, relay] : relays_) relay->close();
            relays_.clear();
        });
        guard_.reset();
        thread_.join();
    }

    Result<> ensure(const HostPort& port, const ProxyTarget& target) override;
    void release(const HostPort& port) override;
    bool holds(const HostPort& port) const override { return held_.contains(port); }

private:
    void run();

    const ProxyLimits limits_;
    boost::asio::io_context io_{1};
    ProxyContext context_;
    std::map<HostPort, ProxyTarget> held_;               // the caller's
    std::map<HostPort, std::shared_ptr<Relay>> relays_;  // the thread's
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    std::jthread thread_;
};

void ThreadedProxy::run() {
    ::prctl(PR_SET_NAME, "proxy", 0, 0, 0);
    try {
        io_.run();
    } catch (const std::exception& exception) {
        // No handler of ours throws; what is left is memory that ran out.
        spdlog::critical("event=proxy_failed error={}", log::quoted(exception.what()));
        std::abort();
    }
}

Result<> ThreadedProxy::ensure(const HostPort& port, const ProxyTarget& target) {
    const auto found = held_.find(port);
    if (found != held_.end()) {
        if (found->second == target) return {};
        found->second = target;
        boost::asio::post(io_, [this, port, target] { relays_.at(port)->lead_to(target); });
        return {};
    }
    auto socket = hold_port(port.protocol, port.address, port.port);
    if (!socket) return fail(std::move(socket).error());
    held_.emplace(port, target);
    boost::asio::post(io_, [this, port, target, fd = std::move(*socket)]() mutable {
        const auto make = port.protocol == registry::Protocol::udp ? make_udp_relay : make_tcp_relay;
        relays_.emplace(port, make(context_, std::move(fd), target)).first->second->start();
    });
    return {};
}

void ThreadedProxy::release(const HostPort& port) {
    if (held_.erase(port) == 0) return;
    std::latch closed(1);
    boost::asio::post(io_, [this, port, &closed] {
        const auto found = relays_.find(port);
        found->second->close();
        relays_.erase(found);
        closed.count_down();
    });
    closed.wait();
}

}  // namespace

std::unique_ptr<PortProxy> PortProxy::start(const ProxyLimits& limits, ProxyCounters& counters) {
    return std::make_unique<ThreadedProxy>(limits, counters);
}

}  // namespace nsr::net
