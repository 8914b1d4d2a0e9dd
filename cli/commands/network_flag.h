#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/commands/create.h"
#include "common/result.h"

namespace nsr::cli {

/// One `--network`: a name, or `name=NET,alias=A,ip=..` with what the container has there.
struct NetworkFlag {
    std::string name;
    std::vector<std::string> aliases = {};
    std::vector<std::string> exclusive_aliases = {};  ///< of --network-alias-exclusive
    std::string ip = {};
    std::string ip6 = {};
    std::string mac = {};
    std::vector<std::string> link_local_ips = {};
    std::map<std::string, std::string> options = {};
    int gw_priority = 0;

    bool operator==(const NetworkFlag&) const = default;
};

/// As Docker 28 reads it: fields in any order, quoted as in CSV, keys in upper or lower case. Its refusals.
Result<NetworkFlag> parse_network_flag(const std::string& text);

/// All networks of a container, "default" if none is named. What stands in flags of its own (--ip, --network-alias..)
/// goes to the first; Docker's refusals of what is said twice.
Result<std::vector<NetworkFlag>> networks_of(const CreateFlags& flags);

}  // namespace nsr::cli
