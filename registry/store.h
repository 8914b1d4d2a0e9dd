#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "registry/model.h"

namespace nsr::registry {

/// Changes that belong together: all or none of them become durable. Erasures come first (what is not there is passed
/// over), so that one commit may take a name from one object and give it to another; within each kind in order.
struct Changes {
    std::vector<Network> put_networks;          ///< inserted or replaced, by id
    std::vector<std::string> erase_networks;    ///< ids; their records go with them, endpoints do not
    std::vector<Container> put_containers;      ///< inserted or replaced, by id
    std::vector<std::string> erase_containers;  ///< ids; their endpoints go with them
    std::vector<Endpoint> put_endpoints;        ///< inserted or replaced, by container_id and network_name (any case)
    std::vector<Endpoint> erase_endpoints;      ///< by container_id and network_name
    std::vector<Record> put_records;            ///< inserted, or their TTL replaced, by network_id, name, type and data
    std::vector<Record> erase_records;          ///< by network_id, name, type and data
};

/// Makes a host id for a new store.
std::string make_host_id();

/// The seam between what is desired and where it is kept. One thread. tests/contract/store_contract.h is what every
/// implementation must pass.
///
/// It keeps what belongs together together: names of networks and of containers are unique without regard to ASCII case
/// (Errc::conflict); an endpoint has its container, a record its network (Errc::conflict).
class Store {
public:
    virtual ~Store() = default;

    /// Everything, as of the last commit.
    virtual Result<State> load() = 0;

    /// Durable (against a crash of the process) when it returns; on failure nothing has changed.
    virtual Result<> commit(const Changes& changes) = 0;
};

}  // namespace nsr::registry
