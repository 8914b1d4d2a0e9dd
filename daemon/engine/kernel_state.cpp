#include <algorithm>

#include "common/log.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/interface_sysctls.h"
#include "daemon/engine/network_options.h"
#include "daemon/engine/order.h"

/// Whether the kernel is as it should be: the firewall after each change and from time to time, everything when asked.
namespace nsr::daemon {
namespace {

constexpr const char* kRepairHint =
    "another program has changed the table 'inet ns-register': `ns-register network repair` mends it";

std::string addresses_text(const std::vector<IpPrefix>& addresses) {
    std::string text;
    for (const auto& address : addresses) text += (text.empty() ? " with " : ", ") + address.text();
    return text;
}

std::string mtu_text(const std::optional<std::uint32_t>& mtu) {
    return mtu ? ", MTU " + std::to_string(*mtu) : std::string();
}

std::string plan_of(const net::BridgeSpec& bridge) {
    return "bridge '" + bridge.name + "'" + addresses_text(bridge.addresses) + mtu_text(bridge.mtu);
}

std::string plan_of(const net::InterfaceSpec& interface, const std::string& container) {
    if (interface.upper) {
        return "'" + interface.name + "' of container '" + container + "' on the parent link" +
               addresses_text(interface.addresses) + ", MAC " + interface.mac.text() + mtu_text(interface.mtu);
    }
    return "veth pair '" + interface.host_name + "' in bridge '" + interface.bridge + "', and '" + interface.name +
           "' of container '" + container + "'" + addresses_text(interface.addresses) + ", MAC " +
           interface.mac.text() + mtu_text(interface.mtu);
}

std::string first_of(const std::vector<std::string>& lines) { return lines.empty() ? "" : lines.front(); }

}  // namespace

Result<> Engine::apply_ports(const Publication& before, const Publication& next) {
    if (netsetup_->firewall_touched()) firewall_changed();
    if (auto applied = netsetup_->publish(published_bridges(before), published_bridges(next)); applied) return {};
    return apply_firewall();  // all of it, and it knows what to do if it cannot
}

Result<> Engine::apply_firewall() {
    if (netsetup_->firewall_touched()) firewall_changed();
    const auto bridges = firewall_bridges();
    auto applied = netsetup_->ensure_firewall(bridges);
    if (!applied) applied = restore_firewall(bridges, applied.error());
    if (applied && settings_.nft.docker_user) look_at_other_firewalls();
    return applied;
}

/// A change of the table was refused because of `why`, which may be somebody else's doing.
Result<> Engine::restore_firewall(const std::vector<net::BridgeSpec>& bridges, const Error& why) {
    bool touched = netsetup_->firewall_touched() || !known_differences_.empty();
    if (why.code() == Errc::not_found) {
        // What was to be deleted may be gone already.
        const auto differences = netsetup_->verify_firewall(bridges);
        touched = !differences || !differences->empty();
        if (!touched) known_differences_.clear();
        if (!touched) return {};
    }
    if (!touched) return fail(why, "nftables");
    if (!mends()) return fail(Errc::system, "nftables: " + why.message() + " (" + kRepairHint + ")");
    if (auto replaced = netsetup_->replace_firewall(bridges); !replaced) return fail(replaced.error(), "nftables");
    metrics_.kernel_repairs.add();
    spdlog::warn("event=firewall_restored reason={}", log::quoted(why.message()));
    return {};
}

Result<std::vector<std::string>> Engine::firewall_differences() {
    auto differences = netsetup_->verify_firewall(firewall_bridges());
    if (!differences) return fail(std::move(differences).error(), "compare the firewall");
    // The comparison has taken note of what others have changed, too.
    if (netsetup_->other_firewalls_changed()) look_at_other_firewalls();
    if (*differences != known_differences_) metrics_.kernel_differences.add(differences->size());
    return differences;
}

void Engine::mend_firewall(const std::vector<std::string>& differences) {
    if (differences.empty() || !mends()) {
        if (!differences.empty() && differences != known_differences_) {
            spdlog::warn("event=firewall_differs count={} first={}", differences.size(),
                         log::quoted(first_of(differences)));
        }
        known_differences_ = differences;
        return;
    }
    known_differences_.clear();
    if (auto replaced = netsetup_->replace_firewall(firewall_bridges()); !replaced) {
        spdlog::error("event=repair_failed what=firewall err={}", log::quoted(replaced.error().message()));
        return;
    }
    metrics_.kernel_repairs.add();
    spdlog::warn("event=firewall_restored count={} first={}", differences.size(), log::quoted(first_of(differences)));
}

void Engine::firewall_changed() {
    if (netsetup_->other_firewalls_changed()) look_at_other_firewalls();
    if (!netsetup_->firewall_touched()) return;
    const auto differences = firewall_differences();
    if (!differences) {
        spdlog::error("event=repair_failed what=firewall err={}", log::quoted(differences.error().message()));
        return;
    }
    mend_firewall(*differences);
}

/// What `network` differs in is told, and mended if the settings want that: a bridge that is gone has lost its ports,
/// too.
void Engine::mend_network(const registry::Network& network, const std::vector<std::string>& differences) {
    metrics_.kernel_differences.add(differences.size());
    spdlog::warn("event=network_differs net={} first={}", log::quoted(network.name),
                 log::quoted(first_of(differences)));
    if (!mends()) return;
    if (auto mended = mend(network); !mended) {
        spdlog::error("event=repair_failed what=network net={} err={}", log::quoted(network.name),
                      log::quoted(mended.error().message()));
        return;
    }
    metrics_.kernel_repairs.add();
}

void Engine::mend_bridges() {
    for (const auto* network : registry_.networks()) {
        if (!has_bridge(*network)) continue;
        const auto differences = netsetup_->verify_bridge(bridge_with_ports(*network));
        if (differences && !differences->empty()) mend_network(*network, *differences);
    }
}

void Engine::check_kernel() {
    look_at_other_firewalls();
    if (auto differences = firewall_differences()) mend_firewall(*differences);
    mend_bridges();
}

void Engine::check_everything() {
    check_kernel();
    unsigned found = 0;
    for (const auto* network : registry_.networks()) {
        const auto differences = differences_of(*network);
        if (!differences || differences->empty()) continue;
        found += static_cast<unsigned>(differences->size());
        mend_network(*network, *differences);
    }
    spdlog::info("event=checked differences={}", found);
}

Result<std::vector<const registry::Network*>> Engine::networks_of(const std::string& ref) const {
    if (ref.empty()) return registry_.networks();
    auto network = registry_.find_network(ref);
    if (!network) return fail(std::move(network).error());
    return std::vector<const registry::Network*>{*network};
}

Result<std::vector<std::string>> Engine::differences_of(const registry::Network& network) {
    std::vector<std::string> lines;
    if (!has_links(network)) return lines;
    if (has_bridge(network)) {
        auto bridge = netsetup_->verify_bridge(bridge_with_ports(network));
        if (!bridge) return bridge;
        lines = std::move(*bridge);
    }
    if (has_parent(network)) {
        const auto parent = netsetup_->mac_of_parent(upper_of(network));
        if (!parent && parent.error().code() == Errc::system) return fail(parent.error());
        if (!parent) lines.push_back("parent link '" + parent_of(network).name + "' is missing");
    }
    for (const auto* endpoint : registry_.endpoints_on(network.id)) {
        const auto* container = registry_.container_by_id(endpoint->container_id);
        const NetNs* sandbox = container == nullptr ? nullptr : sandboxes_.find(container->id);
        if (sandbox == nullptr || endpoint->phase != registry::EndpointPhase::attached) continue;
        auto link = netsetup_->verify_interface(interface_of(network, *endpoint, wants_ports(*container)), *sandbox);
        if (!link) return link;
        auto routes = has_routes(*container) ? netsetup_->verify_default_routes(*sandbox, current_routes(*container))
                                             : Result<std::vector<std::string>>(std::vector<std::string>());
        if (!routes) return routes;
        for (const auto* part : {&*link, &*routes}) {
            for (const auto& line : *part) lines.push_back("container '" + container->name + "': " + line);
        }
    }
    return lines;
}

/// What cannot be mended does not keep the rest from it; the first error is given.
Result<> Engine::mend(const registry::Network& network) {
    if (!has_links(network)) return {};
    auto made = restore_link_of(network);
    // Also what the kernel has forgotten with a bridge; and none of a link that has turned out not to be ours.
    auto applied = apply_firewall();
    Result<> first = made ? std::move(applied) : std::move(made);
    for (const auto* endpoint : registry_.endpoints_on(network.id)) {
        const auto* container = registry_.container_by_id(endpoint->container_id);
        const NetNs* sandbox = container == nullptr ? nullptr : sandboxes_.find(container->id);
        if (sandbox == nullptr || endpoint->phase != registry::EndpointPhase::attached) continue;
        auto raised = netsetup_->ensure_loopback(*sandbox);
        auto served = served_.contains(container->id) ? netsetup_->ensure_dns_rewrite(*sandbox) : Result<>();
        auto linked = netsetup_->ensure_interface(interface_of(network, *endpoint, wants_ports(*container)), *sandbox);
        if (linked) linked = apply_interface_sysctls(*endpoint, *sandbox);
        auto routed = set_routes(*container, *sandbox);
        for (const auto* done : {&raised, &served, &linked, &routed}) {
            if (!*done && first) first = fail(done->error(), container->name);
        }
    }
    return first;
}

Result<api::KernelReport> Engine::plan_networks(const std::string& ref) {
    auto networks = networks_of(ref);
    if (!networks) return fail(std::move(networks).error());
    const auto bridges = firewall_bridges();
    api::KernelReport report;
    for (const auto* network : *networks) {
        api::KernelReport::Network entry{network->id, network->name, {}};
        const auto bridge = std::ranges::find(bridges, network->id, &net::BridgeSpec::network_id);
        if (bridge != bridges.end()) {
            entry.lines.push_back(plan_of(*bridge));
            for (auto& line : net::describe_firewall(*bridge)) entry.lines.push_back(std::move(line));
        }
        for (const auto* endpoint : registry_.endpoints_on(network->id)) {
            const auto* container = registry_.container_by_id(endpoint->container_id);
            if (container == nullptr || endpoint->interface.empty()) continue;
            entry.lines.push_back(plan_of(interface_of(*network, *endpoint, wants_ports(*container)), container->name));
        }
        report.networks.push_back(std::move(entry));
    }
    return report;
}

Result<api::KernelReport> Engine::verify_networks(const std::string& ref) {
    auto networks = networks_of(ref);
    if (!networks) return fail(std::move(networks).error());
    api::KernelReport report;
    for (const auto* network : *networks) {
        auto differences = differences_of(*network);
        if (!differences) return fail(std::move(differences).error(), "network '" + network->name + "'");
        report.networks.push_back({network->id, network->name, std::move(*differences)});
    }
    auto firewall = firewall_differences();
    if (!firewall) return fail(std::move(firewall).error());
    known_differences_ = *firewall;
    report.firewall = std::move(*firewall);
    return report;
}

Result<api::KernelReport> Engine::repair_networks(const std::string& ref) {
    auto report = verify_networks(ref);
    if (!report) return report;
    Result<> first;  // error: the other networks are mended all the same
    for (const auto& entry : report->networks) {
        if (entry.lines.empty()) continue;
        const auto* network = registry_.network_by_id(entry.id);
        if (auto mended = mend(*network); !mended) {
            spdlog::error("event=repair_failed what=network net={} err={}", log::quoted(entry.name),
                          log::quoted(mended.error().message()));
            if (first) first = fail(mended.error(), "network '" + entry.name + "'");
            continue;
        }
        metrics_.kernel_repairs.add();
        spdlog::warn("event=network_repaired net={} count={}", log::quoted(entry.name), entry.lines.size());
    }
    if (!report->firewall.empty()) {
        if (auto replaced = netsetup_->replace_firewall(firewall_bridges()); !replaced) return fail(replaced.error());
        known_differences_.clear();
        metrics_.kernel_repairs.add();
        spdlog::warn("event=firewall_restored count={} first={}", report->firewall.size(),
                     log::quoted(first_of(report->firewall)));
    }
    if (!first) return fail(std::move(first).error());
    return report;
}

}  // namespace nsr::daemon
