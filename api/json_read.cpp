#include <utility>

#include <nlohmann/json.hpp>

#include "api/json.h"

namespace nsr::api {
namespace {

using nlohmann::json;

constexpr std::uint64_t kTtlMax = 2147483647;  ///< RFC 2181 §8

/// A field that has the wrong type. Caught where the body is read: nothing throws across the border of this file.
struct WrongField {
    std::string message;
};

[[noreturn]] void wrong(const std::string& field, const char* wanted) {
    throw WrongField{"invalid JSON: field '" + field + "' must be " + wanted};
}

const json kAbsent;

/// Field of an object; absent and null are the same.
const json& at(const json& object, const char* field) {
    if (object.is_null()) return kAbsent;
    if (!object.is_object()) wrong(field, "in an object");
    const auto found = object.find(field);
    return found == object.end() ? kAbsent : *found;
}

std::string text(const json& object, const char* field) {
    const json& value = at(object, field);
    if (value.is_null()) return "";
    if (!value.is_string()) wrong(field, "a string");
    return value.get<std::string>();
}

std::optional<bool> flag(const json& object, const char* field) {
    const json& value = at(object, field);
    if (value.is_null()) return std::nullopt;
    if (!value.is_boolean()) wrong(field, "true or false");
    return value.get<bool>();
}

std::optional<int> number(const json& object, const char* field) {
    const json& value = at(object, field);
    if (value.is_null()) return std::nullopt;
    const bool fits =
        value.is_number_integer() && (value.is_number_unsigned() ? std::in_range<int>(value.get<std::uint64_t>())
                                                                 : std::in_range<int>(value.get<std::int64_t>()));
    if (!fits) wrong(field, "a number of 32 bits");
    return value.get<int>();
}

std::vector<std::string> texts(const json& object, const char* field) {
    const json& value = at(object, field);
    std::vector<std::string> all;
    if (value.is_null()) return all;
    if (value.is_string()) return {value.get<std::string>()};  // Cmd may be one string
    if (!value.is_array()) wrong(field, "an array of strings");
    for (const auto& element : value) {
        if (!element.is_string()) wrong(field, "an array of strings");
        all.push_back(element.get<std::string>());
    }
    return all;
}

StringMap map(const json& object, const char* field) {
    const json& value = at(object, field);
    StringMap all;
    if (value.is_null()) return all;
    if (!value.is_object()) wrong(field, "an object of strings");
    for (const auto& [key, element] : value.items()) {
        if (element.is_null()) {
            all[key] = "";
            continue;
        }
        if (!element.is_string()) wrong(field, "an object of strings");
        all[key] = element.get<std::string>();
    }
    return all;
}

/// Keys of an object whose values mean nothing: ExposedPorts.
std::vector<std::string> keys(const json& object, const char* field) {
    const json& value = at(object, field);
    std::vector<std::string> all;
    if (value.is_null()) return all;
    if (!value.is_object()) wrong(field, "an object");
    for (const auto& [key, element] : value.items()) all.push_back(key);
    return all;
}

EndpointSettings read_endpoint(const json& object) {
    EndpointSettings settings;
    const json& ipam = at(object, "IPAMConfig");
    settings.ipam_ipv4 = text(ipam, "IPv4Address");
    settings.ipam_ipv6 = text(ipam, "IPv6Address");
    settings.link_local_ips = texts(ipam, "LinkLocalIPs");
    settings.links = texts(object, "Links");
    settings.aliases = texts(object, "Aliases");
    settings.mac = text(object, "MacAddress");
    settings.driver_options = map(object, "DriverOpts");
    settings.gw_priority = number(object, "GwPriority").value_or(0);
    return settings;
}

std::map<std::string, std::vector<PortBindingBody>> read_bindings(const json& host) {
    std::map<std::string, std::vector<PortBindingBody>> all;
    const json& bindings = at(host, "PortBindings");
    if (bindings.is_null()) return all;
    if (!bindings.is_object()) wrong("PortBindings", "an object");
    for (const auto& [port, list] : bindings.items()) {
        auto& wanted = all[port];
        if (list.is_null()) continue;
        if (!list.is_array()) wrong("PortBindings", "an object of arrays");
        for (const auto& binding : list) wanted.push_back({text(binding, "HostIp"), text(binding, "HostPort")});
        if (wanted.empty()) wanted.emplace_back();
    }
    return all;
}

/// Parses a body and reads it with `read`, and turns whatever is wrong into one sentence.
template <typename Read>
auto from(std::string_view body, Read&& read) -> Result<decltype(read(json()))> {
    try {
        const json object = json::parse(body);
        if (!object.is_object()) return fail(Errc::invalid, "invalid JSON: the body must be an object");
        return read(object);
    } catch (const WrongField& error) {
        return fail(Errc::invalid, error.message);
    } catch (const json::exception&) {
        return fail(Errc::invalid,
                    body.empty() ? "invalid JSON: the body is empty" : "invalid JSON: the body is malformed");
    }
}

NetworkCreateBody network_create(const json& object) {
    NetworkCreateBody body;
    body.name = text(object, "Name");
    body.driver = text(object, "Driver");
    body.scope = text(object, "Scope");
    body.internal = flag(object, "Internal").value_or(false);
    body.attachable = flag(object, "Attachable").value_or(false);
    body.ingress = flag(object, "Ingress").value_or(false);
    body.config_only = flag(object, "ConfigOnly").value_or(false);
    body.config_from = text(at(object, "ConfigFrom"), "Network");
    body.enable_ipv4 = flag(object, "EnableIPv4");
    body.enable_ipv6 = flag(object, "EnableIPv6");
    body.options = map(object, "Options");
    body.labels = map(object, "Labels");
    const json& ipam = at(object, "IPAM");
    body.ipam_driver = text(ipam, "Driver");
    const json& configs = at(ipam, "Config");
    if (configs.is_null()) return body;
    if (!configs.is_array()) wrong("Config", "an array");
    for (const auto& config : configs) {
        body.ipam.push_back({text(config, "Subnet"), text(config, "IPRange"), text(config, "Gateway"),
                             map(config, config.contains("AuxiliaryAddresses") ? "AuxiliaryAddresses" : "AuxAddress")});
    }
    return body;
}

ContainerCreateBody container_create(const json& object) {
    ContainerCreateBody body;
    body.image = text(object, "Image");
    body.command = texts(object, "Cmd");
    body.env = texts(object, "Env");
    body.labels = map(object, "Labels");
    body.hostname = text(object, "Hostname");
    body.domainname = text(object, "Domainname");
    body.mac = text(object, "MacAddress");
    body.user = text(object, "User");
    body.directory = text(object, "WorkingDir");
    body.stop_signal = text(object, "StopSignal");
    body.stop_timeout = number(object, "StopTimeout");
    body.exposed_ports = keys(object, "ExposedPorts");
    const json& host = at(object, "HostConfig");
    body.network_mode = text(host, "NetworkMode");
    body.port_bindings = read_bindings(host);
    body.publish_all_ports = flag(host, "PublishAllPorts").value_or(false);
    body.dns = texts(host, "Dns");
    body.dns_search = texts(host, "DnsSearch");
    body.dns_options = texts(host, "DnsOptions");
    body.extra_hosts = texts(host, "ExtraHosts");
    body.links = texts(host, "Links");
    const json& endpoints = at(at(object, "NetworkingConfig"), "EndpointsConfig");
    if (endpoints.is_null()) return body;
    if (!endpoints.is_object()) wrong("EndpointsConfig", "an object");
    for (const auto& [network, settings] : endpoints.items()) body.endpoints[network] = read_endpoint(settings);
    return body;
}

}  // namespace

Result<NetworkCreateBody> read_network_create(std::string_view body) { return from(body, network_create); }

Result<ConnectBody> read_connect(std::string_view body) {
    return from(body, [](const json& object) {
        return ConnectBody{text(object, "Container"), read_endpoint(at(object, "EndpointConfig"))};
    });
}

Result<DisconnectBody> read_disconnect(std::string_view body) {
    return from(body, [](const json& object) {
        return DisconnectBody{text(object, "Container"), flag(object, "Force").value_or(false)};
    });
}

Result<ContainerCreateBody> read_container_create(std::string_view body) { return from(body, container_create); }

/// {"label": ["a=b"]} or, as older clients send it, {"label": {"a=b": true}}.
Result<Filters> read_filters(std::string_view filters) {
    if (filters.empty()) return Filters{};
    auto read = from(filters, [](const json& object) {
        Filters all;
        for (const auto& [key, values] : object.items()) {
            if (values.is_object()) {
                for (const auto& [value, enabled] : values.items()) all[key].push_back(value);
            } else {
                all[key] = texts(object, key.c_str());
            }
        }
        return all;
    });
    if (!read) return fail(Errc::invalid, "invalid filters: must be an object of arrays of strings");
    return read;
}

namespace {

registry::Record record_of(const json& object) {
    registry::Record record;
    record.name = text(object, "Name");
    record.type = text(object, "Type");
    record.data = text(object, "Data");
    const json& ttl = at(object, "Ttl");
    const bool is_ttl = ttl.is_number_unsigned() && ttl.get<std::uint64_t>() <= kTtlMax;
    if (!ttl.is_null() && !is_ttl) wrong("Ttl", "a number of seconds, at most 2147483647");
    if (!ttl.is_null()) record.ttl = ttl.get<std::uint32_t>();
    return record;
}

}  // namespace

Result<registry::Record> read_record(std::string_view body) { return from(body, record_of); }

Result<std::vector<registry::Record>> read_records(std::string_view body) {
    const std::size_t first = body.find_first_not_of(" \t\r\n");
    const bool is_list = first != std::string_view::npos && body[first] == '[';
    return from(is_list ? "{\"Records\":" + std::string(body) + "}" : std::string(body), [&](const json& object) {
        std::vector<registry::Record> records;
        if (!is_list) {
            records.push_back(record_of(object));
        } else {
            for (const json& each : at(object, "Records")) records.push_back(record_of(each));
        }
        return records;
    });
}

}  // namespace nsr::api
