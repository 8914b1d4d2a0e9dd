#pragma once

#include "api/types.h"
#include "common/result.h"

/// `filters` of the Engine API: values of one key are alternatives (labels: all must hold), keys must all hold. Pure.
namespace nsr::api {

/// Refuses keys that the list does not know: "invalid filter 'bogus'".
Result<> check_network_filters(const Filters& filters);
Result<> check_container_filters(const Filters& filters);
Result<> check_prune_filters(const Filters& filters);

bool matches_network(const Filters& filters, const NetworkResource& resource);
bool matches_container(const Filters& filters, const ContainerInspect& inspected);
/// label, label!, until (a time as RFC 3339, Unix seconds or a duration before now such as "24h").
bool matches_prune(const Filters& filters, const registry::Network& network);

}  // namespace nsr::api
