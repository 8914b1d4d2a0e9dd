#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"
#include "registry/model.h"

/// What input must look like. Pure; every refusal is Docker's wording where Docker has one (docker-behaviour parts 1 to
/// 6).
namespace nsr::registry {

/// `[a-zA-Z0-9][a-zA-Z0-9_.-]*`, not a predefined name; blank: "invalid name: name is empty".
Result<> check_network_name(std::string_view name);

/// `[a-zA-Z0-9][a-zA-Z0-9_.-]+`, each label at most 63 bytes, the whole at most 253: Docker's "Invalid container name
/// (X), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed".
Result<> check_container_name(std::string_view name);

/// Letters, digits, '-', '_' and dots; labels of 1 to 63 bytes; at most 253 bytes. `*.` in front is allowed (a
/// wildcard).
Result<> check_alias(std::string_view alias);

/// A hostname as Docker takes it (RFC 1123 and underscores); "" is none. `what` names the option in the refusal.
Result<> check_hostname(std::string_view what, std::string_view name);

/// Options of a network: known keys must have values that parse (N-46 wording); unknown `com.docker.network.*` and
/// `ns-register.*` keys are refused; other unknown keys are returned, to be warned about.
Result<std::vector<std::string>> check_network_options(std::string_view driver, const StringMap& options);

/// "80", "80/tcp", "8000-8002/udp" -> each port. "invalid containerPort: X", "invalid proto: X".
Result<std::vector<PortProto>> parse_exposed(std::string_view text);

/// One entry of PortBindings: "80/tcp" with host ip and host port ("", "8080", "8080-8090").
Result<PortBinding> parse_binding(std::string_view container_port, std::string_view host_ip,
                                  std::string_view host_port);

/// `-p [[HOST_IP:][HOST_PORT[-HOST_PORT]]:]PORT[-PORT][/PROTO]`, one binding per container port (P-22): "invalid ranges
/// specified for container and host Ports: X and Y", "invalid hostPort: X", "no port specified: X<empty>", "invalid IP
/// address: X". IPv6 addresses stand in brackets.
Result<std::vector<PortBinding>> parse_publish(std::string_view spec);

/// "TARGET[:ALIAS]": "bad format for links: X", "empty string specified for links".
/// An alias is a name as check_alias takes it (L-12, L-13); without one it is the target itself.
Result<Link> parse_link(std::string_view text);

/// Legacy links: no alias twice (L-14).
Result<> check_links(const std::vector<Link>& links);

/// One `--add-host`.
struct ExtraHost {
    std::string name;
    std::optional<IpAddress> address;  ///< absent: "host-gateway"

    bool operator==(const ExtraHost&) const = default;
};

inline constexpr std::string_view kHostGateway = "host-gateway";

/// "NAME:ADDRESS" or "NAME=ADDRESS" of --add-host ("host-gateway" allowed as the address; IPv6 in brackets or not).
/// "bad format for add-host: "X"", "invalid IP address in add-host: "X"".
Result<ExtraHost> parse_extra_host(std::string_view text);
Result<> check_extra_host(std::string_view text);

/// A server of --dns: "IP address is not correctly formatted: X". An IPv6 scope (%eth0) is allowed.
Result<> check_dns_server(std::string_view text);

/// The name of an interface as the kernel takes it.
Result<> check_interface_name(std::string_view name);

/// An option of --dns-option: one word, which resolv.conf(5) takes as it is. "invalid DNS option: X".
Result<> check_dns_option(std::string_view text);

/// A variable of -e: "invalid environment variable: X" if it has no name.
Result<> check_variable(std::string_view text);

/// A domain of --dns-search ("." means none): "X is not a valid domain".
Result<> check_dns_search(std::string_view text);

/// A boolean option of a network as strconv.ParseBool takes it; nullopt if the key is absent. Valid after
/// check_network_options.
std::optional<bool> bool_option(const StringMap& options, const std::string& key);
std::optional<std::uint32_t> number_option(const StringMap& options, const std::string& key);

std::string_view protocol_name(Protocol protocol);  ///< "tcp", "udp", "sctp"
std::string port_text(const PortProto& port);       ///< "80/tcp"
std::optional<Protocol> parse_protocol(std::string_view text);

/// Names are compared without regard to (ASCII) case.
std::string lower(std::string_view text);

}  // namespace nsr::registry
