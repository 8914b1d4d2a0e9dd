#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/result.h"

namespace nsr::cli {

/// KEY=VALUE flags as a map; without '=' the value is empty. The last one wins.
std::map<std::string, std::string> key_values(const std::vector<std::string>& pairs);

/// Endpoint option with the names that nobody else may have on the network; joined() of them.
inline constexpr const char* kExclusiveOption = "ns-register.alias-exclusive";
std::string joined(const std::vector<std::string>& names);

/// "?filters=..." for --filter KEY=VALUE flags, "" for none: "invalid filter 'X'" without '='.
Result<std::string> filter_query(const std::vector<std::string>& filters);

/// What belongs to one subnet of `network create`.
struct SubnetFlags {
    std::string subnet;
    std::string range;
    std::string gateway;
    std::map<std::string, std::string> aux;
};

/// Gives each range, gateway and auxiliary address to the subnet that contains it, as Docker's command line does, with
/// Docker's refusals.
Result<std::vector<SubnetFlags>> place_in_subnets(const std::vector<std::string>& subnets,
                                                  const std::vector<std::string>& ranges,
                                                  const std::vector<std::string>& gateways,
                                                  const std::vector<std::string>& aux);

}  // namespace nsr::cli
