#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/netns.h"
#include "common/result.h"
#include "netsetup/finding.h"
#include "netsetup/flows.h"
#include "netsetup/spec.h"

namespace nsr::net {

/// What of the host must not be given to a network automatically (docker-behaviour N-04).
struct HostPrefixes {
    std::vector<IpPrefix> on_link;  ///< connected routes (scope link) of the host
    std::vector<IpPrefix> others;   ///< what it has or reaches by others: for a warning only (N-05)
    std::vector<IpPrefix> sinks;    ///< what it lets nobody reach: to stay out of while there is other room
};

/// The kernel's side: links, addresses, routes, sysctls, nftables. All calls on the operations thread; each happens
/// whole or leaves nothing and says why. Names, links and tables of others are never changed.
///
/// Everything that puts something in place is idempotent ("ensure"), so that attach and reconcile are the same call.
class NetSetup {
public:
    /// Opens the handles in the calling thread's namespace, which is "the host" from then on.
    /// `run_dir`: where to remember what must not outlive the boot; "": nowhere. `spare`: whether order_sandbox() does
    /// anything.
    static Result<std::unique_ptr<NetSetup>> open(const std::string& run_dir = "", bool spare = false);
    virtual ~NetSetup() = default;

    /// The bridge is there, in our group, up, with exactly these addresses. A foreign link of that name is a conflict.
    virtual Result<> ensure_bridge(const BridgeSpec& spec) = 0;
    virtual Result<> remove_bridge(const std::string& name) = 0;

    /// The parent link is there. A sub-interface or dummy that is missing is made, in our group; refusals are Docker's
    /// (docker-behaviour M-13 to M-15), Errc::unsupported where the kernel has no links of that kind. A bridge or veth
    /// of ours is a conflict: it goes with its own network.
    virtual Result<> ensure_parent(const ParentSpec& spec) = 0;
    /// The MAC of the parent, which every link on it has where UpperLink::has_parents_mac().
    virtual Result<MacAddress> mac_of_parent(const UpperLink& upper) = 0;
    /// Whether the parent, which is there, can carry such links: refused are a larger MTU than its own, ports of
    /// bridges and bonds, and links that are not Ethernet.
    virtual Result<> check_parent(const UpperLink& upper, std::optional<std::uint32_t> mtu) = 0;
    /// Deletes a parent that ensure_parent made; others are left alone.
    virtual Result<> remove_parent(const std::string& name) = 0;

    /// A container that asks our resolver will soon start in a sandbox of its own: one is made in the meantime.
    virtual void order_sandbox() {}
    /// A sandbox that was ordered; prepare_sandbox() and ensure_dns_rewrite() find their work done there. None: whoever
    /// starts makes his own.
    virtual std::optional<NetNs> take_sandbox() { return std::nullopt; }

    /// lo up and the sysctls of N-44 in a sandbox that we made.
    virtual Result<> prepare_sandbox(const NetNs& sandbox) = 0;

    /// Only lo up, in a sandbox that is not ours (its sysctls are its owner's business).
    virtual Result<> ensure_loopback(const NetNs& sandbox) = 0;

    /// The port-53 rewrite of the resolver in a sandbox (ADR 0003): table `ip ns-register-dns`.
    virtual Result<> ensure_dns_rewrite(const NetNs& sandbox) = 0;
    virtual Result<> remove_dns_rewrite(const NetNs& sandbox) = 0;

    /// The veth pair is there: host end in our group, in its bridge and up; inside end with name, MAC, addresses, up.
    /// A pair that is already right is left alone; a wrong one is made again.
    virtual Result<> ensure_interface(const InterfaceSpec& spec, const NetNs& sandbox) = 0;

    /// Takes the host end out of its bridge (its address can be given out again right after that), into the group of
    /// dying links; sweep() deletes those. Inside, the other end `name` is set down and renamed out of the way at once
    /// (to a name of its own, "gone" + 7 hex), so that its name and addresses are free again. No-op for an end that is
    /// gone. An empty `host_name` stands for an upper link, which is deleted inside at once.
    /// Says whether the container may have had any flows there.
    virtual Result<Traffic> remove_interface(const std::string& host_name, const std::string& name,
                                             const NetNs& sandbox) = 0;
    /// The same for a sandbox that is let go right after: nothing is changed inside, and the host end stays a port of
    /// its bridge until sweep(), closed, so that nothing passes it. This waits for no grace period of the kernel.
    virtual Result<Traffic> abandon_interface(const std::string& host_name, const std::string& name,
                                              const NetNs& sandbox) = 0;

    /// Deletes the upper links of ours in a sandbox whose names are not in `wanted`: what a crash may have left there,
    /// where no sweep of the host sees it.
    virtual Result<> sweep_upper_interfaces(const NetNs& sandbox, const std::set<std::string>& wanted) = 0;

    /// Our default routes are these; others' stay. False: one is not there, for somebody else's is in its place.
    virtual Result<bool> set_default_routes(const NetNs& sandbox, const SandboxRoutes& routes) = 0;

