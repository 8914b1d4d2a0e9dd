#include "netsetup/netsetup.h"

#include <unistd.h>
#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "common/log.h"
#include "netsetup/accept_ra.h"
#include "netsetup/announce.h"
#include "netsetup/bridge.h"
#include "netsetup/doctor.h"
#include "netsetup/flow_cleaner.h"
#include "netsetup/forwarding.h"
#include "netsetup/interface.h"
#include "netsetup/netlink/address.h"
#include "netsetup/netlink/link.h"
#include "netsetup/netlink/route.h"
#include "netsetup/nft/dns_rewrite.h"
#include "netsetup/nft/firewall.h"
#include "netsetup/sandbox.h"
#include "netsetup/spare_sandbox.h"
#include "netsetup/sweep.h"
#include "netsetup/sysctl.h"
#include "netsetup/upper_interface.h"
#include "netsetup/verify.h"

namespace nsr::net {
namespace {

/// What is opened on the host.
struct Handles {
    NetNs host;
    netlink::Socket links;
    netlink::Socket conntrack;
    NetNs cleaner_host;
    netlink::Socket cleaner_conntrack;
    std::optional<SysctlDirectory> conf6;  ///< ipv6/conf; none without IPv6
};

/// Who connects to the host's own 127.0.0.1:PORT is sent to the container from there; the table guards the bridge's
/// side.
Result<> let_loopback_out(const std::vector<BridgeSpec>& bridges) {
    for (const BridgeSpec& bridge : bridges) {
        if (!needs_route_localnet(bridge)) continue;
        // A bridge that could not be restored leads nowhere.
        if (::access(("/proc/sys/net/ipv4/conf/" + bridge.name).c_str(), F_OK) != 0) continue;
        if (auto set = set_sysctl("net/ipv4/conf/" + bridge.name + "/route_localnet", "1"); !set) return set;
    }
    return {};
}

/// The running kernel. Its handles were opened on the host and stay there.
class Kernel final : public NetSetup {
public:
    Kernel(Handles handles, Firewall firewall, Forwarding forwarding, bool spare)
        : host_(std::move(handles.host)),
          socket_(std::move(handles.links)),
          conntrack_(std::move(handles.conntrack)),
          host_conf6_(std::move(handles.conf6)),
          firewall_(std::move(firewall)),
          forwarding_(std::move(forwarding)),
          cleaner_(std::move(handles.cleaner_host), std::move(handles.cleaner_conntrack)) {
        if (spare) spare_.emplace();
    }

    Result<> ensure_bridge(const BridgeSpec& spec) override {
        let_out_.erase(spec.name);
        return host_.call([&] { return net::ensure_bridge(socket_, spec); });
    }
    Result<> remove_bridge(const std::string& name) override {
        announcer_.forget(name);
        let_out_.erase(name);
        return net::remove_bridge(socket_, name);
    }
    Result<> ensure_parent(const ParentSpec& spec) override { return net::ensure_parent(socket_, spec); }
    Result<MacAddress> mac_of_parent(const UpperLink& upper) override { return net::mac_of_parent(socket_, upper); }
    Result<> check_parent(const UpperLink& upper, std::optional<std::uint32_t> mtu) override {
        return net::check_parent(socket_, upper, mtu);
    }
    Result<> remove_parent(const std::string& name) override { return net::remove_parent(socket_, name); }
    void order_sandbox() override {
        if (spare_) spare_->order();
    }
    std::optional<NetNs> take_sandbox() override;
    Result<> prepare_sandbox(const NetNs& sandbox) override;
    Result<> ensure_loopback(const NetNs& sandbox) override { return begin(sandbox, false); }
    Result<> ensure_dns_rewrite(const NetNs& sandbox) override {
        served_.insert(sandbox.inode());
        if (rewritten_ && std::exchange(rewritten_, std::nullopt) == sandbox.inode()) return {};
        return net::ensure_dns_rewrite(sandbox);
    }
    Result<> remove_dns_rewrite(const NetNs& sandbox) override {
        served_.erase(sandbox.inode());
        auto socket = net::remove_dns_rewrite(sandbox);
        if (!socket) return fail(socket.error());
        slow_to_close_.push_back(std::move(*socket));
        return {};
    }

