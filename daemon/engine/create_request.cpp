#include "daemon/engine/create_request.h"

#include <algorithm>
#include <charconv>

#include "common/ids.h"
#include "daemon/engine/exclusive.h"
#include "daemon/engine/interface_sysctls.h"
#include "daemon/engine/names.h"
#include "daemon/engine/network_options.h"
#include "daemon/engine/sandboxes.h"
#include "daemon/engine/signals.h"
#include "registry/labels.h"
#include "registry/validate.h"

namespace nsr::daemon {
namespace {

constexpr const char* kNetNsLabel = "ns-register.netns";
constexpr const char* kPidLabel = "ns-register.pid";
constexpr const char* kUserDefinedOnly = "user-specified IP address is supported on user-defined networks only";

/// Docker's word for the network that is meant when none is given.
std::string mode_of(const std::string& network_mode) {
    return network_mode.empty() || network_mode == "default" ? registry::kBridgeNetwork : network_mode;
}

Result<std::optional<IpAddress>> wanted_address(const std::string& text, Family family) {
    if (text.empty()) return std::nullopt;
    const auto address = IpAddress::parse(text);
    if (!address || address->family() != family) {
        return fail(Errc::invalid,
                    std::string("invalid ") + (family == Family::v4 ? "IPv4" : "IPv6") + " address: " + text);
    }
    return address;
}

Result<> read_process(const std::string& text, registry::Container& container) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), container.sandbox_pid);
    if (error != std::errc{} || end != text.data() + text.size() || container.sandbox_pid <= 0) {
        return fail(Errc::invalid, "invalid pid: " + text);
    }
    auto start_time = process_start_time(container.sandbox_pid);
    if (!start_time) return fail(std::move(start_time).error());
    container.sandbox_pid_start = *start_time;
    return {};
}

/// What Docker has words for and we have labels.
Result<> read_terms(const api::ContainerCreateBody& body, registry::Container& container) {
    if (!body.stop_signal.empty()) {
        if (auto signal = parse_signal(body.stop_signal); !signal) return fail(std::move(signal).error());
    }
    const auto keep = [&](const char* label, const std::string& value) {
        if (!value.empty()) container.labels[label] = value;
    };
    keep(registry::kStopSignalLabel, body.stop_signal);
    keep(registry::kStopTimeoutLabel, body.stop_timeout ? std::to_string(*body.stop_timeout) : "");
    keep(registry::kUserLabel, body.user);
    keep(registry::kDirectoryLabel, body.directory);
    return {};
}

/// The process that a container is made for (`run`).
Result<> read_command(registry::Container& container) {
    const auto process = container.labels.find(registry::kProcessLabel);
    if (process == container.labels.end()) return {};
    if (container.sandbox == registry::SandboxKind::pid) {
        return fail(Errc::invalid, "conflicting options: the namespace of a process and a command to run");
    }
    return read_process(process->second, container);
}

Result<> read_sandbox(registry::Container& container) {
    const auto path = container.labels.find(kNetNsLabel);
    const auto pid = container.labels.find(kPidLabel);
    if (path != container.labels.end() && pid != container.labels.end()) {
        return fail(Errc::invalid, "a network namespace is given by path or by pid, not by both");
    }
    if (path != container.labels.end()) {
        container.sandbox = registry::SandboxKind::path;
        container.sandbox_path = path->second;
        if (!container.sandbox_path.starts_with('/')) {
            return fail(Errc::invalid, "network namespace '" + container.sandbox_path + "' is not an absolute path");
        }
        auto sandbox = NetNs::open(container.sandbox_path);
        if (!sandbox) return fail(std::move(sandbox).error());
    }
    if (pid != container.labels.end()) {
        container.sandbox = registry::SandboxKind::pid;
        if (auto read = read_process(pid->second, container); !read) return read;
    }
    if (container.sandbox != registry::SandboxKind::own &&
        (container.network_mode == registry::kHostNetwork || container.network_mode.starts_with(kContainerMode))) {
        return fail(Errc::invalid,
                    "conflicting options: a network namespace and the network mode " + container.network_mode);
    }
    return {};
}

Result<> read_ports(const api::ContainerCreateBody& body, registry::Container& container) {
    for (const auto& text : body.exposed_ports) {
        auto ports = registry::parse_exposed(text);
        if (!ports) return fail(std::move(ports).error());
        container.exposed.insert(container.exposed.end(), ports->begin(), ports->end());
    }
    for (const auto& [port, bindings] : body.port_bindings) {
        for (const auto& binding : bindings) {
            auto parsed = registry::parse_binding(port, binding.host_ip, binding.host_port);
            if (!parsed) return fail(std::move(parsed).error());
            container.published.push_back(*parsed);
        }
    }
    std::ranges::sort(container.exposed);
    container.exposed.erase(std::ranges::unique(container.exposed).begin(), container.exposed.end());
    return {};
}

