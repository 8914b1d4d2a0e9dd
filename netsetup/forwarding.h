#pragma once

#include <set>
#include <string>

#include "common/result.h"
#include "netsetup/finding.h"
#include "netsetup/netlink/socket.h"
#include "netsetup/nft/policy.h"

namespace nsr::net {

/// The host's forwarding, which the kernel turns on for all links or none: a host that forwarded nothing would become a
/// router between its other links, too. Docker answers that with policy DROP, which cuts off others who come later; we
/// keep apart the links that were there when we turned it on, and no others.
///
/// Remembered in RUN_DIR, which like the setting ends with the boot. Whoever wants a router removes the file and
/// restarts us. All calls in the host's namespace.
class Forwarding {
public:
    /// `run_dir`: where to remember; "": nowhere.
    explicit Forwarding(std::string run_dir) : run_dir_(std::move(run_dir)) {}

    /// The links that must be kept apart before turn_on(v4, v6) is called, and from then on. Links of ours never are.
    Result<KeptApart> decide(netlink::Socket& host, bool v4, bool v6);
    static Result<> turn_on(bool v4, bool v6);
    /// Whether IPv4 is forwarded, and with `v6` IPv6 as well.
    static bool forwards(bool v6);

    /// For `doctor`: right in any case, empty `check` if nothing is kept apart.
    Finding examine() const;

private:
    Result<> decide_family(netlink::Socket& host, Family family, bool wanted);
    std::string file_of(Family family) const;
    std::set<std::string>& links_of(Family family) { return family == Family::v4 ? apart_.v4 : apart_.v6; }

    std::string run_dir_;
    KeptApart apart_;
    std::set<Family> known_;  ///< families that were found or turned on since we run
};

}  // namespace nsr::net
