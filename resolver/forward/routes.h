#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "resolver/forward/request.h"

namespace nsr::resolver {

/// The servers for some names of a container. What they say is said to all that have the same route, and to nobody
/// else: two containers share one if all its servers are asked from the host.
struct Route {
    std::uint64_t id = 0;  ///< never used again
    std::vector<Upstream> servers;
};

/// The index of the longest domain of the view that a name is in; the number of domains if it is in none.
std::size_t domain_of(const View& view, const dns::Name& name);

/// The servers that stand in the list for the names of a domain (by its index).
const std::vector<Upstream>& listed_for(const View& view, std::size_t domain);

/// Those of them that are asked: without those that must not be asked from an internal network
/// (D-88).
std::vector<Upstream> servers_of(const View& view, std::size_t domain);

/// Which servers are asked for which names. One per worker.
class RouteTable {
public:
    /// The servers for a name: those of the longest domain that it is in, else the container's. Allocates nothing while
    /// the container's view stays the same.
    const std::shared_ptr<const Route>& find(const ForwardRequest& request);

private:
    void plan(const View& view, ForwardClient& client);
    std::shared_ptr<const Route> route_of(std::size_t domain, const View& view, const ForwardClient& client);

    std::map<std::string, std::weak_ptr<const Route>> known_;  ///< by all that makes one differ from another
    std::size_t sweep_at_ = 64;
    std::uint64_t last_id_ = 0;
    std::uint64_t last_serial_ = 0;
};

}  // namespace nsr::resolver
