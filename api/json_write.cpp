#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "api/json.h"
#include "common/ids.h"
#include "registry/labels.h"
#include "registry/validate.h"

namespace nsr::api {
namespace {

using nlohmann::ordered_json;

/// Text that is not UTF-8 (labels, variables) must not make a reply impossible.
std::string dump(const ordered_json& json) { return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace); }

ordered_json object_of(const StringMap& map) {
    ordered_json object = ordered_json::object();
    for (const auto& [key, value] : map) object[key] = value;
    return object;
}

/// Docker writes null for lists that nobody has set.
ordered_json list_or_null(const std::vector<std::string>& list) {
    return list.empty() ? ordered_json(nullptr) : ordered_json(list);
}

ordered_json ipam_of(const registry::Network& network) {
    ordered_json configs = ordered_json::array();
    for (const auto& config : network.ipam) {
        ordered_json object{{"Subnet", config.subnet.text()}};
        if (config.ip_range) object["IPRange"] = config.ip_range->text();
        if (config.gateway) object["Gateway"] = config.gateway->text();
        for (const auto& [name, address] : config.aux) object["AuxiliaryAddresses"][name] = address.text();
        configs.push_back(std::move(object));
    }
    return {{"Driver", "default"}, {"Options", ordered_json::object()}, {"Config", std::move(configs)}};
}

ordered_json network_object(const NetworkResource& resource) {
    const registry::Network& network = resource.network;
    ordered_json containers = ordered_json::object();
    for (const auto& [id, container] : resource.containers) {
        containers[id] = {{"Name", container.name},
                          {"EndpointID", container.endpoint_id},
                          {"MacAddress", container.mac},
                          {"IPv4Address", container.ipv4},
                          {"IPv6Address", container.ipv6}};
    }
    return {{"Name", network.name},
            {"Id", network.id},
            {"Created", rfc3339(network.created)},
            {"Scope", "local"},
            {"Driver", network.driver},
            {"EnableIPv4", network.enable_ipv4},
            {"EnableIPv6", network.enable_ipv6},
            {"IPAM", ipam_of(network)},
            {"Internal", network.internal},
            {"Attachable", network.attachable},
            {"Ingress", false},
            {"ConfigFrom", {{"Network", ""}}},
            {"ConfigOnly", false},
            {"Containers", std::move(containers)},
            {"Options", object_of(network.options)},
            {"Labels", object_of(network.labels)}};
}

ordered_json endpoint_object(const EndpointSettings& settings) {
    ordered_json ipam = nullptr;
    if (!settings.ipam_ipv4.empty() || !settings.ipam_ipv6.empty()) {
        ipam = ordered_json::object();
        if (!settings.ipam_ipv4.empty()) ipam["IPv4Address"] = settings.ipam_ipv4;
        if (!settings.ipam_ipv6.empty()) ipam["IPv6Address"] = settings.ipam_ipv6;
    }
    return {
        {"IPAMConfig", std::move(ipam)},
        {"Links", list_or_null(settings.links)},
        {"Aliases", list_or_null(settings.aliases)},
        {"MacAddress", settings.mac},
        {"DriverOpts", settings.driver_options.empty() ? ordered_json(nullptr) : object_of(settings.driver_options)},
        {"GwPriority", settings.gw_priority},
        {"NetworkID", settings.network_id},
        {"EndpointID", settings.endpoint_id},
        {"Gateway", settings.gateway},
        {"IPAddress", settings.ip_address},
        {"IPPrefixLen", settings.ip_prefix_length},
        {"IPv6Gateway", settings.ipv6_gateway},
        {"GlobalIPv6Address", settings.ipv6_address},
        {"GlobalIPv6PrefixLen", settings.ipv6_prefix_length},
        {"DNSNames", list_or_null(settings.dns_names)}};
}

const char* status_text(registry::ContainerState state) {
    switch (state) {
        case registry::ContainerState::created:
            return "created";
        case registry::ContainerState::running:
            return "running";
        case registry::ContainerState::exited:
            return "exited";
    }
    return "";
}

ordered_json state_object(const ContainerInspect& inspected) {
    const registry::Container& container = inspected.container;
    const bool running = container.state == registry::ContainerState::running;
    return {{"Status", status_text(container.state)},
            {"Running", running},
            {"Paused", false},
            {"Restarting", false},
            {"OOMKilled", false},
            {"Dead", false},
            {"Pid", inspected.pid},
            {"ExitCode", container.exit_code},
            {"Error", container.error},
            {"StartedAt", rfc3339(container.started)},
            {"FinishedAt", rfc3339(container.finished)}};
}

/// By port. An ordered_json finds a key by looking at all of them, and there may be ten thousand.
using ByPort = std::map<std::string, ordered_json>;

ByPort exposed_ports(const registry::Container& container) {
    ByPort exposed;
    for (const auto& port : container.exposed) exposed[registry::port_text(port)] = ordered_json::object();
    for (const auto& binding : container.published) {
        exposed[registry::port_text(binding.container)] = ordered_json::object();
    }
    return exposed;
}

ordered_json config_object(const registry::Container& container) {
    ordered_json config{{"Hostname", container.hostname},     {"Domainname", container.domainname},
                        {"Env", list_or_null(container.env)}, {"Cmd", list_or_null(container.command)},
                        {"Image", container.image},           {"Labels", object_of(container.labels)}};
    if (const auto exposed = exposed_ports(container); !exposed.empty()) config["ExposedPorts"] = exposed;
    for (const auto& [label, field] :
         {std::pair{registry::kUserLabel, "User"}, std::pair{registry::kDirectoryLabel, "WorkingDir"},
          std::pair{registry::kStopSignalLabel, "StopSignal"}}) {
        if (const auto found = container.labels.find(label); found != container.labels.end())
            config[field] = found->second;
    }
    if (const auto found = container.labels.find(registry::kStopTimeoutLabel); found != container.labels.end()) {
        config["StopTimeout"] = std::atoi(found->second.c_str());
    }
    return config;
}

std::string host_port_text(const registry::PortBinding& binding) {
    if (binding.host_port_first == 0) return "";
    if (binding.host_port_first == binding.host_port_last) return std::to_string(binding.host_port_first);
    return std::to_string(binding.host_port_first) + "-" + std::to_string(binding.host_port_last);
}

ordered_json host_config_object(const registry::Container& container) {
    ByPort bindings;
    for (const auto& binding : container.published) {
        bindings[registry::port_text(binding.container)].push_back(
            {{"HostIp", binding.host_ip ? binding.host_ip->text() : ""}, {"HostPort", host_port_text(binding)}});
    }
    ordered_json links = nullptr;
    for (const auto& link : container.links) {
        links.push_back("/" + link.target + ":/" + container.name + "/" + link.alias);
    }
    return {{"NetworkMode", container.network_mode},
            {"PortBindings", bindings},
            {"PublishAllPorts", container.publish_all},
            {"Dns", container.dns},
            {"DnsOptions", container.dns_options},
            {"DnsSearch", container.dns_search},
            {"ExtraHosts", list_or_null(container.extra_hosts)},
            {"Links", std::move(links)}};
}

/// Published ports with where they are bound; exposed ones with null, as Docker shows them.
ordered_json ports_object(const ContainerInspect& inspected) {
    if (inspected.container.state != registry::ContainerState::running) return ordered_json::object();
    ByPort ports;
    for (const auto& [port, nothing] : exposed_ports(inspected.container)) ports[port] = nullptr;
    for (const auto& mapping : inspected.ports) {
        ports[registry::port_text(mapping.container)].push_back(
            {{"HostIp", mapping.host_ip},
             {"HostPort", mapping.host_port == 0 ? "" : std::to_string(mapping.host_port)}});
    }
    return ports;
}

/// What stands there for the default network besides `Networks`, from before there were others (API 1.21 to 1.51).
ordered_json network_settings(const ContainerInspect& inspected) {
    ordered_json networks = ordered_json::object();
    for (const auto& [name, settings] : inspected.networks) networks[name] = endpoint_object(settings);
    const auto bridge = inspected.networks.find(registry::kBridgeNetwork);
    const EndpointSettings old = bridge == inspected.networks.end() ? EndpointSettings() : bridge->second;
    return {{"SandboxID", inspected.sandbox_id},     {"SandboxKey", inspected.sandbox_key},
            {"Ports", ports_object(inspected)},      {"PortsNotHeld", inspected.ports_not_held},
            {"EndpointID", old.endpoint_id},         {"Gateway", old.gateway},
            {"GlobalIPv6Address", old.ipv6_address}, {"GlobalIPv6PrefixLen", old.ipv6_prefix_length},
            {"IPAddress", old.ip_address},           {"IPPrefixLen", old.ip_prefix_length},
            {"IPv6Gateway", old.ipv6_gateway},       {"MacAddress", old.mac},
            {"Networks", std::move(networks)}};
}

ordered_json container_object(const ContainerInspect& inspected) {
    const registry::Container& container = inspected.container;
    return {{"Id", container.id},
            {"Created", rfc3339(container.created)},
            {"Path", container.command.empty() ? "" : container.command.front()},
            {"Args",
             std::vector<std::string>(container.command.begin() + !container.command.empty(), container.command.end())},
            {"State", state_object(inspected)},
            {"Image", container.image},
            {"ResolvConfPath", inspected.resolv_conf_path},
            {"HostsPath", inspected.hosts_path},
            {"Name", "/" + container.name},
            {"HostConfig", host_config_object(container)},
            {"Config", config_object(container)},
            {"NetworkSettings", network_settings(inspected)}};
}

/// "Up 5 minutes" and the like, as `docker ps` shows it.
std::string since(WallTime time) {
    constexpr WallTime kSecond = 1'000'000'000;
    const WallTime seconds = std::max<WallTime>(0, wall_now() - time) / kSecond;
    const auto unit = [](WallTime count, const char* name) {
        return std::to_string(count) + " " + name + (count == 1 ? "" : "s");
    };
    if (seconds < 1) return "Less than a second";
    if (seconds < 60) return unit(seconds, "second");
    if (seconds < 3600) return seconds < 120 ? "About a minute" : unit(seconds / 60, "minute");
    if (seconds < 48 * 3600) return seconds < 7200 ? "About an hour" : unit(seconds / 3600, "hour");
    return unit(seconds / 86400, "day");
}

std::string status_line(const registry::Container& container) {
    switch (container.state) {
        case registry::ContainerState::created:
            return "Created";
        case registry::ContainerState::running:
            return "Up " + since(container.started);
        case registry::ContainerState::exited:
            break;
    }
    return "Exited (" + std::to_string(container.exit_code) + ") " + since(container.finished) + " ago";
}

/// Ports of the host, and those that are only open for those who know the way: of a routed network, or exposed.
ordered_json port_list(const ContainerInspect& inspected) {
    ordered_json ports = ordered_json::array();
    const auto put_open = [&](const registry::PortProto& port) {
        ports.push_back({{"PrivatePort", port.port}, {"Type", registry::protocol_name(port.protocol)}});
    };
    std::set<registry::PortProto> mapped;
    for (const auto& mapping : inspected.ports) {
        mapped.insert(mapping.container);
        if (mapping.host_port == 0) {
            put_open(mapping.container);
            continue;
        }
        ports.push_back({{"IP", mapping.host_ip},
                         {"PrivatePort", mapping.container.port},
                         {"PublicPort", mapping.host_port},
                         {"Type", registry::protocol_name(mapping.container.protocol)}});
    }
    const registry::Container& container = inspected.container;
    const std::string& mode = container.network_mode;
    if (mode == registry::kHostNetwork || mode == registry::kNoneNetwork) return ports;
    if (container.state != registry::ContainerState::running) return ports;
    for (const auto& port : container.exposed) {
        if (mapped.insert(port).second) put_open(port);
    }
    return ports;
}

ordered_json summary_object(const ContainerInspect& inspected) {
    const registry::Container& container = inspected.container;
    ordered_json networks = ordered_json::object();
    for (const auto& [name, settings] : inspected.networks) networks[name] = endpoint_object(settings);
    std::string command;
    for (const auto& word : container.command) command += (command.empty() ? "" : " ") + word;
    return {{"Id", container.id},
            {"Names", {"/" + container.name}},
            {"Image", container.image},
            {"ImageID", ""},
            {"Command", command},
            {"Created", container.created / 1'000'000'000},
            {"Ports", port_list(inspected)},
            {"Labels", object_of(container.labels)},
            {"State", status_text(container.state)},
            {"Status", status_line(container)},
            {"HostConfig", {{"NetworkMode", container.network_mode}}},
            {"NetworkSettings", {{"Networks", std::move(networks)}}},
            {"Mounts", ordered_json::array()}};
}

// Docker's (Go's) name of the machine that we are built for.
#if defined(__x86_64__)
constexpr const char* kArchitecture = "amd64";
#elif defined(__aarch64__)
constexpr const char* kArchitecture = "arm64";
#elif defined(__riscv)
constexpr const char* kArchitecture = "riscv64";
#else
constexpr const char* kArchitecture = "unknown";
#endif

template <typename Items, typename Write>
std::string write_list(const Items& items, Write&& write) {
    ordered_json list = ordered_json::array();
    for (const auto& item : items) list.push_back(write(item));
    return dump(list);
}

}  // namespace

std::string write_error(std::string_view message) { return dump({{"message", message}}); }
std::string write_network(const NetworkResource& resource) { return dump(network_object(resource)); }
std::string write_networks(const std::vector<NetworkResource>& resources) {
    return write_list(resources, network_object);
}
std::string write_network_created(const NetworkCreated& created) {
    return dump({{"Id", created.id}, {"Warning", created.warning}});
}
std::string write_pruned(const std::vector<std::string>& names) {
    return dump({{"NetworksDeleted", list_or_null(names)}});
}
std::string write_container_created(const ContainerCreated& created) {
    return dump({{"Id", created.id}, {"Warnings", created.warnings}});
}
std::string write_container(const ContainerInspect& inspected) { return dump(container_object(inspected)); }
std::string write_containers(const std::vector<ContainerInspect>& list) { return write_list(list, summary_object); }
std::string write_strings(const std::vector<std::string>& strings) { return dump(strings); }

std::string write_resolved(const ResolveResult& result) {
    ordered_json records = ordered_json::array();
    for (const auto& record : result.records) {
        records.push_back({{"Network", record.network},
                           {"Name", record.name},
                           {"Type", record.type},
                           {"Data", record.data},
                           {"Ttl", record.ttl}});
    }
    return dump({{"Rcode", result.rcode}, {"Records", std::move(records)}, {"Trace", result.trace}});
}

std::string write_records(const std::vector<registry::Record>& records) {
    return write_list(records, [](const registry::Record& record) {
        ordered_json object{{"Name", record.name}, {"Type", record.type}, {"Data", record.data}};
        object["Ttl"] = record.ttl ? ordered_json(*record.ttl) : ordered_json(nullptr);
        return object;
    });
}

std::string write_imported(const RecordsImported& imported) {
    return dump({{"Added", imported.added}, {"LeftOut", imported.left_out}});
}

std::string write_kernel_report(const KernelReport& report) {
    auto networks = ordered_json::array();
    for (const auto& network : report.networks) {
        networks.push_back({{"Id", network.id}, {"Name", network.name}, {"Lines", network.lines}});
    }
    return dump({{"Networks", networks}, {"Firewall", report.firewall}});
}

std::string write_findings(const std::vector<HostFinding>& findings) {
    return write_list(findings, [](const HostFinding& finding) {
        return ordered_json{{"Check", finding.check}, {"Ok", finding.ok}, {"Text", finding.text}, {"Fix", finding.fix}};
    });
}

std::string write_info(const SystemInfo& info) {
    return dump({{"Name", info.host_name},
                 {"ServerVersion", info.version},
                 {"Driver", "none"},
                 {"Containers", info.containers},
                 {"ContainersRunning", info.running},
                 {"ContainersPaused", 0},
                 {"ContainersStopped", info.stopped},
                 {"Images", 0},
                 {"NCPU", info.cpus},
                 {"MemTotal", info.memory_bytes},
                 {"OSType", "linux"},
                 {"OperatingSystem", "ns-register"},
                 {"KernelVersion", info.kernel},
                 {"DockerRootDir", info.state_dir},
                 {"Plugins", {{"Network", {"bridge", "host", "ipvlan", "macvlan", "null"}}}},
                 {"Warnings", nullptr}});
}

std::string write_version(const std::string& version, const std::string& git_commit) {
    return dump({{"Platform", {{"Name", "ns-register"}}},
                 {"Version", version},
                 {"ApiVersion", kApiVersion},
                 {"MinAPIVersion", kMinApiVersion},
                 {"GitCommit", git_commit},
                 {"Os", "linux"},
                 {"Arch", kArchitecture}});
}

}  // namespace nsr::api
