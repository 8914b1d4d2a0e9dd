#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "api/service.h"
#include "common/metrics.h"
#include "common/undo.h"
#include "common/unique_fd.h"
#include "daemon/engine/addresses.h"
#include "daemon/engine/container_files.h"
#include "daemon/engine/exclusive.h"
#include "daemon/engine/netns_files.h"
#include "daemon/engine/port_book.h"
#include "daemon/engine/sandboxes.h"
#include "daemon/settings.h"
#include "netsetup/netsetup.h"
#include "netsetup/proxy/port_proxy.h"
#include "registry/registry.h"
#include "resolver/resolver.h"

namespace nsr::daemon {

/// Asks to be told when a process ends. The watcher owns the pidfd and calls Engine::sandbox_ended on the operations
/// thread.
using WatchProcess = std::function<void(const std::string& container_id, UniqueFd pidfd)>;
/// Asks for SIGKILL to the watched process of a container if it lives on for so long.
using KillLater = std::function<void(const std::string& container_id, std::chrono::seconds delay)>;
/// Has something done on the operations thread. Called on any thread.
using PostTask = std::function<void(std::function<void()> task)>;

/// What the engine stands on.
struct EngineParts {
    Settings settings;
    registry::Registry registry;
    std::unique_ptr<net::NetSetup> netsetup;
    std::unique_ptr<net::PortProxy> proxy;
    Sandboxes sandboxes;
    std::unique_ptr<resolver::Resolver> resolver;
    hosts::ResolvConf host_dns;  ///< the host's resolv.conf
    WatchProcess watch;
    KillLater kill_later = [](const std::string&, std::chrono::seconds) {};
    PostTask post = [](const std::function<void()>& task) { task(); };
};

/// The use cases: the only code that sees registry, network set-up and resolver together.
///
/// *State.* Desired state first, then reconcile: an attach commits its intent (`attaching`), makes the kernel and the
/// resolver agree, and commits `attached`. reconcile() at start-up finishes or removes what a crash left half done.
///
/// *Threads.* Operations thread only.
///
/// *Failure.* Every operation happens whole or leaves nothing: each step registers how it is taken back.
class Engine final : public api::Service {
public:
    Engine(EngineParts parts, Metrics& metrics);

    /// Makes kernel, files and resolver agree with the registry; once, at start-up.
    Result<> reconcile();

    /// The host's resolv.conf has changed.
    void set_host_dns(hosts::ResolvConf host);

    /// The process behind a container has ended: its names and links go. No-op if it does not run any more.
    /// `pidfd` leads to it.
    void sandbox_ended(const std::string& container_id, const UniqueFd& pidfd);
    /// Nobody who waits for the end of a command or for an answer from outside is to wait longer: the daemon stops.
    void dismiss_waiting();
    /// No name is answered any more, and the resolver posts nothing. The last call before the destructor.
    void stop_answering() { resolver_.reset(); }

    /// Another program may have changed our firewall table: looks, says what is missing, and mends it if the settings
    /// want that.
    void firewall_changed();
    /// Becomes readable when firewall_changed() should be called.
    int firewall_events() const { return netsetup_->firewall_events(); }
    /// The same for the whole table and all bridges, whether or not anything was noticed.
    void check_kernel();
    /// The same for every link, address and route as well (SIGHUP).
    void check_everything();

    /// Deletes links that wait for it, in one batch. Called now and then while idle.
    void sweep();
    bool wants_sweep() const { return has_unfinished() || netsetup_->has_dying_links(); }
    /// Something could not be done when its time had come, and waits for the next sweep().
    bool has_unfinished() const { return leftovers_ || !ends_.empty(); }

    /// Brings the gauges of the metrics up to date.
    void count();

    api::SystemInfo info() override;

    Result<api::NetworkCreated> create_network(const api::NetworkCreateBody& body) override;
    Result<std::vector<api::NetworkResource>> list_networks(const api::Filters& filters) override;
    Result<api::NetworkResource> inspect_network(const std::string& ref) override;
    Result<> remove_network(const std::string& ref) override;
    Result<api::KernelReport> plan_networks(const std::string& ref) override;
    Result<api::KernelReport> verify_networks(const std::string& ref) override;
    Result<api::KernelReport> repair_networks(const std::string& ref) override;
    Result<std::vector<api::HostFinding>> doctor() override;
    Result<> connect(const std::string& network, const api::ConnectBody& body) override;
    Result<> disconnect(const std::string& network, const api::DisconnectBody& body) override;
    Result<std::vector<std::string>> prune_networks(const api::Filters& filters) override;

