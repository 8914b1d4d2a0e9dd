#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/netns.h"
#include "common/result.h"
#include "netsetup/finding.h"
#include "netsetup/netlink/nft_monitor.h"
#include "netsetup/nft/foreign.h"
#include "netsetup/nft/policy.h"
#include "netsetup/nft/runner.h"

namespace nsr::net {

/// Keeps the host's table what the networks need.
///
/// The first ensure() replaces whatever a former run left, if it is not right. Later ones change only the elements that
/// differ from what we put in place last, without reading the table: whether somebody else has changed it the kernel
/// tells (touched()), and only verify() looks.
class Firewall {
public:
    /// `host`: the namespace whose firewall it is.
    static Result<Firewall> open(NetNs host);

    /// From the next ensure() or replace() on.
    void keep_apart(KeptApart links) { apart_ = std::move(links); }

    Result<> ensure(const std::vector<BridgeSpec>& bridges);

    /// See NetSetup::join_firewall: the elements of this bridge alone. After the first ensure() only.
    Result<> join(const BridgeSpec& bridge);
    /// See NetSetup::publish: touches the elements of these ports alone, however many others there are. After the first
    /// ensure() only.
    Result<> publish(const std::vector<BridgeSpec>& before, const std::vector<BridgeSpec>& next);

    /// How the table differs from what these networks need, a line each: "missing: ...", "not ours: ...". Empty: it
    /// does not. Afterwards touched() is false until the next change of somebody else's.
    Result<std::vector<std::string>> verify(const std::vector<BridgeSpec>& bridges);

    /// Puts the whole table in place again.
    Result<> replace(const std::vector<BridgeSpec>& bridges);

    /// Whether somebody else may have changed the table since it was replaced or verified.
    bool touched();
    /// Whether a table of another program has changed since this was asked last.
    bool others_changed();

    /// The chains of other programs that would cut the traffic of these networks, each with the line that lets it pass;
    /// one finding that is right if there are none.
    Result<std::vector<Finding>> examine_others(const std::vector<BridgeSpec>& bridges);

    /// Docker's own chain for the rules of others accepts the traffic of these networks, where it is there.
    Result<> let_docker_pass(const std::vector<BridgeSpec>& bridges);

    /// Becomes readable when touched() or others_changed() may have changed.
    int events() const { return monitor_.fd(); }

private:
    Firewall(NetNs host, Nft nft, netlink::NftMonitor monitor)
        : host_(std::move(host)), nft_(std::move(nft)), monitor_(std::move(monitor)) {}
    void note(const netlink::TableEvents& events, unsigned own);
    Result<std::string> rules_beside(const ForwardChain& drop, bool docker_user);
    Result<std::vector<ForwardChain>> dropping_chains(std::string_view chains);
    HostPolicy wanted(const std::vector<BridgeSpec>& bridges) const;
    Result<> exchange(HostPolicy from, const HostPolicy& to);
    Result<> change(const std::string& commands);
    Result<const std::string*> expected_listing(const HostPolicy& policy);
    Result<> renew();

    /// How nft shows the table of a policy.
    struct Expected {
        HostPolicy policy;
        std::string listing;
    };

    NetNs host_;
    Nft nft_;
    netlink::NftMonitor monitor_;
    KeptApart apart_;
    unsigned commands_ = 0;             ///< since the context was opened
    std::optional<HostPolicy> policy_;  ///< what we put in place last
    std::optional<Expected> expected_;
    bool touched_ = false;
    bool others_changed_ = true;
    bool none_drops_ = false;         ///< no other program's chain did, and none has changed since
    std::set<std::string> let_pass_;  ///< families in which DOCKER-USER has our rules
};

}  // namespace nsr::net