    Result<> ensure_interface(const InterfaceSpec& spec, const NetNs& sandbox) override;
    Result<Traffic> remove_interface(const std::string& host_name, const std::string& name,
                                     const NetNs& sandbox) override {
        inside_.reset();
        if (host_name.empty()) return remove_upper(name, sandbox);
        return note_dying(net::remove_interface(socket_, host_name, name, sandbox));
    }
    Result<Traffic> abandon_interface(const std::string& host_name, const std::string& name,
                                      const NetNs& sandbox) override {
        inside_.reset();
        if (host_name.empty()) return remove_upper(name, sandbox);
        return note_dying(net::abandon_interface(socket_, host_name, name, sandbox));
    }
    Result<> sweep_upper_interfaces(const NetNs& sandbox, const std::set<std::string>& wanted) override {
        return net::sweep_upper_interfaces(sandbox, wanted);
    }
    Result<bool> set_default_routes(const NetNs& sandbox, const SandboxRoutes& routes) override;
    Result<> ensure_firewall(const std::vector<BridgeSpec>& bridges) override;
    Result<bool> join_firewall(const BridgeSpec& bridge) override;
    Result<> publish(const std::vector<BridgeSpec>& before, const std::vector<BridgeSpec>& next) override;
    Result<std::vector<std::string>> verify_firewall(const std::vector<BridgeSpec>& bridges) override {
        return firewall_.verify(bridges);
    }
    Result<> replace_firewall(const std::vector<BridgeSpec>& bridges) override { return firewall_.replace(bridges); }
    bool firewall_touched() override { return firewall_.touched(); }
    int firewall_events() const override { return firewall_.events(); }
    bool other_firewalls_changed() override { return firewall_.others_changed(); }
    Result<std::vector<Finding>> foreign_firewalls(const std::vector<BridgeSpec>& bridges) override {
        return firewall_.examine_others(bridges);
    }
    Result<> let_docker_pass(const std::vector<BridgeSpec>& bridges) override {
        return firewall_.let_docker_pass(bridges);
    }
    std::vector<Finding> examine(const std::vector<BridgeSpec>& bridges, const std::set<std::string>& wanted) override;
    Result<std::vector<std::string>> interfaces_in(const NetNs& sandbox) override;
    Result<std::vector<std::string>> verify_bridge(const BridgeSpec& spec) override {
        return host_.call([&] { return net::verify_bridge(socket_, spec); });
    }
    Result<std::vector<std::string>> verify_interface(const InterfaceSpec& spec, const NetNs& sandbox) override {
        auto differences = net::verify_interface(socket_, spec, sandbox);
        if (!differences || !served_.contains(sandbox.inode())) return differences;
        const auto rewritten = net::has_dns_rewrite(sandbox);
        if (!rewritten) return fail(rewritten.error());
        if (!*rewritten) {
            differences->push_back("the table 'ns-register-dns' is missing or not ours in the container's namespace");
        }
        return differences;
    }
    Result<std::vector<std::string>> verify_default_routes(const NetNs& sandbox, const SandboxRoutes& routes) override {
        return net::verify_default_routes(sandbox, routes);
    }

    Result<unsigned> sweep(const std::set<std::string>& wanted) override {
        slow_to_close_.clear();
        inside_.reset();
        taken_.reset();
        auto swept = net::sweep(socket_, wanted);
        if (swept) dying_ = false;
        return swept;
    }
    void forget_addresses(const std::vector<IpAddress>& addresses) override {
        cleaner_.forget({addresses.begin(), addresses.end()});
    }
    Result<> forget_ports(const StalePorts& ports) override {
        auto forgotten = host_.call([&] { return net::forget_ports(conntrack_, ports); });
        if (!forgotten) return fail(std::move(forgotten).error());
        return {};
    }
    bool has_dying_links() const override { return dying_ || !slow_to_close_.empty(); }
    Result<HostPrefixes> host_prefixes() override;

private:
    /// The sandbox of a container that starts: one socket there does for all steps from prepare_sandbox() or
    /// ensure_loopback() to set_default_routes(). It keeps the namespace alive, so whatever fails closes it.
    struct Inside {
        std::uint64_t inode;
        netlink::Socket socket;
        bool fresh;         ///< a namespace made for this
        bool begun = true;  ///< to be kept for the next step
    };

    Result<> begin(const NetNs& sandbox, bool fresh);
    Result<Inside> enter(const NetNs& sandbox);
    static Result<Traffic> remove_upper(const std::string& name, const NetNs& sandbox) {
        if (auto removed = net::remove_upper_interface(name, sandbox); !removed) return fail(removed.error());
        return Traffic::some;
    }
    Result<Traffic> note_dying(const Result<Removal>& removed) {
        if (!removed) return fail(removed.error());
        dying_ = dying_ || removed->dying;
        return removed->traffic;
    }