Result<> read_dns(const api::ContainerCreateBody& body, registry::Container& container) {
    for (const auto& server : body.dns) {
        if (auto valid = registry::check_dns_server(server); !valid) return valid;
    }
    for (const auto& domain : body.dns_search) {
        if (auto valid = registry::check_dns_search(domain); !valid) return valid;
    }
    for (const auto& option : body.dns_options) {
        if (auto valid = registry::check_dns_option(option); !valid) return valid;
    }
    for (const auto& host : body.extra_hosts) {
        if (auto valid = registry::parse_extra_host(host); !valid) return fail(std::move(valid).error());
    }
    for (const auto& text : body.links) {
        auto link = registry::parse_link(text);
        if (!link) return fail(std::move(link).error());
        container.links.push_back(std::move(*link));
    }
    // On a user-defined network the last of two links with one alias wins (L-33).
    if (container.network_mode == registry::kBridgeNetwork) {
        if (auto valid = registry::check_links(container.links); !valid) return valid;
    }
    container.dns = body.dns;
    container.dns_search = body.dns_search;
    container.dns_options = body.dns_options;
    container.extra_hosts = body.extra_hosts;
    for (auto& host : container.extra_hosts) host[host.find_first_of("=:")] = ':';  // as Docker shows it
    return {};
}

/// What cannot go with the network of another container (M-06) or of the host.
Result<> check_container_mode(const api::ContainerCreateBody& body, const std::string& mode) {
    const auto conflict = [](const std::string& what) { return fail(Errc::invalid, "conflicting options: " + what); };
    const bool has_mac = !body.mac.empty() || (body.endpoints.contains(mode) && !body.endpoints.at(mode).mac.empty());
    if (has_mac && (mode == registry::kHostNetwork || mode.starts_with(kContainerMode))) {
        return conflict("mac-address and the network mode");
    }
    if (!mode.starts_with(kContainerMode)) return {};
    if (mode == kContainerMode) {
        return fail(Errc::invalid, "invalid network mode: invalid container format container:<name|id>");
    }
    if (!body.hostname.empty()) return conflict("hostname and the network mode");
    if (!body.links.empty()) {
        return conflict("container type network can't be used with links. This would result in undefined behavior");
    }
    if (!body.dns.empty()) return conflict("dns and the network mode");
    if (!body.extra_hosts.empty()) return conflict("custom host-to-IP mapping and the network mode");
    if (!body.port_bindings.empty() || body.publish_all_ports) {
        return conflict("port publishing and the container type network mode");
    }
    if (!body.exposed_ports.empty()) return conflict("port exposing and the container type network mode");
    return {};
}

/// Whether it is a way to live rather than a network (M-02).
bool is_mode(const std::string& network) {
    return network == registry::kHostNetwork || network == registry::kNoneNetwork ||
           network.starts_with(kContainerMode);
}

/// An interface in the container as the user wants it (com.docker.network.endpoint.ifname and .sysctls), and no option
/// that has no effect.
Result<> check_driver_options(const registry::StringMap& options) {
    for (const auto& [key, value] : options) {
        const bool reserved = key.starts_with("com.docker.network.") || key.starts_with("ns-register.");
        if (key == kInterfaceNameOption) {
            if (auto valid = registry::check_interface_name(value); !valid) return valid;
        } else if (key == kInterfaceSysctlsOption) {
            if (auto valid = check_interface_sysctls(value); !valid) return valid;
        } else if (reserved && key != kExclusiveOption) {
            return fail(Errc::invalid, "unknown endpoint option '" + key + "'");
        }
    }
    return {};
}

/// A MAC that an interface can have: of one station, and not all zeros.
bool is_station(const MacAddress& mac) { return (mac.bytes()[0] & 1U) == 0 && mac != MacAddress(); }

/// The endpoints in a fixed order: the network of the network mode, then by name (D-53).
Result<> read_endpoints(const api::ContainerCreateBody& body, ContainerRequest& request) {
    const std::string& mode = request.container.network_mode;
    std::map<std::string, api::EndpointSettings> wanted = body.endpoints;
    if (const auto word = wanted.find("default"); word != wanted.end()) {
        wanted.emplace(registry::kBridgeNetwork, word->second);
        wanted.erase(word);
    }
    api::EndpointSettings first = wanted[mode];
    if (first.mac.empty()) first.mac = body.mac;
    wanted.erase(mode);
    const bool mixed = std::ranges::any_of(wanted, [](const auto& each) { return is_mode(each.first); });
    if (!wanted.empty() && (is_mode(mode) || mixed)) {
        return fail(Errc::invalid,
                    "conflicting options: cannot attach both user-defined and non-user-defined network-modes");
    }
    if (mode.starts_with(kContainerMode)) return {};
    std::vector<std::pair<std::string, api::EndpointSettings>> ordered{{mode, first}};
    ordered.insert(ordered.end(), wanted.begin(), wanted.end());
    for (const auto& [name, settings] : ordered) {
        auto endpoint = endpoint_request(name, settings);
        if (!endpoint) return fail(std::move(endpoint).error());
        endpoint->order = static_cast<std::uint32_t>(request.endpoints.size());
        endpoint->container_id = request.container.id;
        request.endpoints.push_back(std::move(*endpoint));
    }
    return {};
}

}  // namespace