    Result<api::ContainerCreated> create_container(const api::ContainerCreateBody& body) override;
    Result<bool> start_container(const std::string& ref) override;
    Result<api::Stopping> stop_container(const std::string& ref, const api::StopTerms& terms) override;
    Result<> restart_container(const std::string& ref) override;
    Result<api::Stopping> kill_container(const std::string& ref, const std::string& signal) override;
    void when_ended(const std::string& id, api::Ended then) override;
    Result<> container_exited(const std::string& ref, int exit_code) override;
    Result<> rename_container(const std::string& ref, const std::string& name) override;
    Result<> remove_container(const std::string& ref, bool force) override;
    Result<std::vector<api::ContainerInspect>> list_containers(bool all, const api::Filters& filters) override;
    Result<api::ContainerInspect> inspect_container(const std::string& ref) override;

    Result<std::vector<std::string>> variables(const std::string& ref) override;
    Result<std::string> resolv_conf(const std::string& ref) override;
    Result<> add_alias(const std::string& network, const std::string& container, const std::string& alias) override;
    Result<> remove_alias(const std::string& network, const std::string& container, const std::string& alias) override;
    void resolve(const api::ResolveQuery& query, api::Resolved then) override;

    Result<> add_records(const std::string& network, const std::vector<registry::Record>& records) override;
    Result<api::RecordsImported> import_records(const std::string& network, const std::string& file) override;
    Result<> remove_record(const std::string& network, const registry::Record& record) override;
    Result<std::vector<registry::Record>> list_records(const std::string& network) override;

private:
    // networks.cpp
    Result<registry::Network> plan_network(const api::NetworkCreateBody& body, std::string& warning);
    Result<> check_bridge_name(const registry::Network& network) const;
    Result<> check_parent(const registry::Network& network) const;
    Result<> release_parent(const registry::Network& network);
    Result<> ensure_link_of(const registry::Network& network);
    /// The same for a network that is there; without its link it is left out of the firewall while the link that has
    /// its name is somebody else's.
    Result<> restore_link_of(const registry::Network& network);
    Result<> remove_link_of(const registry::Network& network);
    Result<> put_network_in_place(const registry::Network& network, Undo& undo);
    Result<> erase_network(const registry::Network& network);
    std::vector<net::BridgeSpec> firewall_bridges() const;
    net::BridgeSpec bridge_with_ports(const registry::Network& network) const;
    net::HostPrefixes host_prefixes();
    std::vector<IpPrefix> prefixes_to_avoid(const net::HostPrefixes& host) const;
    Result<std::vector<registry::IpamConfig>> plan_subnets(const net::IpamRequest& request,
                                                           const std::vector<IpPrefix>& own,
                                                           const net::HostPrefixes& host) const;
    void put_zone(const registry::Network& network);
    api::NetworkResource resource_of(const registry::Network& network) const;

    // kernel_state.cpp
    Result<> apply_firewall();
    Result<> join_firewall(const registry::Network& network);
    bool mends() const { return settings_.nft.repair == Repair::automatic; }
    Result<> restore_firewall(const std::vector<net::BridgeSpec>& bridges, const Error& why);
    Result<std::vector<std::string>> firewall_differences();
    void mend_firewall(const std::vector<std::string>& differences);
    void mend_network(const registry::Network& network, const std::vector<std::string>& differences);
    void mend_bridges();
    Result<std::vector<const registry::Network*>> networks_of(const std::string& ref) const;
    Result<std::vector<std::string>> differences_of(const registry::Network& network);
    Result<> mend(const registry::Network& network);

    // doctor.cpp
    void look_at_other_firewalls();
    api::HostFinding examine_names() const;
    api::HostFinding examine_upstreams() const;

    // connect.cpp
    Result<> leave_removed(const std::string& network_name, const std::string& container_ref, const Error& not_found);
    Result<> check_connect(const registry::Network& network, const registry::Container& container) const;
    Result<> change_aliases(const std::string& network, const std::string& container,
                            const std::function<Result<>(registry::Endpoint&)>& change);

