#include <algorithm>

#include "registry/text.h"
#include "registry/validate.h"

namespace nsr::registry {
namespace {

struct PortRange {
    std::uint16_t first = 0;
    std::uint16_t last = 0;

    unsigned size() const { return static_cast<unsigned>(last - first) + 1; }
};

std::optional<PortRange> parse_range(std::string_view text) {
    const std::size_t dash = text.find('-');
    const auto first = parse_number<std::uint16_t>(text.substr(0, dash));
    if (!first) return std::nullopt;
    if (dash == std::string_view::npos) return PortRange{*first, *first};
    const auto last = parse_number<std::uint16_t>(text.substr(dash + 1));
    if (!last || *last < *first) return std::nullopt;
    return PortRange{*first, *last};
}

struct ContainerPorts {
    std::string_view text;  // the numbers
    PortRange range;
    Protocol protocol = Protocol::tcp;
};

/// "80", "80/udp", "8000-8010/TCP". An empty protocol means tcp.
Result<ContainerPorts> parse_container_ports(std::string_view text) {
    const std::size_t slash = text.find('/');
    ContainerPorts ports{.text = text.substr(0, slash), .range = {}};
    const auto range = parse_range(ports.text);
    if (!range) return fail(Errc::invalid, "invalid containerPort: " + std::string(ports.text));
    ports.range = *range;
    if (slash == std::string_view::npos || slash + 1 == text.size()) return ports;
    const auto protocol = parse_protocol(text.substr(slash + 1));
    if (!protocol) return fail(Errc::invalid, "invalid proto: " + std::string(text.substr(slash + 1)));
    ports.protocol = *protocol;
    return ports;
}

Result<std::optional<IpAddress>> parse_host_ip(std::string_view text) {
    if (text.empty()) return std::nullopt;
    const bool bracketed = text.starts_with('[') && text.ends_with(']');
    const auto address = IpAddress::parse(bracketed ? text.substr(1, text.size() - 2) : text);
    if (!address) return fail(Errc::invalid, "invalid IP address: " + std::string(text));
    return address;
}

/// "", "8080" or "8080-8090"; 0 to 0 for "", which means any.
Result<PortRange> parse_host_ports(std::string_view text) {
    if (text.empty()) return PortRange{};
    const auto range = parse_range(text);
    if (!range) return fail(Errc::invalid, "invalid hostPort: " + std::string(text));
    return *range;
}

/// The three parts of [[HOST_IP:]HOST_PORT:]CONTAINER_PORT; the address itself may hold colons.
struct PublishParts {
    std::string_view host_ip;
    std::string_view host_port;
    std::string_view container_port;
};

PublishParts split_publish(std::string_view spec) {
    const std::size_t last = spec.rfind(':');
    if (last == std::string_view::npos) return {.host_ip = {}, .host_port = {}, .container_port = spec};
    const std::string_view container_port = spec.substr(last + 1);
    const std::string_view host = spec.substr(0, last);
    const std::size_t before = host.rfind(':');
    if (before == std::string_view::npos) return {.host_ip = {}, .host_port = host, .container_port = container_port};
    return {.host_ip = host.substr(0, before), .host_port = host.substr(before + 1), .container_port = container_port};
}

}  // namespace

std::string_view protocol_name(Protocol protocol) {
    switch (protocol) {
        case Protocol::tcp:
            return "tcp";
        case Protocol::udp:
            return "udp";
        case Protocol::sctp:
            return "sctp";
    }
    return "";
}

std::optional<Protocol> parse_protocol(std::string_view text) {
    const std::string name = lower(text);
    for (const Protocol protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
        if (protocol_name(protocol) == name) return protocol;
    }
    return std::nullopt;
}

std::string port_text(const PortProto& port) {
    return std::to_string(port.port) + "/" + std::string(protocol_name(port.protocol));
}

Result<std::vector<PortProto>> parse_exposed(std::string_view text) {
    const auto ports = parse_container_ports(text);
    if (!ports) return fail(ports.error());
    std::vector<PortProto> result;
    for (unsigned port = ports->range.first; port <= ports->range.last; ++port) {
        result.push_back({.port = static_cast<std::uint16_t>(port), .protocol = ports->protocol});
    }
    return result;
}

Result<PortBinding> parse_binding(std::string_view container_port, std::string_view host_ip,
                                  std::string_view host_port) {
    const auto ports = parse_container_ports(container_port);
    if (!ports) return fail(ports.error());
    if (ports->range.size() != 1) return fail(Errc::invalid, "invalid containerPort: " + std::string(ports->text));
    auto address = parse_host_ip(host_ip);
    if (!address) return fail(std::move(address).error());
    const auto host = parse_host_ports(host_port);
    if (!host) return fail(host.error());
    return PortBinding{.container = {.port = ports->range.first, .protocol = ports->protocol},
                       .host_ip = *address,
                       .host_port_first = host->first,
                       .host_port_last = host->last};
}

Result<std::vector<PortBinding>> parse_publish(std::string_view spec) {
    const PublishParts parts = split_publish(spec);
    auto address = parse_host_ip(parts.host_ip);
    if (!address) return fail(std::move(address).error());
    if (parts.container_port.empty() || parts.container_port.starts_with('/')) {
        return fail(Errc::invalid, "no port specified: " + std::string(spec) + "<empty>");
    }
    const auto ports = parse_container_ports(parts.container_port);
    if (!ports) return fail(ports.error());
    const auto host = parse_host_ports(parts.host_port);
    if (!host) return fail(host.error());
    // A host range for one container port is a choice; otherwise each port has its own.
    const unsigned count = ports->range.size();
    const bool any = parts.host_port.empty();
    if (!any && count > 1 && host->size() != count) {
        return fail(Errc::invalid, "invalid ranges specified for container and host Ports: " +
                                       std::string(ports->text) + " and " + std::string(parts.host_port));
    }
    std::vector<PortBinding> bindings;
    for (unsigned index = 0; index < count; ++index) {
        const auto nth = [&](std::uint16_t first) { return static_cast<std::uint16_t>(first + index); };
        PortBinding binding{.container = {.port = nth(ports->range.first), .protocol = ports->protocol},
                            .host_ip = *address};
        if (!any) binding.host_port_first = nth(host->first);
        if (!any) binding.host_port_last = count == 1 ? host->last : binding.host_port_first;
        bindings.push_back(binding);
    }
    return bindings;
}

}  // namespace nsr::registry
