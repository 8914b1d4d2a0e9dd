#include "registry/sqlite/json_text.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace nsr::registry {
namespace {

using nlohmann::json;

template <typename Value>
Value parsed(const std::string& text) {
    const auto value = Value::parse(text);
    if (!value) throw std::invalid_argument("'" + text + "' is no address");
    return *value;
}

json encode(const IpamConfig& config) {
    json object = {{"subnet", config.subnet.text()}, {"automatic", config.automatic}};
    if (config.gateway) object["gateway"] = config.gateway->text();
    if (config.ip_range) object["ip_range"] = config.ip_range->text();
    for (const auto& [name, address] : config.aux) object["aux"][name] = address.text();
    return object;
}

IpamConfig decode(const json& object) {
    IpamConfig config;
    config.subnet = parsed<IpPrefix>(object.at("subnet").get<std::string>());
    config.automatic = object.at("automatic").get<bool>();
    if (object.contains("gateway")) config.gateway = parsed<IpAddress>(object["gateway"].get<std::string>());
    if (object.contains("ip_range")) config.ip_range = parsed<IpPrefix>(object["ip_range"].get<std::string>());
    if (!object.contains("aux")) return config;
    for (const auto& [name, address] : object["aux"].items()) {
        config.aux[name] = parsed<IpAddress>(address.get<std::string>());
    }
    return config;
}

}  // namespace

std::string to_json(const std::vector<std::string>& list) { return list.empty() ? "[]" : json(list).dump(); }
std::string to_json(const StringMap& map) { return map.empty() ? "{}" : json(map).dump(); }

std::string to_json(const std::vector<IpamConfig>& ipam) {
    json array = json::array();
    for (const IpamConfig& config : ipam) array.push_back(encode(config));
    return array.dump();
}

std::vector<std::string> list_from_json(const std::string& text) {
    return text == "[]" ? std::vector<std::string>{} : json::parse(text).get<std::vector<std::string>>();
}

StringMap map_from_json(const std::string& text) {
    return text == "{}" ? StringMap{} : json::parse(text).get<StringMap>();
}

std::vector<IpamConfig> ipam_from_json(const std::string& text) {
    std::vector<IpamConfig> ipam;
    for (const json& object : json::parse(text)) ipam.push_back(decode(object));
    return ipam;
}

}  // namespace nsr::registry
