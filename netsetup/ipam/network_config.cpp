#include "netsetup/ipam/network_config.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "netsetup/ipam/allocator.h"
#include "netsetup/ipam/pools.h"

namespace nsr::net {
namespace {

using registry::IpamConfig;

std::unexpected<Error> invalid(const std::string& message) { return fail(Errc::invalid, message); }

/// A refusal of Docker's validation of a network's configuration.
std::unexpected<Error> invalid_config(const std::string& message) {
    return invalid("invalid network config:\n" + message);
}

/// The group whose subnet holds an address. As Docker's command line matches them, whatever group the text came in.
IpamConfig* group_of(std::vector<IpamConfig>& groups, const IpAddress& address) {
    const auto group = std::ranges::find_if(groups, [&](const auto& each) { return each.subnet.contains(address); });
    return group == groups.end() ? nullptr : &*group;
}

std::size_t count_given(const IpamRequest& request, std::string SubnetRequest::* field) {
    const auto given = [&](const SubnetRequest& each) { return !(each.*field).empty(); };
    return static_cast<std::size_t>(std::ranges::count_if(request.configs, given));
}

Result<std::vector<IpamConfig>> parse_subnets(const IpamRequest& request) {
    std::vector<IpamConfig> groups;
    for (const SubnetRequest& each : request.configs) {
        if (each.subnet.empty()) continue;
        const auto subnet = IpPrefix::parse(each.subnet);
        if (!subnet) return invalid_config("invalid subnet " + each.subnet + ": invalid CIDR block notation");
        const auto overlaps = [&](const IpamConfig& other) { return other.subnet.overlaps(*subnet); };
        if (std::ranges::any_of(groups, overlaps)) {
            return invalid("multiple overlapping subnet configuration is not supported");
        }
        groups.push_back({.subnet = *subnet, .gateway = {}, .ip_range = {}, .aux = {}});
    }
    return groups;
}

Result<> add_range(std::vector<IpamConfig>& groups, const std::string& text) {
    const auto range = IpPrefix::parse(text);
    if (!range) return invalid_config("invalid ip-range " + text + ": invalid CIDR block notation");
    IpamConfig* group = group_of(groups, range->address());
    if (group == nullptr) return invalid("no matching subnet for range " + text);
    const std::string subnet = group->subnet.text();
    if (group->ip_range) {
        return invalid("cannot configure multiple ranges (" + text + ", " + group->ip_range->text() +
                       ") on the same subnet (" + subnet + ")");
    }
    if (!group->subnet.contains(*range)) {
        return invalid_config("invalid ip-range " + text + ": CIDR block is bigger than its parent subnet " + subnet);
    }
    if (!range->is_network()) {
        return invalid_config("invalid ip-range " + text + ": it should be " + range->network().text());
    }
    group->ip_range = range;
    return {};
}

Result<> add_gateway(std::vector<IpamConfig>& groups, const std::string& text) {
    const auto gateway = IpAddress::parse(text);
    if (!gateway) return invalid_config("invalid gateway " + text + ": invalid address");
    IpamConfig* group = group_of(groups, *gateway);
    if (group == nullptr) return invalid("no matching subnet for gateway " + text);
    if (group->gateway) {
        return invalid("cannot configure multiple gateways (" + text + ", " + group->gateway->text() +
                       ") for the same subnet (" + group->subnet.text() + ")");
    }
    group->gateway = gateway;
    return {};
}

Result<> add_auxiliary(std::vector<IpamConfig>& groups, const std::string& name, const std::string& text) {
    const auto address = IpAddress::parse(text);
    if (!address) return invalid_config("invalid auxiliary address " + name + ": invalid address");
    IpamConfig* group = group_of(groups, *address);
    if (group == nullptr) return invalid("no matching subnet for aux-address " + text);
    group->aux[name] = *address;
    return {};
}

/// What was asked for, by subnet.
Result<std::vector<IpamConfig>> group_by_subnet(const IpamRequest& request) {
    const std::size_t subnets = count_given(request, &SubnetRequest::subnet);
    if (subnets < count_given(request, &SubnetRequest::ip_range) ||
        subnets < count_given(request, &SubnetRequest::gateway)) {
        return invalid("every ip-range or gateway must have a corresponding subnet");
    }
    auto groups = parse_subnets(request);
    if (!groups) return groups;
    for (const SubnetRequest& each : request.configs) {
        if (each.ip_range.empty()) continue;
        if (auto added = add_range(*groups, each.ip_range); !added) return fail(std::move(added).error());
    }
    for (const SubnetRequest& each : request.configs) {
        if (each.gateway.empty()) continue;
        if (auto added = add_gateway(*groups, each.gateway); !added) return fail(std::move(added).error());
    }
    for (const SubnetRequest& each : request.configs) {
        for (const auto& [name, address] : each.aux) {
            if (auto added = add_auxiliary(*groups, name, address); !added) return fail(std::move(added).error());
        }
    }
    return groups;
}

struct ForbiddenRange {
    const char* prefix;
    const char* what;
};

/// N-08: subnets whose addresses no container can use.
constexpr ForbiddenRange kForbidden[] = {
    {"0.0.0.0/8", "unspecified"}, {"127.0.0.0/8", "loopback"}, {"224.0.0.0/4", "multicast"}, {"::/128", "unspecified"},
    {"::1/128", "loopback"},      {"ff00::/8", "multicast"},   {"fe80::/10", "link-local"},
};

Result<> check_subnet(const IpPrefix& subnet) {
    if (!subnet.is_network()) {
        return invalid_config("invalid subnet " + subnet.text() + ": it should be " + subnet.network().text());
    }
    for (const ForbiddenRange& range : kForbidden) {
        if (!IpPrefix::parse(range.prefix)->overlaps(subnet)) continue;
        return invalid_config("invalid subnet " + subnet.text() + ": " + range.what + " addresses cannot be used");
    }
    return {};
}

Result<> check_overlap(const IpPrefix& subnet, std::span<const IpPrefix> own) {
    if (std::ranges::none_of(own, [&](const IpPrefix& other) { return other.overlaps(subnet); })) return {};
    return fail(Errc::forbidden, "invalid pool request: Pool overlaps with other one on this address space");
}

bool needs_gateway(const IpamRequest& request) { return request.driver == "bridge"; }

/// Reserves the gateway (chosen here if none was given and the driver needs one) and the auxiliary addresses.
Result<> place_reserved(IpamConfig& config, bool gateway_needed) {
    AddressAllocator allocator({.subnet = config.subnet, .gateway = {}, .ip_range = config.ip_range, .aux = {}});
    if (config.gateway) {
        const std::string context = "failed to allocate gateway (" + config.gateway->text() + ")";
        if (auto taken = allocator.take(*config.gateway); !taken) return fail(std::move(taken).error(), context);
    } else if (gateway_needed) {
        config.gateway = allocator.allocate();
        if (!config.gateway) return invalid("failed to allocate gateway (): no available addresses on this pool");
    }
    for (const auto& [name, address] : config.aux) {
        const std::string context = "failed to allocate secondary ip address (" + name + ":" + address.text() + ")";
        if (auto taken = allocator.take(address); !taken) return fail(std::move(taken).error(), context);
    }
    return {};
}

std::size_t count_of(const std::vector<IpamConfig>& groups, Family family) {
    const auto is_family = [&](const IpamConfig& each) { return each.subnet.family() == family; };
    return static_cast<std::size_t>(std::ranges::count_if(groups, is_family));
}

Result<IpamConfig> automatic(std::span<const AddressPoolRange> pools, std::span<const IpPrefix> own,
                             std::span<const IpPrefix> avoid) {
    std::vector<IpPrefix> taken(own.begin(), own.end());
    taken.insert(taken.end(), avoid.begin(), avoid.end());
    auto subnet = choose_subnet(pools, taken);
    if (!subnet) return fail(std::move(subnet).error());
    return IpamConfig{.subnet = *subnet, .gateway = {}, .ip_range = {}, .aux = {}, .automatic = true};
}

/// The subnets that were asked for, of the families that the network has.
Result<std::vector<IpamConfig>> explicit_groups(const IpamRequest& request, std::span<const IpPrefix> own) {
    auto groups = group_by_subnet(request);
    if (!groups) return groups;
    for (const IpamConfig& each : *groups) {
        if (request.enable_ipv4 || each.subnet.family() != Family::v4) continue;
        return invalid("IPv4 subnet '" + each.subnet.text() + "' given, but IPv4 is disabled");
    }
    // Docker takes an IPv6 subnet without IPv6, and ignores it (docker-behaviour N-16).
    std::erase_if(*groups,
                  [&](const IpamConfig& each) { return each.subnet.family() == Family::v6 && !request.enable_ipv6; });
    for (const IpamConfig& each : *groups) {
        if (auto usable = check_subnet(each.subnet); !usable) return fail(std::move(usable).error());
        if (auto apart = check_overlap(each.subnet, own); !apart) return fail(std::move(apart).error());
    }
    if (request.driver == "bridge" && (count_of(*groups, Family::v4) > 1 || count_of(*groups, Family::v6) > 1)) {
        return fail(Errc::forbidden, "bridge driver doesn't support multiple subnets");
    }
    return groups;
}

}  // namespace

Result<std::vector<IpamConfig>> plan_ipam(const IpamRequest& request, std::span<const IpPrefix> own,
                                          std::span<const IpPrefix> avoid, const AddressPools& pools) {
    if (!request.enable_ipv4 && !request.enable_ipv6) return invalid("IPv4 or IPv6 must be enabled");
    auto groups = explicit_groups(request, own);
    if (!groups) return groups;
    for (const Family family : {Family::v4, Family::v6}) {
        const bool enabled = family == Family::v4 ? request.enable_ipv4 : request.enable_ipv6;
        if (!enabled || count_of(*groups, family) > 0) continue;
        auto chosen = automatic(family == Family::v4 ? pools.v4 : pools.v6, own, avoid);
        if (!chosen) return fail(std::move(chosen).error());
        groups->push_back(*std::move(chosen));
    }
    std::ranges::stable_sort(*groups, {}, [](const IpamConfig& each) { return each.subnet.family(); });
    for (IpamConfig& each : *groups) {
        if (auto placed = place_reserved(each, needs_gateway(request)); !placed) {
            return fail(std::move(placed).error());
        }
    }
    return groups;
}

Result<std::vector<IpamConfig>> plan_ipam(const IpamRequest& request, std::span<const IpPrefix> own,
                                          std::span<const IpPrefix> avoid, std::string_view host_id) {
    return plan_ipam(request, own, avoid, AddressPools{.v4 = default_pools_v4(), .v6 = {ula_pool(host_id)}});
}

}  // namespace nsr::net
