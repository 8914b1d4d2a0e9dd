#include "netsetup/nft/firewall.h"

#include <algorithm>
#include <utility>

#include "netsetup/nft/listing.h"
#include "netsetup/nft/ruleset.h"

namespace nsr::net {
namespace {

/// libnftables 1.0.6 leaks 11 to 31 bytes a command (measured): a new context this often keeps that below 3 MB.
constexpr unsigned kCommandsPerContext = 100'000;
/// The table's name without its family.
constexpr const char* kTableName = "ns-register";

/// Those whose traffic passes the chain.
std::vector<std::string> names_of(const std::vector<BridgeSpec>& bridges, const ForwardChain& chain) {
    std::vector<std::string> names;
    for (const BridgeSpec& bridge : bridges) {
        const bool seen =
            std::ranges::any_of(bridge.subnets, [&](const IpPrefix& each) { return sees(chain, each.family()); });
        if (seen) names.push_back(bridge.name);
    }
    return names;
}

}  // namespace

Result<Firewall> Firewall::open(NetNs host) {
    auto nft = Nft::open_in(host);
    if (!nft) return fail(nft.error());
    auto monitor = netlink::NftMonitor::open_in(host, kTableName);
    if (!monitor) return fail(monitor.error());
    return Firewall(std::move(host), std::move(*nft), std::move(*monitor));
}

bool Firewall::touched() {
    note(monitor_.read(), 0);
    return touched_;
}

/// `own`: how many transactions of ours are among the events.
void Firewall::note(const netlink::TableEvents& events, unsigned own) {
    touched_ = touched_ || events.lost || events.transactions > own;
    others_changed_ = others_changed_ || events.lost || events.others > 0;
    none_drops_ = none_drops_ && !events.lost && events.others == 0;
}

bool Firewall::others_changed() {
    (void)touched();
    return std::exchange(others_changed_, false);
}

Result<std::vector<Finding>> Firewall::examine_others(const std::vector<BridgeSpec>& bridges) {
    const std::vector<Finding> none{{"other firewalls", true, "none drops what our networks forward", ""}};
    if (none_drops_) return none;
    auto chains = nft_.list("chains");
    if (!chains) return fail(chains.error());
    const auto drops = dropping_chains(*chains);
    if (!drops) return fail(drops.error());
    none_drops_ = drops->empty();
    std::vector<Finding> findings;
    for (const ForwardChain& drop : *drops) {
        const auto names = names_of(bridges, drop);
        if (names.empty()) continue;
        const std::string family = drop.table.substr(0, drop.table.find(' '));
        const bool docker_user = drop.table == family + " filter" && has_docker_user(*chains, family);
        if (docker_user && let_pass_.contains(family)) continue;
        const auto rules = rules_beside(drop, docker_user);
        if (!rules) return fail(rules.error());
        const auto cut = not_let_pass(drop, *rules, names);
        const std::string chain = "the chain '" + drop.chain + "' of table '" + drop.table + "' ";
        if (cut.empty()) {
            findings.push_back({"other firewalls", true, chain + "lets our networks pass", ""});
            continue;
        }
        findings.push_back({"other firewalls", false,
                            chain + "belongs to another program and drops what our networks forward",
                            fix_of(drop, docker_user, cut) +
                                (docker_user ? ", or `docker_user = true` below [nft] in the configuration" : "")});
    }
    return findings.empty() ? none : findings;
}

/// Those that drop what they do not know: by policy, or by a rule.
Result<std::vector<ForwardChain>> Firewall::dropping_chains(std::string_view chains) {
    std::vector<ForwardChain> dropping;
    for (ForwardChain& chain : find_forward_chains(chains)) {
        if (!chain.drops) {
            const auto rules = nft_.list("chain " + chain.table + " " + chain.chain);
            if (!rules) return fail(rules.error());
            chain.drops = drops_the_rest(chain, *rules);
        }
        if (chain.drops) dropping.push_back(std::move(chain));
    }
    return dropping;
}

/// Where what lets our bridges pass may stand.
Result<std::string> Firewall::rules_beside(const ForwardChain& drop, bool docker_user) {
    if (is_firewalld(drop)) return nft_.list("table " + drop.table);
    auto rules = nft_.list("chain " + drop.table + " " + drop.chain);
    if (!rules || !docker_user) return rules;
    const auto dockers = nft_.list("chain " + drop.table + " DOCKER-USER");
    if (!dockers) return fail(dockers.error());
    return *rules + *dockers;
}

Result<> Firewall::let_docker_pass(const std::vector<BridgeSpec>& bridges) {
    const auto chains = nft_.list("chains");
    if (!chains) return fail(chains.error());
    std::vector<std::string> names;
    for (const BridgeSpec& bridge : bridges) names.push_back(bridge.name);
    let_pass_.clear();
    for (const char* family : {"ip", "ip6"}) {
        if (!has_docker_user(*chains, family)) continue;
        const auto rules = nft_.list(std::string("chain ") + family + " filter DOCKER-USER", true);
        if (!rules) return fail(rules.error());
        const std::string commands = docker_user_commands(*rules, family, names);
        if (!commands.empty()) {
            if (auto done = nft_.run(commands); !done) return fail(done.error(), "change DOCKER-USER");
        }
        let_pass_.insert(family);
    }
    return {};
}

HostPolicy Firewall::wanted(const std::vector<BridgeSpec>& bridges) const {
    HostPolicy policy = policy_of(bridges);
    net::keep_apart(policy, apart_);
    return policy;
}

Result<> Firewall::ensure(const std::vector<BridgeSpec>& bridges) {
    if (!policy_) {
        const auto differences = verify(bridges);
        if (!differences) return fail(differences.error());
        if (!differences->empty()) return replace(bridges);
        policy_ = wanted(bridges);
        return {};
    }
    HostPolicy policy = wanted(bridges);
    const std::string commands = render_difference(*policy_, policy);
    if (commands.empty()) return {};
    if (auto changed = change(commands); !changed) return changed;
    policy_ = std::move(policy);
    return {};
}

Result<> Firewall::join(const BridgeSpec& bridge) { return exchange({}, policy_of({bridge})); }

Result<> Firewall::publish(const std::vector<BridgeSpec>& before, const std::vector<BridgeSpec>& next) {
    return exchange(ports_policy_of(before), ports_policy_of(next));
}

/// Puts some elements in the place of others.
Result<> Firewall::exchange(HostPolicy from, const HostPolicy& to) {
    if (!policy_) return fail(Errc::system, "the firewall table is not in place yet");
    // What is not there need not go.
    for (auto& [set, elements] : from) {
        const auto present = policy_->find(set);
        std::erase_if(elements,
                      [&](const auto& each) { return present == policy_->end() || !present->second.contains(each); });
    }
    const std::string commands = render_difference(from, to);
    if (commands.empty()) return {};
    if (auto changed = change(commands); !changed) return changed;
    for (const auto& [set, elements] : from) {
        for (const std::string& element : elements) (*policy_)[set].erase(element);
    }
    for (const auto& [set, elements] : to) (*policy_)[set].insert(elements.begin(), elements.end());
    return {};
}

Result<> Firewall::replace(const std::vector<BridgeSpec>& bridges) {
    HostPolicy policy = wanted(bridges);
    const std::string commands = render_host_table(policy);
    (void)touched();
    touched_ = false;
    auto changed = change(commands);
    if (changed)
        policy_ = std::move(policy);
    else
        touched_ = true;
    return changed;
}

/// One transaction of our own; any other that touches the table at the same time is somebody else's.
Result<> Firewall::change(const std::string& commands) {
    if (auto renewed = renew(); !renewed) return renewed;
    (void)touched();
    if (auto changed = nft_.run(commands); !changed) return fail(changed.error(), "change the firewall table");
    note(monitor_.read(), 1);
    return {};
}

Result<std::vector<std::string>> Firewall::verify(const std::vector<BridgeSpec>& bridges) {
    if (auto renewed = renew(); !renewed) return fail(renewed.error());
    const auto expected = expected_listing(wanted(bridges));
    if (!expected) return fail(expected.error());
    // Before the reading, so that what happens during it counts as new.
    (void)touched();
    touched_ = false;
    const auto present = nft_.list_table(kHostTable);
    if (!present) return fail(present.error());
    if (*present == **expected) {
        // What was believed until now may be wrong: somebody else may have done what we were about to do.
        policy_ = wanted(bridges);
        return std::vector<std::string>();
    }
    return compare_listings(**expected, *present);
}

/// nft shows a table in its own way, and which way depends on its version: the table is made in a namespace where
/// nobody else is, and shown.
Result<const std::string*> Firewall::expected_listing(const HostPolicy& policy) {
    if (expected_ && expected_->policy == policy) return &expected_->listing;
    auto scratch = NetNs::create();
    if (!scratch) return fail(scratch.error());
    auto nft = Nft::open_in(*scratch);
    if (!nft) return fail(nft.error());
    if (auto made = nft->run(render_host_table(policy)); !made) return fail(made.error(), "render the firewall table");
    auto listing = nft->list_table(kHostTable);
    if (!listing) return fail(listing.error());
    expected_ = Expected{policy, std::move(*listing)};
    return &expected_->listing;
}

Result<> Firewall::renew() {
    constexpr unsigned kCommandsPerChange = 3;
    if ((commands_ += kCommandsPerChange) < kCommandsPerContext) return {};
    auto nft = Nft::open_in(host_);
    if (!nft) return fail(nft.error());
    nft_ = std::move(*nft);
    commands_ = 0;
    return {};
}

}  // namespace nsr::net
