#pragma once

#include <map>
#include <optional>
#include <set>

#include "netsetup/proxy/port_proxy.h"

namespace nsr::testing {

/// Ports of a host in memory.
class FakePortProxy : public net::PortProxy {
public:
    struct World {
        std::map<net::HostPort, std::optional<net::ContainerPort>> held;  ///< and where they lead
        std::set<net::HostPort> others;                                   ///< that another program has
        bool carries = true;
    };

    explicit FakePortProxy(World& world) : world_(world) {}

    bool carries() const override { return world_.carries; }

    Result<> hold(const net::HostPort& port) override {
        if (world_.others.contains(port)) {
            return fail(Errc::conflict, "failed to bind host port " + text_of(port) + ": address already in use");
        }
        world_.held.try_emplace(port);
        return {};
    }

    void carry(const net::HostPort& port, const net::ContainerPort& target) override {
        if (const auto held = world_.held.find(port); held != world_.held.end()) held->second = target;
    }

    void release(const net::HostPort& port) override { world_.held.erase(port); }

private:
    World& world_;
};

}  // namespace nsr::testing