    // attach.cpp
    Result<> attach(const registry::Container& container, const NetNs& sandbox,
                    std::vector<registry::Endpoint>& endpoints, Undo& undo);
    Result<> plan_endpoint(const registry::Container& container, const NetNs& sandbox, registry::Endpoint& endpoint,
                           std::vector<std::string>& interfaces, Undo& undo);
    Result<> link_endpoint(const registry::Endpoint& endpoint, const NetNs& sandbox, Undo& undo);
    Result<> serve_names(const registry::Container& container, const NetNs& sandbox, Undo& undo);
    void put_names(const registry::Container& container, const registry::Endpoint& endpoint);
    void remove_names(const registry::Endpoint& endpoint);
    void put_view(const registry::Container& container);
    net::SandboxRoutes current_routes(const registry::Container& container) const;
    Result<> set_routes(const registry::Container& container, const NetNs& sandbox);
    /// `sandbox_goes`: nobody has the namespace any more after this.
    Result<> unlink(const registry::Endpoint& endpoint, const NetNs& sandbox, bool sandbox_goes = false);

    // lifecycle.cpp
    Result<> start(const registry::Container& container);
    void note_failed_start(const std::string& id, const Error& why);
    Result<> stop(const registry::Container& container, int exit_code);
    Result<> prepare(const registry::Container& container, const NetNs& sandbox);
    bool uses_spare(const registry::Container& container) const;
    Result<> check_sandbox_is_free(const registry::Container& container, const NetNs& sandbox) const;
    Result<> release_kernel_state(const registry::Container& container,
                                  const std::vector<registry::Endpoint>& endpoints);
    Result<const registry::Container*> donor_of(const registry::Container& container) const;
    const registry::Container* known_donor_of(const registry::Container& container) const;

    // process.cpp
    Result<> watch_process(const registry::Container& container);
    Result<UniqueFd> hold_process(const registry::Container& container) const;
    Result<> check_command(const registry::Container& container) const;
    /// Returns false if the command had ended by itself.
    bool signal_command(const registry::Container& container, int signal);
    Result<api::Stopping> end_command(const registry::Container& container, const api::StopTerms& terms);
    Result<api::Stopping> kill_command(const registry::Container& container, const std::string& signal);
    void tell_waiting(const std::string& id, const Result<>& outcome);
    Result<> end(const registry::Container& container, int exit_code);
    void withdraw_names(const registry::Container& container);
    void finish_ends();
    void remove_if_over(const registry::Container& container);

    // files.cpp
    /// Whose files a container sees: its own, or those of the container whose network it has joined (H-15).
    const registry::Container& file_owner(const registry::Container& container) const;
    hosts::HostsInputs hosts_inputs(const registry::Container& container, const std::vector<FixedLink>& links) const;
    std::string resolv_conf_of(const registry::Container& container) const;
    Result<> write_files(const registry::Container& container, const NetNs& sandbox, std::vector<FixedLink> links);
    Result<> refresh_files(const registry::Container& container);
    void refresh_files_or_log(const registry::Container& container);
    void refresh_linked();
    /// Over the files of the process whose namespace was given.
    Result<> cover_files(const registry::Container& container) const;
    Result<> uncover_files(const registry::Container& container) const;
    /// Whether `ip netns exec NAME` leads into the container: only then may it find our files.
    Result<bool> is_shown_to_ip_netns(const registry::Container& container) const;
    void note_netns_files(const std::string& name, const Result<>& done);
    void show_files(const registry::Container& container);
    void hide_files(const registry::Container& container, const std::string& name);

    // given_sandboxes.cpp
    bool is_in_use(const NetNs& sandbox) const;
    Result<> clear_given_sandbox(const registry::Container& stopped);
    void clear_given_sandbox_or_log(const registry::Container& stopped);
    void clear_given_sandboxes();

    // links.cpp
    Result<> check_links(const registry::Container& container) const;
    Result<std::vector<FixedLink>> resolve_links(const registry::Container& container) const;
    /// The containers with legacy links to `target`, as they are when it is called `name`.
    std::vector<registry::Container> with_links_renamed(const registry::Container& target,
                                                        const std::string& name) const;
    std::vector<FixedLink> known_links(const registry::Container& container) const;
    void warn_of_links(const registry::Endpoint& endpoint, std::vector<std::string>& warnings) const;
    void follow_target(FixedLink& link) const;
    std::vector<std::string> variables_of(const registry::Container& container,
                                          const std::vector<FixedLink>& links) const;

