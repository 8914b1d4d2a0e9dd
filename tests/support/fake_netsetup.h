#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "netsetup/netsetup.h"

namespace nsr::testing {

/// A kernel in memory: keeps what it was told, and fails on demand.
class FakeNetSetup : public net::NetSetup {
public:
    struct World {
        std::map<std::string, net::BridgeSpec> bridges;
        std::map<std::string, net::ParentSpec> parents;
        std::map<std::string, net::InterfaceSpec> interfaces;  ///< by host end
        std::set<std::uint64_t> rewritten;                     ///< inodes of sandboxes
        std::vector<net::BridgeSpec> firewall;
        std::set<IpAddress> stale;
        net::StalePorts stale_ports;
        std::string foreign;              ///< what another firewall does to our traffic
        std::vector<std::string> inside;  ///< links that a sandbox of somebody else's has
        bool touched = false;             ///< somebody else has changed the firewall
        std::set<std::string> taken;      ///< names that links of somebody else's have
        std::set<std::string> published;  ///< bridges whose published ports were changed
        unsigned calls = 0;
        unsigned fail_at = 0;  ///< the number of the call that fails, counted from 1; 0: none

        /// What must be as before when something has failed.
        auto state() const { return std::tie(bridges, interfaces, rewritten, firewall); }
    };

    explicit FakeNetSetup(World& world) : world_(world) {}

