#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "common/log.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/network_options.h"
#include "daemon/engine/order.h"
#include "netsetup/proxy/host_socket.h"
#include "netsetup/proxy/port_user.h"

/// Published ports: chosen at the start, kept until the stop, and moved when another network has the default route.
namespace nsr::daemon {
namespace {

net::HostPort host_port(const registry::BoundPort& port) {
    return {.protocol = port.container.protocol, .address = port.host_ip, .port = port.host_port};
}

std::set<net::HostPort> host_ports(const std::vector<registry::BoundPort>& ports) {
    std::set<net::HostPort> all;
    for (const auto& port : separate(ports)) {
        if (port.host_port != 0) all.insert(host_port(port));
    }
    return all;
}

/// Where the proxy takes a port to: the container's address of the same family, else its IPv4 address.
net::ContainerPort target_of(const registry::BoundPort& port, const PortTargets& targets) {
    const PortTargets::Side& side = port.host_ip.is_v6() && targets.v6 ? targets.v6 : targets.v4;
    return {.address = side.address, .port = port.container.port};
}

/// Says in the log and in the error which program has the port.
Result<> name_user(Error error, const net::HostPort& port) {
    const auto user = error.code() == Errc::conflict ? net::find_port_user(port) : std::nullopt;
    if (!user || user->pid == ::getpid()) return fail(std::move(error));
    spdlog::info("event=port_in_use port={} pid={} command={}", net::text_of(port), user->pid,
                 log::quoted(user->command));
    return fail(error.code(), fmt::format("{} (held by {}, pid {})", error.message(), user->command, user->pid));
}

void log_undo(const char* step, const Result<>& result) {
    if (!result) {
        spdlog::error("event=undo_failed step={} err={}", step, log::quoted(result.error().message()));
    }
}

bool collide(const net::HostPort& one, const net::HostPort& other) {
    return one.protocol == other.protocol && one.port == other.port && one.address.family() == other.address.family() &&
           (one.address.is_unspecified() || other.address.is_unspecified());
}

/// The ports that are held for one container while its new ones are chosen.
class Holds {
public:
    Holds(net::PortProxy& proxy, std::set<net::HostPort> present) : proxy_(proxy), present_(std::move(present)) {}

    /// A port that the container has at another address steps aside: 0.0.0.0 and 127.0.0.1 exclude each other. After a
    /// failure step_back() is due.
    Result<> hold(const net::HostPort& port) {
        if (present_.contains(port) || std::ranges::find(fresh_, port) != fresh_.end()) return {};
        auto held = proxy_.hold(port);
        if (!held && held.error().code() == Errc::conflict && move_aside(port)) held = proxy_.hold(port);
        if (held) fresh_.push_back(port);
        return held;
    }

    /// One that the container has is not needed any more.
    void let_go(const net::HostPort& port) {
        proxy_.release(port);
        if (present_.erase(port) > 0) aside_.push_back(port);
    }

    struct Point {
        std::size_t fresh = 0;
        std::size_t aside = 0;
    };
    Point point() const { return {fresh_.size(), aside_.size()}; }

    /// All is held as it was at the point; what stepped aside since then leads nowhere yet.
    void step_back(Point to) {
        for (; fresh_.size() > to.fresh; fresh_.pop_back()) proxy_.release(fresh_.back());
        for (; aside_.size() > to.aside; aside_.pop_back()) {
            log_undo("port", proxy_.hold(aside_.back()));
            present_.insert(aside_.back());
        }
    }

private:
    bool move_aside(const net::HostPort& wanted) {
        std::vector<net::HostPort> others;
        std::ranges::copy_if(present_, std::back_inserter(others),
                             [&](const net::HostPort& port) { return collide(port, wanted); });
        for (const net::HostPort& port : others) let_go(port);
        return !others.empty();
    }