    // containers.cpp
    Result<> check_name_is_free(const std::string& name) const;
    Result<> check_donor(registry::Container& container) const;
    Result<> remove(const registry::Container& container);
    api::ContainerInspect inspect_of(const registry::Container& container) const;

    // ports.cpp
    struct Publication {
        std::vector<registry::BoundPort> ports;
        PortTargets targets;

        bool operator==(const Publication&) const = default;
    };
    PortTargets port_targets(const std::string& container_id) const;
    void warn_of_ports(const registry::Container& container, const std::vector<registry::Endpoint>& endpoints,
                       std::vector<std::string>& warnings) const;
    Result<std::vector<registry::BoundPort>> choose_ports(const registry::Container& container,
                                                          const PortTargets& targets);
    Result<> publish_ports(const std::string& container_id, Undo& undo);
    void log_not_held(const registry::Container& container, const std::vector<registry::BoundPort>& ports) const;
    Result<> keep_ports(const std::string& container_id, std::vector<registry::BoundPort> ports);
    Result<> lead_ports(const std::string& container_id, Publication next);
    void carry(const Publication& publication);
    Result<> apply_ports(const Publication& before, const Publication& next);
    std::vector<net::BridgeSpec> published_bridges(const Publication& publication) const;
    void forget_flows(const Publication& before, const Publication& next);
    Result<> withdraw_ports(const std::string& container_id);
    Result<> move_ports(const std::string& container_id);
    Result<> restore_ports();
    void hold_ports(const registry::Container& container);
    Result<> complete_ports(const std::string& container_id);

    // resolve.cpp
    struct Lookup {
        std::string container_id;
        api::Resolved then;
    };
    Result<api::ResolveResult> resolve_everywhere(const api::ResolveQuery& query);
    Result<const registry::Container*> find_asker(const std::string& ref) const;
    void resolve_from(const api::ResolveQuery& query, api::Resolved then);
    void explained(std::uint64_t lookup, const Result<resolver::Explanation>& explanation);
    /// The lookups of one container, or of all (""), are not answered any more.
    void dismiss_lookups(const std::string& container_id, const Error& why);

    // reconcile.cpp
    Result<> ensure_predefined_networks();
    Result<> settle_endpoints();
    Result<> restore_networks();
    void restore_containers();
    Result<> restore_links(const registry::Container& container);
    void restore_addresses(const registry::Container& container);
    void restore_names(const registry::Container& container);
    Result<> remove_leftovers(unsigned links = 0);
    void restore_netns_files();
    std::set<std::string> wanted_links() const;

    Settings settings_;
    registry::Registry registry_;
    std::unique_ptr<net::NetSetup> netsetup_;
    std::unique_ptr<net::PortProxy> proxy_;
    Sandboxes sandboxes_;
    std::unique_ptr<resolver::Resolver> resolver_;
    hosts::ResolvConf host_dns_;
    WatchProcess watch_;
    KillLater kill_later_;
    PostTask post_;
    std::multimap<std::string, api::Ended> waiting_;  ///< for the end of a command, by container
    std::map<std::uint64_t, Lookup> lookups_;         ///< that wait for servers outside
    std::uint64_t last_lookup_ = 0;
    ContainerFiles files_;
    NetnsFiles netns_files_;
    std::set<std::string> unusable_;  ///< networks whose link's name belongs to a link of somebody else's
    std::set<std::string> served_;    ///< containers in whose namespaces the resolver listens
    Addresses addresses_;
    ExclusiveAliases exclusive_;
    PortBook book_;
    std::map<std::string, Publication> published_;  ///< by container
    std::string leaving_;                           ///< the network that is being removed and has no rules any more
    bool leftovers_ = false;                        ///< something could not be removed when its time had come
    std::map<std::string, int> ends_;               ///< ends that could not be registered: exit status by container
    std::vector<std::string> foreign_warnings_;     ///< about other firewalls that cut our traffic
    std::vector<std::string> known_differences_;    ///< of the firewall, as last logged
    Metrics& metrics_;
};

/// Whether the container was made for a command (`run`), whose process it ends with.
bool runs_command(const registry::Container& container);

/// The endpoint as it is wanted at the next start, without what it held.
registry::Endpoint configured(registry::Endpoint endpoint);

}  // namespace nsr::daemon
