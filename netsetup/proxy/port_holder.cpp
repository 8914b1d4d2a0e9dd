#include <map>

#include "netsetup/proxy/host_socket.h"

namespace nsr::net {
namespace {

class PortHolder final : public PortProxy {
public:
    bool carries() const override { return false; }

    Result<> hold(const HostPort& port) override {
        if (held_.contains(port)) return {};
        auto socket = open_host_socket(port, SocketUse::hold);
        if (!socket) return fail(std::move(socket).error());
        held_.emplace(port, std::move(*socket));
        return {};
    }

    void carry(const HostPort&, const ContainerPort&) override {}

    void release(const HostPort& port) override { held_.erase(port); }

private:
    std::map<HostPort, UniqueFd> held_;
};

}  // namespace

std::unique_ptr<PortProxy> make_port_holder() { return std::make_unique<PortHolder>(); }

}  // namespace nsr::net
