#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/netns.h"
#include "common/result.h"
#include "netsetup/nft/policy.h"
#include "netsetup/nft/runner.h"

namespace nsr::net {

/// Keeps the host's table what the networks need.
///
/// The first ensure() replaces whatever a former run left. Later ones compare the table with what it was after our own
/// last change: equal, only the elements that differ are changed; touched by somebody, the whole is put in place again.
class Firewall {
public:
    /// `host`: the namespace whose firewall it is.
    static Result<Firewall> open(NetNs host);

    Result<> ensure(const std::vector<BridgeSpec>& bridges);

private:
    Firewall(NetNs host, Nft nft) : host_(std::move(host)), nft_(std::move(nft)) {}
    Result<> remember(HostPolicy policy);
    Result<> renew();

    NetNs host_;
    Nft nft_;
    unsigned commands_ = 0;             ///< since the context was opened
    std::optional<HostPolicy> policy_;  ///< what we put in place last
    std::string listing_;               ///< and what nft showed of it
};

}  // namespace nsr::net
