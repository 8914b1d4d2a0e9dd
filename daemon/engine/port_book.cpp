#include "daemon/engine/port_book.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "registry/validate.h"

namespace nsr::daemon {
namespace {

bool overlap(const IpAddress& one, const IpAddress& other) {
    return one.family() == other.family() && (one == other || one.is_unspecified() || other.is_unspecified());
}

/// Docker writes an IPv6 address without brackets here (P-19).
std::unexpected<Error> allocated(const IpAddress& host, std::uint16_t port) {
    return fail(Errc::conflict,
                "Bind for " + host.text() + ":" + std::to_string(port) + " failed: port is already allocated");
}

}  // namespace

void PortBook::take(const std::vector<registry::BoundPort>& ports) {
    for (const auto& port : translated(ports)) {
        taken_[{port.container.protocol, port.host_port}].push_back(port.host_ip);
    }
}

void PortBook::release(const std::vector<registry::BoundPort>& ports) {
    for (const auto& port : separate(ports)) {
        const auto found = taken_.find({port.container.protocol, port.host_port});
        if (found == taken_.end()) continue;
        if (const auto host = std::ranges::find(found->second, port.host_ip); host != found->second.end()) {
            found->second.erase(host);
        }
        if (found->second.empty()) taken_.erase(found);
    }
}

bool PortBook::is_free(const PortWish& wish, std::uint16_t port) const {
    const auto found = taken_.find({wish.container.protocol, port});
    if (found == taken_.end()) return true;
    return std::ranges::none_of(found->second, [&](const IpAddress& taken) {
        return std::ranges::any_of(wish.hosts, [&](const IpAddress& host) { return overlap(host, taken); });
    });
}

Result<> PortBook::try_port(const PortWish& wish, std::uint16_t port, const Hold& hold) {
    if (!is_free(wish, port)) return allocated(wish.hosts.front(), port);
    if (auto held = hold(wish, port); !held) return held;
    auto& hosts = taken_[{wish.container.protocol, port}];
    hosts.insert(hosts.end(), wish.hosts.begin(), wish.hosts.end());
    return {};
}

Result<std::uint16_t> PortBook::choose(const PortWish& wish, const net::LocalPorts& local, const Hold& hold) {
    if (wish.before != 0 && try_port(wish, wish.before, hold)) return wish.before;
    return wish.first == 0 ? choose_local(wish, local, hold) : choose_between(wish, wish.first, wish.last, hold);
}

Result<std::uint16_t> PortBook::choose_between(const PortWish& wish, std::uint16_t first, std::uint16_t last,
                                               const Hold& hold) {
    bool by_others = false;
    Result<> tried;
    for (unsigned number = first; number <= last; ++number) {
        const auto port = static_cast<std::uint16_t>(number);
        by_others |= is_free(wish, port);
        tried = try_port(wish, port, hold);
        if (tried) return port;
        if (tried.error().code() != Errc::conflict) break;
    }
    if (first != last && !by_others) return fail(Errc::conflict, "all ports are allocated");
    return fail(std::move(tried).error());
}

Result<std::uint16_t> PortBook::choose_local(const PortWish& wish, const net::LocalPorts& local, const Hold& hold) {
    std::uint16_t& last = last_local_[wish.container.protocol];
    const unsigned count = local.last - local.first + 1U;
    const unsigned start = last >= local.first && last < local.last ? last + 1U - local.first : 0;
    for (unsigned step = 0; step < count; ++step) {
        const auto port = static_cast<std::uint16_t>(local.first + (start + step) % count);
        if (!local.contains(port)) continue;
        auto tried = try_port(wish, port, hold);
        if (!tried && tried.error().code() != Errc::conflict) return fail(std::move(tried).error());
        if (!tried) continue;
        last = port;
        return port;
    }
    return fail(Errc::conflict, "all ports are allocated");
}

bool wants_ports(const registry::Container& container) {
    return !container.published.empty() || (container.publish_all && !container.exposed.empty());
}

namespace {

/// Where a container port is bound; empty if it can lead nowhere.
std::vector<IpAddress> hosts_of(const std::optional<IpAddress>& wanted, const PortTargets& targets) {
    const bool v4 = static_cast<bool>(targets.v4);
    const bool v6 = targets.host_has_v6 && (targets.v6 || (targets.v4 && !targets.v4.routed && targets.proxied));
    const auto reachable = [&](const IpAddress& host) { return host.is_v4() ? v4 : v6; };
    if (wanted) return reachable(*wanted) ? std::vector{*wanted} : std::vector<IpAddress>();
    if (!targets.default_host.is_unspecified()) {
        return reachable(targets.default_host) ? std::vector{targets.default_host} : std::vector<IpAddress>();
    }
    std::vector<IpAddress> hosts;
    if (v4) hosts.emplace_back();
    if (v6) hosts.push_back(*IpAddress::parse("::"));
    return hosts;
}

using PortNumbers = std::map<std::pair<registry::PortProto, IpAddress>, std::uint16_t>;

/// The numbers that container ports have at each of their addresses now; the lowest of several.
PortNumbers present_ports(const std::vector<registry::BoundPort>& rows) {
    PortNumbers present;
    for (const auto& port : separate(rows)) present.try_emplace({port.container, port.host_ip}, port.host_port);
    return present;
}

/// That at the first address of a wish, or 0.
std::uint16_t present_port(const PortNumbers& present, const PortWish& wish) {
    const auto found = present.find({wish.container, wish.hosts.front()});
    return found == present.end() ? 0 : found->second;
}

bool continues(const PortWish& before, const PortWish& wish) {
    const bool numbers = wish.first == 0
                             ? before.first == 0
                             : wish.first == wish.last && before.first == before.last && before.first + 1 == wish.first;
    return numbers && before.container.protocol == wish.container.protocol && before.hosts == wish.hosts &&
           before.container.port + 1 == wish.container.port;
}

/// Container ports that are let in on a routed network, each once at each family.
using RoutedPorts = std::set<std::pair<registry::PortProto, IpAddress>>;

/// Takes the hosts out of a wish that stand for a routed network, and adds a wish for each: every address, no port.
void add_wishes(std::vector<PortWish>& wishes, RoutedPorts& let_in, PortWish wish, const PortTargets& targets) {
    std::vector<IpAddress> translated;
    for (const IpAddress& host : wish.hosts) {
        if (!(host.is_v4() ? targets.v4 : targets.v6).routed) {
            translated.push_back(host);
            continue;
        }
        PortWish routed{.container = wish.container,
                        .hosts = {host.is_v4() ? IpAddress() : *IpAddress::parse("::")},
                        .routed = true};
        if (let_in.emplace(routed.container, routed.hosts.front()).second) wishes.push_back(std::move(routed));
    }
    wish.hosts = std::move(translated);
    if (!wish.hosts.empty()) wishes.push_back(std::move(wish));
}

void sort_wishes(std::vector<PortWish>& wishes) {
    std::ranges::stable_sort(wishes, {}, [](const PortWish& wish) {
        return std::tuple(wish.first == 0, wish.container.protocol, wish.hosts, wish.container.port, wish.first);
    });
}

/// Behind the last wish of the row that begins at `first`.
std::size_t end_of_row(const std::vector<PortWish>& wishes, std::size_t first) {
    std::size_t end = first + 1;
    while (end < wishes.size() && continues(wishes[end - 1], wishes[end])) ++end;
    return end;
}

std::string numbers(unsigned first, unsigned last) {
    return first == last ? std::to_string(first) : fmt::format("{}-{}", first, last);
}

std::string row_text(const PortWish& first, const PortWish& last) {
    const IpAddress& host = first.hosts.front();
    return fmt::format(fmt::runtime(host.is_v4() ? "{}:{}:{}/{}" : "[{}]:{}:{}/{}"), host.text(),
                       first.first == 0 ? "" : numbers(first.first, last.last),
                       numbers(first.container.port, last.container.port),
                       registry::protocol_name(first.container.protocol));
}

void mark_long_rows(std::vector<PortWish>& wishes, unsigned held_max) {
    for (std::size_t first = 0; first < wishes.size();) {
        const std::size_t end = end_of_row(wishes, first);
        for (std::size_t index = first; index < end; ++index) wishes[index].held = end - first <= held_max;
        first = end;
    }
}

}  // namespace

std::vector<PortWish> port_wishes(const registry::Container& container, const PortTargets& targets, unsigned held_max) {
    std::vector<registry::PortBinding> bindings = container.published;
    std::set<registry::PortProto> bound;
    for (const auto& binding : container.published) bound.insert(binding.container);
    for (const auto& exposed : container.exposed) {
        if (container.publish_all && !bound.contains(exposed)) {
            bindings.push_back({.container = exposed, .host_ip = {}});
        }
    }
    const PortNumbers present = present_ports(container.bound);
    std::vector<PortWish> wishes;
    RoutedPorts let_in;
    for (const auto& binding : bindings) {
        PortWish wish{.container = binding.container,
                      .hosts = hosts_of(binding.host_ip, targets),
                      .first = binding.host_port_first,
                      .last = binding.host_port_last};
        if (wish.hosts.empty()) continue;
        const std::uint16_t before = wish.first == wish.last && wish.first != 0 ? 0 : present_port(present, wish);
        if (wish.first == 0 || (before >= wish.first && before <= wish.last)) wish.before = before;
        add_wishes(wishes, let_in, std::move(wish), targets);
    }
    sort_wishes(wishes);
    mark_long_rows(wishes, held_max);
    return wishes;
}

std::vector<LostPorts> lost_ports(const registry::Container& container, const PortTargets& targets) {
    std::vector<PortWish> wishes;
    for (const auto& binding : container.published) {
        if (!binding.host_ip || !hosts_of(binding.host_ip, targets).empty()) continue;
        wishes.push_back({.container = binding.container,
                          .hosts = {*binding.host_ip},
                          .first = binding.host_port_first,
                          .last = binding.host_port_last});
    }
    sort_wishes(wishes);
    std::vector<LostPorts> lost;
    for (std::size_t first = 0; first < wishes.size();) {
        const std::size_t end = end_of_row(wishes, first);
        lost.push_back({row_text(wishes[first], wishes[end - 1]), wishes[first].hosts.front().family()});
        first = end;
    }
    return lost;
}

PresentPorts ports_among(const std::vector<PortWish>& wishes, const std::vector<registry::BoundPort>& present) {
    std::set<std::tuple<registry::PortProto, IpAddress, bool>> wanted;
    std::size_t count = 0;
    for (const auto& wish : wishes) {
        count += wish.hosts.size();
        for (const IpAddress& host : wish.hosts) wanted.emplace(wish.container, host, wish.routed);
    }
    auto ports = separate(present);
    std::erase_if(ports, [&](const registry::BoundPort& port) {
        return !wanted.contains({port.container, port.host_ip, port.host_port == 0});
    });
    const bool whole = ports.size() == count;
    return {.ports = joined(std::move(ports)), .whole = whole};
}

std::vector<registry::BoundPort> joined(std::vector<registry::BoundPort> ports) {
    const auto row = [](const auto& port) {
        return std::tuple(port.container.protocol, port.host_ip, port.container.port, port.host_port);
    };
    std::ranges::sort(ports, [&](const auto& one, const auto& other) { return row(one) < row(other); });
    std::vector<registry::BoundPort> runs;
    for (const auto& port : ports) {
        if (!runs.empty()) {
            auto& run = runs.back();
            if (run.container.protocol == port.container.protocol && run.host_ip == port.host_ip &&
                run.container.port + run.count == port.container.port && run.host_port + run.count == port.host_port) {
                run.count = static_cast<std::uint16_t>(run.count + port.count);
                continue;
            }
        }
        runs.push_back(port);
    }
    return runs;
}

std::vector<registry::BoundPort> separate(const std::vector<registry::BoundPort>& ports) {
    std::vector<registry::BoundPort> singles;
    for (const auto& port : ports) {
        for (unsigned step = 0; step < port.count; ++step) {
            auto single = port;
            single.container.port = static_cast<std::uint16_t>(port.container.port + step);
            single.host_port = static_cast<std::uint16_t>(port.host_port + step);
            single.count = 1;
            singles.push_back(single);
        }
    }
    std::ranges::sort(singles, {}, [](const auto& port) {
        return std::tuple(port.container.port, port.container.protocol, port.host_ip, port.host_port);
    });
    return singles;
}

std::vector<registry::BoundPort> translated(const std::vector<registry::BoundPort>& ports) {
    auto singles = separate(ports);
    std::erase_if(singles, [](const registry::BoundPort& port) { return port.host_port == 0; });
    return singles;
}

std::vector<std::pair<std::string, net::PublishedPort>> rules_of(const std::vector<registry::BoundPort>& ports,
                                                                 const PortTargets& targets, unsigned held_max) {
    std::vector<std::pair<std::string, net::PublishedPort>> rules;
    for (const auto& port : ports) {
        const bool carried = port.host_ip.is_v6() && !targets.v6 && targets.proxied;
        const PortTargets::Side& side = port.host_ip.is_v4() || carried ? targets.v4 : targets.v6;
        if (!side) continue;
        net::PublishedPort rule;
        rule.protocol = port.container.protocol;
        rule.host_address = port.host_ip;
        rule.host_port = port.host_port;
        rule.container = side.address;
        rule.container_port = port.container.port;
        rule.count = port.count;
        rule.carried = targets.proxied && port.count <= held_max && port.container.protocol != registry::Protocol::sctp;
        rules.emplace_back(side.network_id, rule);
    }
    return rules;
}

}  // namespace nsr::daemon
