#pragma once

#include <string>
#include <vector>

#include "daemon/settings.h"
#include "registry/registry.h"
#include "resolver/zone/spec.h"

/// From what is registered to what the resolver is told. Pure.
namespace nsr::daemon {

/// Whether containers on the network have an embedded server and names (D-01, D-02): not on bridge, host and none.
bool has_names(const registry::Network& network);

/// Whether containers on the network have an embedded server: those with names, unless -o ns-register.dns=off says that
/// they ask the servers outside themselves.
bool has_server(const registry::Network& network);

resolver::ZoneSpec zone_of(const registry::Network& network, std::vector<registry::Record> records);

/// The names of a container on one network (D-10 to D-16): its name, aliases, hostname and short id.
std::vector<std::string> names_of(const registry::Container& container, const registry::Endpoint& endpoint);

/// What an endpoint contributes; without addresses while it is only configured.
resolver::EndpointNames endpoint_names(const registry::Container& container, const registry::Endpoint& endpoint);

/// Which servers a container's queries go to: its own, else the daemon's, else the host's (R-26, D-65).
std::vector<resolver::Upstream> upstreams_of(const registry::Container& container, const Settings& settings,
                                             const hosts::ResolvConf& host);

resolver::ViewSpec view_of(const registry::Registry& registry, const registry::Container& container,
                           const Settings& settings, const hosts::ResolvConf& host);

/// A server as the resolver takes it.
resolver::Upstream upstream_of(const hosts::NameServer& server, bool from_host);

}  // namespace nsr::daemon
