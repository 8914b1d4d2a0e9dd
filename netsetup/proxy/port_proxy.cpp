#include "netsetup/proxy/port_proxy.h"

#include <sys/prctl.h>

#include <latch>
#include <map>
#include <set>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "common/log.h"
#include "netsetup/proxy/host_socket.h"
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

    bool carries() const override { return true; }
    Result<> hold(const HostPort& port) override;
    void carry(const HostPort& port, const ContainerPort& target) override;
    void release(const HostPort& port) override;

private:
    void run();

    const ProxyLimits limits_;
    boost::asio::io_context io_{1};
    ProxyContext context_;
    std::set<HostPort> held_;                                       // the caller's
    const std::unique_ptr<PortProxy> holder_ = make_port_holder();  // the caller's: of SCTP, which is NAT's alone
    std::map<HostPort, std::shared_ptr<Relay>> relays_;             // the thread's
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

Result<> ThreadedProxy::hold(const HostPort& port) {
    if (held_.contains(port)) return {};
    if (port.protocol == registry::Protocol::sctp) return holder_->hold(port);
    auto socket = open_host_socket(port, SocketUse::serve);
    if (!socket) return fail(std::move(socket).error());
    held_.insert(port);
    boost::asio::post(io_, [this, port, fd = std::move(*socket)]() mutable {
        const auto make = port.protocol == registry::Protocol::udp ? make_udp_relay : make_tcp_relay;
        relays_.emplace(port, make(context_, std::move(fd), port.address.is_v6()));
    });
    return {};
}

void ThreadedProxy::carry(const HostPort& port, const ContainerPort& target) {
    // Who connects to 0.0.0.0 or :: comes to the host itself, with the services of its loopback.
    if (!held_.contains(port) || target.address.is_unspecified()) return;
    boost::asio::post(io_, [this, port, target] { relays_.at(port)->lead_to(target); });
}

void ThreadedProxy::release(const HostPort& port) {
    if (held_.erase(port) == 0) return holder_->release(port);
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

std::unique_ptr<PortProxy> make_port_proxy(const ProxyLimits& limits, ProxyCounters& counters) {
    return std::make_unique<ThreadedProxy>(limits, counters);
}

}  // namespace nsr::net
