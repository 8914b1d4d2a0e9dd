#pragma once

#include <optional>
#include <string>
#include <vector>

#include "netsetup/netlink/route.h"
#include "netsetup/netlink/socket.h"
#include "netsetup/spec.h"

namespace nsr::net {

/// The default route of one family that a sandbox should have from us.
struct WantedRoute {
    Family family = Family::v4;
    std::optional<IpAddress> gateway;  ///< absent: none
    std::string interface;
};

/// The wanted route of a family.
WantedRoute wanted_route(const SandboxRoutes& routes, Family family);

/// What of a sandbox's default routes is ours. A route is ours if it is on one of our interfaces and has the metric
/// that we give; all others belong to whoever lives there.
struct DefaultRoutes {
    int link = 0;                       ///< index of the wanted route's interface; 0: it is not there
    bool present = false;               ///< the wanted one is there
    bool barred = false;                ///< it must not be added, for the sandbox has another one of its own
    std::vector<netlink::Route> wrong;  ///< ours, and not wanted
};

/// Looks; changes nothing. `fresh`: there are no routes.
Result<DefaultRoutes> survey_default_routes(netlink::Socket& sandbox, const WantedRoute& wanted,
                                            const SandboxRoutes& routes, bool fresh = false);

}  // namespace nsr::net