    Result<> ensure_bridge(const net::BridgeSpec& spec) override {
        if (auto step = count("ensure_bridge"); !step) return step;
        if (world_.taken.contains(spec.name)) return fail(Errc::conflict, "link '" + spec.name + "' is not ours");
        world_.bridges[spec.name] = spec;
        return {};
    }
    Result<> remove_bridge(const std::string& name) override {
        world_.bridges.erase(name);
        return {};
    }
    Result<> ensure_parent(const net::ParentSpec& spec) override {
        if (auto step = count("ensure_parent"); !step) return step;
        world_.parents[spec.name] = spec;
        return {};
    }
    Result<MacAddress> mac_of_parent(const net::UpperLink&) override {
        if (auto step = count("mac_of_parent"); !step) return fail(step.error());
        return MacAddress();
    }
    Result<> check_parent(const net::UpperLink&, std::optional<std::uint32_t>) override {
        return count("check_parent");
    }
    Result<> remove_parent(const std::string& name) override {
        world_.parents.erase(name);
        return {};
    }
    Result<> prepare_sandbox(const NetNs&) override { return count("prepare_sandbox"); }
    Result<> ensure_loopback(const NetNs&) override { return count("ensure_loopback"); }
    Result<> ensure_dns_rewrite(const NetNs& sandbox) override {
        if (auto step = count("ensure_dns_rewrite"); !step) return step;
        world_.rewritten.insert(sandbox.inode());
        return {};
    }
    Result<> remove_dns_rewrite(const NetNs& sandbox) override {
        world_.rewritten.erase(sandbox.inode());
        return {};
    }
    Result<> ensure_interface(const net::InterfaceSpec& spec, const NetNs&) override {
        // What a real failure half way may leave: the caller must take it back.
        world_.interfaces[spec.host_name] = spec;
        return count("ensure_interface");
    }
    Result<net::Traffic> remove_interface(const std::string& host_name, const std::string&, const NetNs&) override {
        world_.interfaces.erase(host_name);
        return net::Traffic::some;
    }
    Result<net::Traffic> abandon_interface(const std::string& host_name, const std::string& name,
                                           const NetNs& sandbox) override {
        return remove_interface(host_name, name, sandbox);
    }
    Result<> sweep_upper_interfaces(const NetNs&, const std::set<std::string>&) override { return {}; }
    Result<bool> set_default_routes(const NetNs&, const net::SandboxRoutes&) override {
        if (auto step = count("set_default_routes"); !step) return fail(step.error());
        return true;
    }
    Result<> ensure_firewall(const std::vector<net::BridgeSpec>& bridges) override {
        if (auto step = count("ensure_firewall"); !step) return step;
        world_.firewall = bridges;
        return {};
    }
    Result<> publish(const std::vector<net::BridgeSpec>& before, const std::vector<net::BridgeSpec>& next) override {
        if (auto step = count("publish"); !step) return step;
        const auto each = [&](const std::vector<net::BridgeSpec>& bridges, const auto& change) {
            for (const auto& bridge : bridges) {
                world_.published.insert(bridge.name);
                const auto found = std::ranges::find(world_.firewall, bridge.name, &net::BridgeSpec::name);
                if (found != world_.firewall.end()) change(found->published, bridge.published);
            }
        };
        each(before, [](auto& ports, const auto& old) {
            std::erase_if(ports, [&](const auto& port) { return std::ranges::find(old, port) != old.end(); });
        });
        each(next, [](auto& ports, const auto& added) { ports.insert(ports.end(), added.begin(), added.end()); });
        return {};
    }
    Result<std::vector<std::string>> verify_firewall(const std::vector<net::BridgeSpec>& bridges) override {
        if (world_.firewall == bridges) return std::vector<std::string>();
        return std::vector<std::string>{"the firewall is another"};
    }
    Result<> replace_firewall(const std::vector<net::BridgeSpec>& bridges) override {
        if (auto step = count("replace_firewall"); !step) return step;
        world_.firewall = bridges;
        world_.touched = false;
        return {};
    }
    bool firewall_touched() override { return world_.touched; }
    int firewall_events() const override { return -1; }
    bool other_firewalls_changed() override { return false; }
    Result<std::vector<net::Finding>> foreign_firewalls(const std::vector<net::BridgeSpec>&) override {
        if (world_.foreign.empty()) return std::vector<net::Finding>{};
        return std::vector<net::Finding>{{"other firewalls", false, world_.foreign, "the fix"}};
    }
    Result<> let_docker_pass(const std::vector<net::BridgeSpec>&) override { return {}; }
    std::vector<net::Finding> examine(const std::vector<net::BridgeSpec>&, const std::set<std::string>&) override {
        return {{"IPv4 forwarding", true, "net.ipv4.ip_forward is 1", ""}};
    }
    Result<std::vector<std::string>> interfaces_in(const NetNs&) override { return world_.inside; }
    Result<std::vector<std::string>> verify_bridge(const net::BridgeSpec& spec) override {
        const auto found = world_.bridges.find(spec.name);
        if (found != world_.bridges.end() && found->second == spec) return std::vector<std::string>();
        return std::vector<std::string>{"link '" + spec.name + "' is missing"};
    }
    Result<std::vector<std::string>> verify_interface(const net::InterfaceSpec& spec, const NetNs&) override {
        if (world_.interfaces.contains(spec.host_name)) return std::vector<std::string>();
        return std::vector<std::string>{"link '" + spec.host_name + "' is missing"};
    }
    Result<std::vector<std::string>> verify_default_routes(const NetNs&, const net::SandboxRoutes&) override {
        return std::vector<std::string>();
    }
    Result<unsigned> sweep(const std::set<std::string>& wanted) override {
        return static_cast<unsigned>(
            std::erase_if(world_.interfaces, [&](const auto& interface) { return !wanted.contains(interface.first); }));
    }
    void forget_addresses(const std::vector<IpAddress>& addresses) override {
        world_.stale.insert(addresses.begin(), addresses.end());
    }
    Result<> forget_ports(const net::StalePorts& ports) override {
        world_.stale_ports = ports;
        return {};
    }
    bool has_dying_links() const override { return false; }
    Result<net::HostPrefixes> host_prefixes() override { return net::HostPrefixes{}; }

private:
    Result<> count(const char* call) {
        if (++world_.calls == world_.fail_at) return fail(Errc::system, std::string(call) + ": injected failure");
        return {};
    }

    World& world_;
};

}  // namespace nsr::testing
