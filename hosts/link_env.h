#pragma once

#include <string>
#include <vector>

#include "common/ip.h"
#include "registry/model.h"

/// Variables of legacy links (docker-behaviour 4.2, in the newest Moby's format). Pure.
namespace nsr::hosts {

/// One link of a container that starts.
struct LinkSource {
    std::string container;  ///< name of the linking container
    std::string alias;
    IpAddress address;                       ///< of the target
    std::vector<registry::PortProto> ports;  ///< exposed and published ones of the target, in any order, maybe twice
    std::vector<std::string> env;            ///< of the target, "NAME=VALUE"
};

/// "NAME=VALUE" in Docker's order: ports (tcp first, then by number; after a run of two or more its START and END), the
/// name, the target's own variables but HOME and PATH.
std::vector<std::string> link_variables(const LinkSource& link);

/// The variables of a container: those of its links, then its own, which win (ENV-017). Of a name that is given twice
/// the last value holds, at the first place.
std::vector<std::string> merge_variables(const std::vector<std::string>& of_links, const std::vector<std::string>& own);

}  // namespace nsr::hosts