Result<ContainerRequest> container_request(const api::ContainerCreateBody& body) {
    ContainerRequest request;
    registry::Container& container = request.container;
    container.id = make_id();
    container.name = body.name.starts_with('/') ? body.name.substr(1) : body.name;
    if (!container.name.empty()) {
        if (auto valid = registry::check_container_name(container.name); !valid) return fail(std::move(valid).error());
    }
    for (const auto& [what, name] : {std::pair{"hostname", body.hostname}, std::pair{"domainname", body.domainname}}) {
        if (auto valid = registry::check_hostname(what, name); !valid) return fail(std::move(valid).error());
    }
    for (const auto& variable : body.env) {
        if (auto valid = registry::check_variable(variable); !valid) return fail(std::move(valid).error());
    }
    container.created = wall_now();
    container.image = body.image;
    container.command = body.command;
    container.env = body.env;
    container.labels = body.labels;
    container.hostname = body.hostname;
    container.domainname = body.domainname;
    container.network_mode = mode_of(body.network_mode);
    container.publish_all = body.publish_all_ports;
    if (auto compatible = check_container_mode(body, container.network_mode); !compatible) {
        return fail(std::move(compatible).error());
    }
    using Step = Result<> (*)(const api::ContainerCreateBody&, registry::Container&);
    for (const Step step : {Step(read_ports), Step(read_dns), Step(read_terms)}) {
        if (auto done = step(body, container); !done) return fail(std::move(done).error());
    }
    if (auto done = read_sandbox(container); !done) return fail(std::move(done).error());
    if (auto done = read_command(container); !done) return fail(std::move(done).error());
    if (auto done = read_endpoints(body, request); !done) return fail(std::move(done).error());
    if (container.hostname.empty() && !container.network_mode.starts_with(kContainerMode)) {
        container.hostname = short_id(container.id);
    }
    if ((!container.published.empty() || container.publish_all) && container.network_mode == registry::kHostNetwork) {
        request.warnings.push_back("Published ports are discarded when using host network mode");
    }
    return request;
}

Result<registry::Endpoint> endpoint_request(const std::string& network_name, const api::EndpointSettings& settings) {
    registry::Endpoint endpoint;
    endpoint.network_name = network_name;
    auto ipv4 = wanted_address(settings.ipam_ipv4, Family::v4);
    if (!ipv4) return fail(std::move(ipv4).error());
    endpoint.wanted_ipv4 = *ipv4;
    auto ipv6 = wanted_address(settings.ipam_ipv6, Family::v6);
    if (!ipv6) return fail(std::move(ipv6).error());
    endpoint.wanted_ipv6 = *ipv6;
    if (!settings.link_local_ips.empty()) return fail(Errc::unsupported, "link-local addresses are not supported");
    if (!settings.mac.empty()) {
        endpoint.wanted_mac = MacAddress::parse(settings.mac);
        if (!endpoint.wanted_mac || !is_station(*endpoint.wanted_mac))
            return fail(Errc::invalid, "invalid MAC address: " + settings.mac);
    }
    for (const auto& alias : settings.aliases) {
        if (auto valid = registry::check_alias(alias); !valid) return fail(std::move(valid).error());
        endpoint.aliases.push_back(alias);
    }
    for (const auto& text : settings.links) {
        auto link = registry::parse_link(text);
        if (!link) return fail(std::move(link).error());
        endpoint.links.push_back(std::move(*link));
    }
    endpoint.gw_priority = settings.gw_priority;
    endpoint.driver_options = settings.driver_options;
    if (auto valid = check_driver_options(endpoint.driver_options); !valid) return fail(std::move(valid).error());
    if (auto valid = check_exclusive_aliases(endpoint); !valid) return fail(std::move(valid).error());
    return endpoint;
}

Result<> check_endpoint(const registry::Network& network, const registry::Container& container,
                        const registry::Endpoint& endpoint) {
    if (!has_names(network)) {
        if (endpoint.wanted_ipv4 || endpoint.wanted_ipv6) {
            return fail(Errc::invalid, std::string("invalid endpoint settings: ") + kUserDefinedOnly);
        }
        if (!endpoint.aliases.empty() || endpoint.driver_options.contains(kExclusiveOption)) {
            return fail(Errc::invalid, "network-scoped aliases are only supported for user-defined networks");
        }
    }
    for (const auto& address : {endpoint.wanted_ipv4, endpoint.wanted_ipv6}) {
        if (!address) continue;
        const bool inside =
            std::ranges::any_of(network.ipam, [&](const auto& config) { return config.subnet.contains(*address); });
        if (!inside) {
            return fail(Errc::invalid,
                        "invalid endpoint settings: no configured subnet contains IP address " + address->text());
        }
    }
    if (container.network_mode == registry::kHostNetwork && network.name != registry::kHostNetwork) {
        return fail(Errc::invalid,
                    "conflicting options: cannot attach both user-defined and non-user-defined network-modes");
    }
    return {};
}

}  // namespace nsr::daemon
