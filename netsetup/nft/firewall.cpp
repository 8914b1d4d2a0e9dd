#include "netsetup/nft/firewall.h"

#include <utility>

#include "netsetup/nft/ruleset.h"

namespace nsr::net {
namespace {

/// libnftables 1.0.6 leaks 11 to 31 bytes a command (measured): a new context this often keeps that below 3 MB.
constexpr unsigned kCommandsPerContext = 100'000;

}  // namespace

Result<Firewall> Firewall::open(NetNs host) {
    auto nft = Nft::open_in(host);
    if (!nft) return fail(nft.error());
    return Firewall(std::move(host), std::move(*nft));
}

Result<> Firewall::ensure(const std::vector<BridgeSpec>& bridges) {
    if (auto renewed = renew(); !renewed) return renewed;
    HostPolicy wanted = policy_of(bridges);
    const auto present = nft_.list_table(kHostTable);
    if (!present) return fail(present.error());

    const bool untouched = policy_ && *present == listing_ && !listing_.empty();
    const std::string change = untouched ? render_difference(*policy_, wanted) : render_host_table(wanted);
    if (change.empty()) return {};
    if (auto changed = nft_.run(change); !changed) return fail(changed.error(), "change the firewall table");
    return remember(std::move(wanted));
}

Result<> Firewall::remember(HostPolicy policy) {
    auto listing = nft_.list_table(kHostTable);
    if (!listing) return fail(listing.error());
    listing_ = std::move(*listing);
    policy_ = std::move(policy);
    return {};
}

Result<> Firewall::renew() {
    constexpr unsigned kCommandsPerEnsure = 3;
    if ((commands_ += kCommandsPerEnsure) < kCommandsPerContext) return {};
    auto nft = Nft::open_in(host_);
    if (!nft) return fail(nft.error());
    nft_ = std::move(*nft);
    commands_ = 0;
    return {};
}

}  // namespace nsr::net
