#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/types.h"
#include "common/result.h"

namespace nsr::api {

/// How the command of a container is asked to end. Of no meaning for other containers.
struct StopTerms {
    std::string signal;          ///< "": the container's own, SIGTERM by default
    std::optional<int> seconds;  ///< until SIGKILL; negative: never; none: the container's own, 10 by default
};

/// What a stop has come to so far.
struct Stopping {
    bool changed = true;  ///< false: there was nothing to do (304)
    std::string awaited;  ///< the id of a container whose command has yet to end; "": all is done
};

/// Told how the end of a container went.
using Ended = std::function<void(const Result<>& outcome)>;

/// Told what a lookup has come to.
using Resolved = std::function<void(const Result<ResolveResult>& result)>;

/// What the API can do, as plain calls: the routes parse a request, call one of these and render what it returns.
/// Implemented by daemon/engine. Every call is made on the operations thread and may block there. References (`ref`)
/// are a name, an id or a unique prefix of an id. A refusal carries Docker's words where Docker has some.
class Service {
public:
    virtual ~Service() = default;

    virtual SystemInfo info() = 0;

    virtual Result<NetworkCreated> create_network(const NetworkCreateBody& body) = 0;
    virtual Result<std::vector<NetworkResource>> list_networks(const Filters& filters) = 0;
    virtual Result<NetworkResource> inspect_network(const std::string& ref) = 0;
    virtual Result<> remove_network(const std::string& ref) = 0;
    /// What stands, or should stand, in the kernel for a network, or for all ("").
    virtual Result<KernelReport> plan_networks(const std::string& ref) = 0;
    /// How the kernel differs from that.
    virtual Result<KernelReport> verify_networks(const std::string& ref) = 0;
    /// Mends it; what was found before.
    virtual Result<KernelReport> repair_networks(const std::string& ref) = 0;
    /// What is wrong with the host, and what is right.
    virtual Result<std::vector<HostFinding>> doctor() = 0;
    virtual Result<> connect(const std::string& network, const ConnectBody& body) = 0;
    virtual Result<> disconnect(const std::string& network, const DisconnectBody& body) = 0;
    /// Returns the names of the networks that were removed.
    virtual Result<std::vector<std::string>> prune_networks(const Filters& filters) = 0;

    virtual Result<ContainerCreated> create_container(const ContainerCreateBody& body) = 0;
    /// Returns false if it was running already (304).
    virtual Result<bool> start_container(const std::string& ref) = 0;
    /// Returns false if it was stopped already (304).
    /// Returns what is still awaited: a container that was made for a command stops when the command has ended.
    virtual Result<Stopping> stop_container(const std::string& ref, const StopTerms& terms) = 0;
    virtual Result<> restart_container(const std::string& ref) = 0;
    /// Stops a container at once; a command is sent `signal` instead ("": SIGKILL), and need not end by it.
    virtual Result<Stopping> kill_container(const std::string& ref, const std::string& signal) = 0;
    /// Calls `then` once, when the command of the container has ended and what depends on it is done: at once if there
    /// is nothing to wait for.
    virtual void when_ended(const std::string& id, Ended then) = 0;
    /// The command that the container was made for has ended with this status.
    virtual Result<> container_exited(const std::string& ref, int exit_code) = 0;
    virtual Result<> rename_container(const std::string& ref, const std::string& name) = 0;
    virtual Result<> remove_container(const std::string& ref, bool force) = 0;
    virtual Result<std::vector<ContainerInspect>> list_containers(bool all, const Filters& filters) = 0;
    virtual Result<ContainerInspect> inspect_container(const std::string& ref) = 0;

    /// The container's variables, "NAME=VALUE" (link variables included).
    virtual Result<std::vector<std::string>> variables(const std::string& ref) = 0;
    /// The resolv.conf that belongs into the container's mount namespace.
    virtual Result<std::string> resolv_conf(const std::string& ref) = 0;
    virtual Result<> add_alias(const std::string& network, const std::string& container, const std::string& alias) = 0;
    virtual Result<> remove_alias(const std::string& network, const std::string& container,
                                  const std::string& alias) = 0;
    /// Calls `then` once, on the operations thread: later, if servers outside have to be asked, which other operations
    /// do not wait for; perhaps before this returns.
    virtual void resolve(const ResolveQuery& query, Resolved then) = 0;

    /// All or none. `network_id` of each is the network's, whatever it says.
    virtual Result<> add_records(const std::string& network, const std::vector<registry::Record>& records) = 0;
    /// Adds the records of a master file (RFC 1035 §5), all or none.
    virtual Result<RecordsImported> import_records(const std::string& network, const std::string& file) = 0;
    /// Without data every record of that name and type.
    virtual Result<> remove_record(const std::string& network, const registry::Record& record) = 0;
    virtual Result<std::vector<registry::Record>> list_records(const std::string& network) = 0;
};

}  // namespace nsr::api
