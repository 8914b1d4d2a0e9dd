#include "cli/oci.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace nsr::cli {
namespace {

using Json = nlohmann::ordered_json;

/// A list of an object, made if it is not there. Whatever else stood there is replaced.
Json& list_at(Json& object, const char* field) {
    Json& list = object[field];
    if (!list.is_array()) list = Json::array();
    return list;
}

Json& object_at(Json& object, const char* field) {
    Json& inner = object[field];
    if (!inner.is_object()) inner = Json::object();
    return inner;
}

bool has_text(const Json& object, const char* field, const std::string& text) {
    return object.is_object() && object.contains(field) && object[field] == text;
}

void set_namespace(Json& config, const std::string& path) {
    Json& namespaces = list_at(object_at(config, "linux"), "namespaces");
    const auto found =
        std::ranges::find_if(namespaces, [](const Json& each) { return has_text(each, "type", "network"); });
    if (found == namespaces.end())
        namespaces.push_back({{"type", "network"}, {"path", path}});
    else
        (*found)["path"] = path;
}

void set_mount(Json& config, const std::string& source, const char* destination) {
    if (source.empty()) return;
    Json& mounts = list_at(config, "mounts");
    const Json mount{
        {"destination", destination}, {"type", "bind"}, {"source", source}, {"options", {"rbind", "rprivate", "rw"}}};
    const auto found =
        std::ranges::find_if(mounts, [&](const Json& each) { return has_text(each, "destination", destination); });
    if (found == mounts.end())
        mounts.push_back(mount);
    else
        *found = mount;
}

void set_variable(Json& variables, const std::string& variable) {
    const std::string start = variable.substr(0, variable.find('=')) + "=";
    const auto found = std::ranges::find_if(variables, [&](const Json& each) {
        return each.is_string() && each.get_ref<const std::string&>().starts_with(start);
    });
    if (found == variables.end())
        variables.push_back(variable);
    else
        *found = variable;
}

bool has_own_host_name(const Json& config) {
    const Json& namespaces = config["linux"]["namespaces"];
    return std::ranges::any_of(
        namespaces, [](const Json& each) { return has_text(each, "type", "uts") && !each.contains("path"); });
}

}  // namespace

Result<std::string> patch_oci_config(const std::string& text, const Place& place) {
    Json config = Json::parse(text, nullptr, false);
    if (!config.is_object() || !config.contains("ociVersion")) {
        return fail(Errc::invalid, "not the configuration of an OCI bundle: it has no ociVersion");
    }
    set_namespace(config, place.sandbox);
    set_mount(config, place.hosts_path, "/etc/hosts");
    set_mount(config, place.resolv_conf_path, "/etc/resolv.conf");
    Json& variables = list_at(object_at(config, "process"), "env");
    if (!place.hostname.empty() && has_own_host_name(config)) {
        config["hostname"] = place.hostname;
        set_variable(variables, "HOSTNAME=" + place.hostname);
    }
    for (const auto& variable : place.variables) set_variable(variables, variable);
    return config.dump(4, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace nsr::cli