    /// The host's table `inet ns-register` is what these networks need: one transaction of what has changed since the
    /// last one. The first call compares, and replaces the whole. What others did to the table is left (see
    /// firewall_touched); if that makes the transaction impossible it fails. Then forwarding is turned on, behind rules
    /// that keep apart what it did not connect before (forwarding.h).
    virtual Result<> ensure_firewall(const std::vector<BridgeSpec>& bridges) = 0;
    /// Of that, only what a new network needs that has no published ports; costs the same however many others there
    /// are. False, and nothing is done: it is the first that needs forwarding, or somebody has turned that off, so
    /// ensure_firewall() is wanted.
    virtual Result<bool> join_firewall(const BridgeSpec&) { return false; }
    /// Of that, only what one container's published ports need: `before` and `next` are the bridges that they went and
    /// go through, each with the ports of this container alone. Costs the same however many others are published.
    virtual Result<> publish(const std::vector<BridgeSpec>& before, const std::vector<BridgeSpec>& next) = 0;
    /// How the table differs from that, a line each; empty: it does not.
    virtual Result<std::vector<std::string>> verify_firewall(const std::vector<BridgeSpec>& bridges) = 0;
    /// Puts the whole table in place again, in one transaction.
    virtual Result<> replace_firewall(const std::vector<BridgeSpec>& bridges) = 0;
    /// Whether another program may have changed the table since it was last verified or replaced. Cheap.
    virtual bool firewall_touched() = 0;
    /// A file descriptor that becomes readable when firewall_touched() may have changed; -1: none.
    virtual int firewall_events() const = 0;

    /// Whether the firewall of another program has changed since this was asked last. Cheap.
    virtual bool other_firewalls_changed() = 0;
    /// What of other firewalls cuts the traffic of these networks; one finding that is right if nothing does.
    virtual Result<std::vector<Finding>> foreign_firewalls(const std::vector<BridgeSpec>& bridges) = 0;
    /// Docker's chain DOCKER-USER accepts the traffic of exactly these networks; no-op where there is none.
    virtual Result<> let_docker_pass(const std::vector<BridgeSpec>& bridges) = 0;
    /// Settings of the kernel that these networks depend on, and links of ours that are not in `wanted`.
    virtual std::vector<Finding> examine(const std::vector<BridgeSpec>& bridges,
                                         const std::set<std::string>& wanted) = 0;
    /// The names of the links in a sandbox.
    virtual Result<std::vector<std::string>> interfaces_in(const NetNs& sandbox) = 0;

    /// How the kernel differs from the spec, a line each ("link 'br-x' is missing"); empty: it does not. Nothing is
    /// changed.
    virtual Result<std::vector<std::string>> verify_bridge(const BridgeSpec& spec) = 0;
    virtual Result<std::vector<std::string>> verify_interface(const InterfaceSpec& spec, const NetNs& sandbox) = 0;
    virtual Result<std::vector<std::string>> verify_default_routes(const NetNs& sandbox,
                                                                   const SandboxRoutes& routes) = 0;

    /// Removes links of our groups whose names are not in `wanted`, and deletes the dying ones in one request. Returns
    /// how many were too many (dying ones not counted).
    virtual Result<unsigned> sweep(const std::set<std::string>& wanted) = 0;

    /// Flows from and to addresses that containers have given back are forgotten by the next sweep(), and before one of
    /// them is used again at the latest.
    virtual void forget_addresses(const std::vector<IpAddress>& addresses) = 0;

    /// Flows of published ports that have changed are forgotten now.
    virtual Result<> forget_ports(const StalePorts& ports) = 0;

    /// Whether dying links, or sockets that are slow to close, wait for a sweep.
    virtual bool has_dying_links() const = 0;

    virtual Result<HostPrefixes> host_prefixes() = 0;
};

/// What a network has in the host's table, an element a line: "set masquerade4: 172.18.0.0/16".
std::vector<std::string> describe_firewall(const BridgeSpec& bridge);

/// The network namespaces that the daemon makes and keeps, pinned by bind mounts at RUN_DIR/netns/<id12>.
class NetnsKeeper {
public:
    /// Makes RUN_DIR/netns a shared bind mount of itself if it is not (as `ip netns` does with /run/netns). With
    /// `link_names`, namespaces are also bound at /run/netns/NAME, if that name is free.
    static Result<NetnsKeeper> open(const std::string& run_dir, bool link_names);

    /// A new namespace, or the one that is `ready`, pinned. `key` is the container's short id, `name` the container's
    /// name.
    Result<NetNs> create(const std::string& key, const std::string& name, std::optional<NetNs> ready = std::nullopt);
    /// The pinned namespace, or Errc::not_found (also when the file is there but nothing is mounted on it).
    Result<NetNs> find(const std::string& key) const;
    /// umount and unlink, both; also of the name ("": of every name that stands for it). No-op if there is none.
    Result<> release(const std::string& key, const std::string& name);
    /// Removes the file that a crash may have left of a name whose namespace is gone. Others' files stay.
    void clear_name(const std::string& name) const;
    /// Keys of everything that is there, stale files included.
    Result<std::vector<std::string>> list() const;
    /// The container has another name now. The same name twice: puts it in place if a renaming was cut short.
    Result<> rename(const std::string& key, const std::string& old_name, const std::string& new_name);

    std::string path(const std::string& key) const;

private:
    NetnsKeeper(std::string directory, bool link_names);
    std::string directory_;
    bool link_names_;
    std::set<std::string> unfinished_;  ///< names that release() could not remove
};

}  // namespace nsr::net