    net::PortProxy& proxy_;
    std::set<net::HostPort> present_;
    std::vector<net::HostPort> fresh_;
    std::vector<net::HostPort> aside_;
};

/// Which rows are too long to be held is known when all numbers are chosen: a number that was taken breaks a row, and
/// neighbours join.
Result<> hold_short_rows(Holds& holds, const std::vector<registry::BoundPort>& rows, unsigned longest) {
    for (const auto& row : rows) {
        for (const net::HostPort& port : host_ports({row})) {
            if (row.count > longest) {
                holds.let_go(port);
                continue;
            }
            if (auto held = holds.hold(port); !held) return held;
        }
    }
    return {};
}

}  // namespace

PortTargets Engine::port_targets(const std::string& container_id) const {
    PortTargets targets;
    targets.proxied = proxy_->carries();
    targets.host_has_v6 = net::has_ipv6_sockets();
    bool found4 = false;
    bool found6 = false;
    const auto side_of = [](const Attachment& at, const std::optional<IpAddress>& address) {
        if (at.network->driver != "bridge") return PortTargets::Side{};
        const bool routed = gateway_mode_of(*at.network, address->family()) == net::GatewayMode::routed;
        return PortTargets::Side{at.network->id, *address, routed};
    };
    for (const Attachment& at : attachments_of(registry_, container_id)) {
        if (at.network->internal) continue;
        if (!found4 && at.endpoint->ipv4 && gateway_of(*at.network, *at.endpoint->ipv4)) {
            found4 = true;
            targets.v4 = side_of(at, at.endpoint->ipv4);
            if (targets.v4) targets.default_host = host_binding_of(*at.network);
        }
        if (!found6 && at.endpoint->ipv6 && gateway_of(*at.network, *at.endpoint->ipv6)) {
            found6 = true;
            targets.v6 = side_of(at, at.endpoint->ipv6);
        }
    }
    return targets;
}

/// Only for the family that networks lack: that internal networks and those without a bridge publish nothing is what
/// they are for, and what a network that is yet to be made will have nobody knows.
void Engine::warn_of_ports(const registry::Container& container, const std::vector<registry::Endpoint>& endpoints,
                           std::vector<std::string>& warnings) const {
    PortTargets targets;
    targets.proxied = proxy_->carries();
    targets.host_has_v6 = net::has_ipv6_sockets();
    std::vector<std::string> names;
    for (const auto& endpoint : endpoints) {
        const auto network = registry_.find_network(endpoint.network_name);
        if (!network) return;
        if ((*network)->driver != "bridge" || (*network)->internal) continue;
        if ((*network)->enable_ipv4) targets.v4.network_id = (*network)->id;
        if ((*network)->enable_ipv6) targets.v6.network_id = (*network)->id;
        names.push_back("'" + (*network)->name + "'");
    }
    if (names.empty()) return;
    for (const auto& [text, family] : lost_ports(container, targets)) {
        const bool on_host = family == Family::v6 && !targets.host_has_v6;
        warnings.push_back(fmt::format("Published port {} is discarded: no {} on {}", text,
                                       family == Family::v4 ? "IPv4" : "IPv6",
                                       on_host ? "this host" : fmt::format("network {}", fmt::join(names, ", "))));
    }
}

Result<std::vector<registry::BoundPort>> Engine::choose_ports(const registry::Container& container,
                                                              const PortTargets& targets) {
    std::vector<registry::BoundPort> present = container.bound;
    std::erase_if(present, [&](const auto& row) { return row.count > settings_.proxy_range_limit; });
    Holds holds(*proxy_, host_ports(present));
    const PortBook::Hold hold = [&](const PortWish& wish, std::uint16_t number) -> Result<> {
        if (!wish.held) return {};
        const auto before = holds.point();
        for (const IpAddress& host : wish.hosts) {
            const net::HostPort port{wish.container.protocol, host, number};
            auto held = holds.hold(port);
            if (held) continue;
            auto named = name_user(std::move(held).error(), port);  // while nothing of ours is at the port
            holds.step_back(before);
            return named;
        }
        return {};
    };
    const auto wishes = port_wishes(container, targets, settings_.proxy_range_limit);
    const bool any = std::ranges::any_of(wishes, [](const PortWish& wish) { return wish.first == 0 && !wish.routed; });
    auto local = any ? net::read_local_ports() : net::LocalPorts();
    if (!local) return fail(std::move(local).error());

    std::vector<registry::BoundPort> chosen;
    const auto take_back = [&](const Error& why) {
        holds.step_back({});
        if (const auto led = published_.find(container.id); led != published_.end()) carry(led->second);
        book_.release(chosen);
        book_.take(container.bound);
        // Docker answers with 500.
        return fail(Errc::system, why.message());
    };
    book_.release(container.bound);
    for (const PortWish& wish : wishes) {
        if (wish.routed) {
            chosen.push_back({wish.container, wish.hosts.front()});
            continue;
        }
        auto number = book_.choose(wish, *local, hold);
        if (!number) return take_back(number.error());
        for (const IpAddress& host : wish.hosts) chosen.push_back({wish.container, host, *number});
    }
    auto rows = joined(chosen);
    const auto held = hold_short_rows(holds, rows, settings_.proxy_range_limit);
    if (!held) return take_back(held.error());
    return rows;
}

Result<> Engine::publish_ports(const std::string& container_id, Undo& undo) {
    const auto* found = registry_.container_by_id(container_id);
    if (!wants_ports(*found) && found->bound.empty()) return {};
    const registry::Container container = *found;
    const PortTargets targets = port_targets(container_id);
    auto chosen = choose_ports(container, targets);
    if (!chosen) {
        const auto attachments = attachments_of(registry_, container_id);
        return fail(std::move(chosen).error(), "driver failed programming external connectivity on endpoint " +
                                                   container.name + " (" + attachments.front().endpoint->id + ")");
    }
    const Publication before = published_[container_id];
    undo.add([this, container_id, chosen = *chosen, before] {
        book_.release(chosen);
        book_.take(before.ports);
        const auto wanted = host_ports(before.ports);
        for (const net::HostPort& port : host_ports(chosen)) {
            if (!wanted.contains(port)) proxy_->release(port);
        }
        for (const auto& row : before.ports) {
            if (row.count > settings_.proxy_range_limit) continue;  // was not held before either
            for (const net::HostPort& port : host_ports({row})) log_undo("port", proxy_->hold(port));
        }
        log_undo("registry", keep_ports(container_id, before.ports));
        log_undo("ports", lead_ports(container_id, before));
    });
    if (auto kept = keep_ports(container_id, *chosen); !kept) return kept;
    log_not_held(container, *chosen);
    return lead_ports(container_id, {std::move(*chosen), targets});
}

void Engine::log_not_held(const registry::Container& container, const std::vector<registry::BoundPort>& ports) const {
    for (const auto& row : ports) {
        if (row.count <= settings_.proxy_range_limit) continue;
        spdlog::info("event=ports_not_held container={} first={} count={} limit={}", log::quoted(container.name),
                     net::text_of(host_port(row)), row.count, settings_.proxy_range_limit);
    }
}

Result<> Engine::keep_ports(const std::string& container_id, std::vector<registry::BoundPort> ports) {
    const auto* found = registry_.container_by_id(container_id);
    if (found == nullptr || found->bound == ports) return {};
    registry::Container container = *found;
    container.bound = std::move(ports);
    registry::Changes changes;
    changes.put_containers.push_back(std::move(container));
    return registry_.commit(std::move(changes));
}

std::vector<net::BridgeSpec> Engine::published_bridges(const Publication& publication) const {
    std::vector<net::BridgeSpec> bridges;
    for (const auto& [network_id, port] :
         rules_of(publication.ports, publication.targets, settings_.proxy_range_limit)) {
        const auto* network = registry_.network_by_id(network_id);
        if (network == nullptr || !has_bridge(*network) || unusable_.contains(network_id)) continue;
        if (bridges.empty() || bridges.back().network_id != network_id) bridges.push_back(bridge_of(*network));
        bridges.back().published.push_back(port);
    }
    return bridges;
}

Result<> Engine::lead_ports(const std::string& container_id, Publication next) {
    const Publication before = std::exchange(published_[container_id], next);
    if (next.ports.empty()) published_.erase(container_id);
    Result<> applied;
    if (before != next) applied = apply_ports(before, next);
    if (applied) forget_flows(before, next);
    carry(next);
    const auto kept = host_ports(next.ports);
    for (const net::HostPort& port : host_ports(before.ports)) {
        if (!kept.contains(port)) proxy_->release(port);
    }
    return applied;
}

void Engine::carry(const Publication& publication) {
    for (const auto& port : translated(publication.ports)) {
        proxy_->carry(host_port(port), target_of(port, publication.targets));
    }
}

void Engine::forget_flows(const Publication& before, const Publication& next) {
    const auto led = [](const Publication& publication) {
        std::map<net::HostPort, net::ContainerPort> ports;
        for (const auto& port : translated(publication.ports)) {
            const auto target = target_of(port, publication.targets);
            // What the proxy takes to the other family is translated by nobody.
            if (port.container.protocol != registry::Protocol::udp) continue;
            if (port.host_ip.family() == target.address.family()) ports.emplace(host_port(port), target);
        }
        return ports;
    };
    const auto was = led(before);
    const auto is = led(next);
    net::StalePorts stale;
    for (const auto& [port, target] : is) {
        if (!was.contains(port)) stale.opened.insert(port);
    }
    for (const auto& [port, target] : was) {
        // With the last network the container's address goes, and all its flows.
        if (is.empty()) break;
        const auto now = is.find(port);
        if (now == is.end() || now->second != target) stale.closed.emplace(target.address, target.port);
    }
    if (stale.empty()) return;
    if (auto forgotten = netsetup_->forget_ports(stale); !forgotten) {
        spdlog::warn("event=flows_not_forgotten err={}", log::quoted(forgotten.error().message()));
    }
}

Result<> Engine::withdraw_ports(const std::string& container_id) {
    const auto found = published_.find(container_id);
    if (found == published_.end()) return {};
    book_.release(found->second.ports);
    return lead_ports(container_id, {});
}

Result<> Engine::move_ports(const std::string& container_id) {
    Undo undo;
    auto moved = publish_ports(container_id, undo);
    undo.commit();
    if (moved) return moved;
    // Where they led there is nothing any more.
    auto withdrawn = withdraw_ports(container_id);
    auto kept = keep_ports(container_id, {});
    return !withdrawn ? withdrawn : !kept ? kept : moved;
}

/// A crash between two commits of one operation leaves ports of a network that the container has left. They lead
/// nowhere, and go before anything is held or led.
Result<> Engine::restore_ports() {
    std::vector<registry::Container> bound;
    for (const auto* container : registry_.containers()) {
        if (container->state != registry::ContainerState::running || container->bound.empty()) continue;
        bound.push_back(*container);
    }
    for (const auto& container : bound) {
        PortTargets targets = port_targets(container.id);
        const auto wishes = port_wishes(container, targets, settings_.proxy_range_limit);
        auto ports = ports_among(wishes, container.bound).ports;
        if (auto kept = keep_ports(container.id, ports); !kept) return kept;
        if (ports.empty()) continue;
        book_.take(ports);
        published_[container.id] = {std::move(ports), std::move(targets)};
    }
    return {};
}

void Engine::hold_ports(const registry::Container& container) {
    const auto found = published_.find(container.id);
    if (found == published_.end()) return;
    for (const auto& row : found->second.ports) {
        if (row.count > settings_.proxy_range_limit) continue;
        for (const auto& port : translated({row})) {
            if (auto held = proxy_->hold(host_port(port)); !held) {
                spdlog::warn("event=port_not_held container={} err={}", log::quoted(container.name),
                             log::quoted(held.error().message()));
            }
            proxy_->carry(host_port(port), target_of(port, found->second.targets));
        }
    }
}

/// What the crash kept an operation from publishing is published now.
Result<> Engine::complete_ports(const std::string& container_id) {
    const registry::Container& container = *registry_.container_by_id(container_id);
    if (!wants_ports(container)) return {};
    const auto wishes = port_wishes(container, port_targets(container_id), settings_.proxy_range_limit);
    return ports_among(wishes, container.bound).whole ? Result<>() : move_ports(container_id);
}

}  // namespace nsr::daemon