    NetNs host_;
    netlink::Socket socket_;
    netlink::Socket conntrack_;
    std::optional<SysctlDirectory> host_conf6_;
    Firewall firewall_;
    Forwarding forwarding_;
    FlowCleaner cleaner_;
    Announcer announcer_;
    std::optional<Inside> inside_;
    std::optional<SpareSandbox> spare_;
    std::optional<Inside> taken_;             ///< what take_sandbox() gave, until prepare_sandbox()
    std::optional<std::uint64_t> rewritten_;  ///< of that, until ensure_dns_rewrite()
    std::set<std::uint64_t> served_;  ///< namespaces with ensure_dns_rewrite(); stale ones until one is begun with
    std::set<std::string> let_out_;   ///< bridges for which publish() has done let_loopback_out(), to spare looking
    bool forwards4_ = false;          ///< since ensure_firewall(), behind its rules
    bool forwards6_ = false;
    bool dying_ = false;
    std::vector<netlink::Socket> slow_to_close_;  ///< by now; closed at the next sweep
};

Result<> Kernel::begin(const NetNs& sandbox, bool fresh) {
    served_.erase(sandbox.inode());
    inside_.reset();
    taken_.reset();
    rewritten_.reset();
    auto socket = netlink::Socket::open_in(sandbox);
    if (!socket) return fail(socket.error());
    if (auto raised = net::ensure_loopback(*socket); !raised) return raised;
    inside_.emplace(sandbox.inode(), std::move(*socket), fresh);
    return {};
}

std::optional<NetNs> Kernel::take_sandbox() {
    auto ready = spare_ ? spare_->take() : std::nullopt;
    if (!ready) return std::nullopt;
    taken_.emplace(ready->sandbox.inode(), std::move(ready->inside), true);
    return std::move(ready->sandbox);
}

Result<> Kernel::prepare_sandbox(const NetNs& sandbox) {
    if (taken_ && taken_->inode == sandbox.inode()) {
        served_.erase(sandbox.inode());
        inside_ = std::exchange(taken_, std::nullopt);
        rewritten_ = sandbox.inode();
        return {};
    }
    if (auto set = set_sandbox_sysctls(sandbox); !set) return set;
    return begin(sandbox, true);
}

Result<> Kernel::ensure_interface(const InterfaceSpec& spec, const NetNs& sandbox) {
    std::vector<IpAddress> used;
    for (const IpPrefix& address : spec.addresses) used.push_back(address.address());
    cleaner_.hurry(used);
    if (spec.upper) return net::ensure_upper_interface(socket_, spec, sandbox);
    auto inside = enter(sandbox);
    if (!inside) return fail(inside.error());
    auto ensured = net::ensure_interface(socket_, host_conf6_, inside->socket, spec, sandbox);
    // What is on its way out still takes places of a bridge.
    if (!ensured && dying_ && ensured.error().code() == Errc::conflict && net::sweep_dying(socket_)) {
        ensured = net::ensure_interface(socket_, host_conf6_, inside->socket, spec, sandbox);
    }
    if (!ensured) return ensured;
    if (inside->begun) inside_ = std::move(*inside);
    announcer_.attached(host_, socket_, spec);
    return {};
}

Result<bool> Kernel::set_default_routes(const NetNs& sandbox, const SandboxRoutes& routes) {
    auto inside = enter(sandbox);
    if (!inside) return fail(inside.error());
    return net::set_default_routes(inside->socket, routes, inside->fresh);
}

/// The sandbox that was begun with, taken from where it is kept, or another.
Result<Kernel::Inside> Kernel::enter(const NetNs& sandbox) {
    auto begun = std::exchange(inside_, std::nullopt);
    if (begun && begun->inode == sandbox.inode()) return std::move(*begun);
    auto socket = netlink::Socket::open_in(sandbox);
    if (!socket) return fail(socket.error());
    return Inside{sandbox.inode(), std::move(*socket), false, false};
}

Result<> Kernel::publish(const std::vector<BridgeSpec>& before, const std::vector<BridgeSpec>& next) {
    if (auto published = firewall_.publish(before, next); !published) return published;
    const auto is_new = [this](const BridgeSpec& bridge) { return !let_out_.contains(bridge.name); };
    if (std::ranges::none_of(next, is_new)) return {};
    if (auto out = host_.call([&next] { return let_loopback_out(next); }); !out) return out;
    for (const BridgeSpec& bridge : next) let_out_.insert(bridge.name);
    return {};
}

Result<> Kernel::ensure_firewall(const std::vector<BridgeSpec>& bridges) {
    const bool v4 = !bridges.empty();
    const bool v6 = std::ranges::any_of(bridges, has_v6);
    auto apart = host_.call([&] { return forwarding_.decide(socket_, v4, v6); });
    if (!apart) return fail(apart.error());
    firewall_.keep_apart(std::move(*apart));
    // First the guard, then what it guards.
    if (auto ensured = firewall_.ensure(bridges); !ensured) return ensured;
    if (auto out = host_.call([&bridges] { return let_loopback_out(bridges); }); !out) return out;
    auto on = host_.call([v4, v6] { return Forwarding::turn_on(v4, v6); });
    forwards4_ = on && v4;
    forwards6_ = on && v6;
    return on;
}

Result<bool> Kernel::join_firewall(const BridgeSpec& bridge) {
    const bool v6 = has_v6(bridge);
    if (!forwards4_ || (v6 && !forwards6_)) return false;
    const auto still_on = host_.call([v6]() -> Result<bool> { return Forwarding::forwards(v6); });
    if (!still_on || !*still_on) return still_on;
    if (auto joined = firewall_.join(bridge); !joined) return fail(joined.error());
    return true;
}

std::vector<Finding> Kernel::examine(const std::vector<BridgeSpec>& bridges, const std::set<std::string>& wanted) {
    auto findings = examine_settings(bridges);
    if (auto routing = forwarding_.examine(); !routing.check.empty()) findings.push_back(std::move(routing));
    if (std::ranges::any_of(bridges, has_v6)) {
        findings.push_back(examine_accept_ra(socket_));
    }
    auto leftovers = examine_leftovers(socket_, wanted);
    findings.push_back(leftovers ? std::move(*leftovers)
                                 : Finding{"leftover links", false, leftovers.error().message(), ""});
    return findings;
}

Result<std::vector<std::string>> Kernel::interfaces_in(const NetNs& sandbox) {
    auto socket = netlink::Socket::open_in(sandbox);
    if (!socket) return fail(socket.error());
    const auto links = netlink::list_links(*socket);
    if (!links) return fail(links.error());
    std::vector<std::string> names;
    for (const auto& link : *links) names.push_back(link.name);
    return names;
}

Result<HostPrefixes> Kernel::host_prefixes() {
    HostPrefixes prefixes;
    for (const Family family : {Family::v4, Family::v6}) {
        const auto routes = netlink::list_routes(socket_, family);
        if (!routes) return fail(routes.error());
        for (const netlink::Route& route : *routes) {
            if (route.destination.length() == 0) continue;
            (route.scope_link ? prefixes.on_link : prefixes.others).push_back(route.destination);
        }
        const auto sinks = netlink::list_sinks(socket_, family);
        if (!sinks) return fail(sinks.error());
        std::ranges::copy_if(*sinks, std::back_inserter(prefixes.sinks),
                             [](const IpPrefix& each) { return each.length() > 0; });
    }
    const auto addresses = netlink::list_addresses(socket_, netlink::kAnyLink);
    if (!addresses) return fail(addresses.error());
    for (const IpPrefix& address : *addresses) {
        prefixes.others.emplace_back(address.address(), address.length() + address.host_bits());
    }
    return prefixes;
}

}  // namespace

std::vector<std::string> describe_firewall(const BridgeSpec& bridge) {
    std::vector<std::string> lines;
    const HostPolicy policy = policy_of({bridge});
    for (const NamedSet& set : kHostSets) {
        const auto found = policy.find(set.name);
        if (found == policy.end()) continue;
        for (const auto& element : found->second) {
            lines.push_back(std::string(set.kind) + " " + set.name + ": " + element);
        }
    }
    return lines;
}

Result<std::unique_ptr<NetSetup>> NetSetup::open(const std::string& run_dir, bool spare) {
    auto host = NetNs::current();
    if (!host) return fail(host.error());
    auto socket = netlink::Socket::open();
    if (!socket) return fail(socket.error());
    auto conntrack = netlink::Socket::open(netlink::Subsystem::netfilter);
    if (!conntrack) return fail(conntrack.error());
    auto cleaner_conntrack = netlink::Socket::open(netlink::Subsystem::netfilter);
    if (!cleaner_conntrack) return fail(cleaner_conntrack.error());
    auto copy = host->duplicate();
    if (!copy) return fail(copy.error());
    auto cleaner_host = host->duplicate();
    if (!cleaner_host) return fail(cleaner_host.error());
    auto firewall = Firewall::open(std::move(*copy));
    if (!firewall) return fail(firewall.error());
    auto conf6 = SysctlDirectory::open("ipv6/conf");
    if (!conf6 && conf6.error().code() != Errc::not_found) return fail(conf6.error());
    Handles handles{std::move(*host),
                    std::move(*socket),
                    std::move(*conntrack),
                    std::move(*cleaner_host),
                    std::move(*cleaner_conntrack),
                    conf6 ? std::optional(std::move(*conf6)) : std::nullopt};
    return std::make_unique<Kernel>(std::move(handles), std::move(*firewall), Forwarding(run_dir), spare);
}

}  // namespace nsr::net
