#pragma once

#include <string>
#include <vector>

#include "registry/model.h"

/// Free-form lists and maps as they stand in the columns of the database. Decoding throws (nlohmann::json::exception,
/// std::invalid_argument) on a text that encoding did not make.
namespace nsr::registry {

std::string to_json(const std::vector<std::string>& list);
std::string to_json(const StringMap& map);
std::string to_json(const std::vector<IpamConfig>& ipam);

std::vector<std::string> list_from_json(const std::string& text);
StringMap map_from_json(const std::string& text);
std::vector<IpamConfig> ipam_from_json(const std::string& text);

}  // namespace nsr::registry
