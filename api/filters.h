#pragma once
#include "api/types.h"
#include "common/result.h"
namespace nsr::api {
Result<> check_prune_filters(const Filters&);
Result<> check_network_filters(const Filters&);
Result<> check_container_filters(const Filters&);
bool matches_prune(const Filters&, const registry::Network&);
bool matches_network(const Filters&, const NetworkResource&);
bool matches_container(const Filters&, const ContainerInspect&);
}
