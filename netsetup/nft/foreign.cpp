#include "netsetup/nft/foreign.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <set>

#include "netsetup/nft/lines.h"
#include "netsetup/spec.h"

namespace nsr::net {
namespace {

constexpr std::string_view kOurTable = "ns-register";
constexpr std::string_view kFirewalld = "inet firewalld";
constexpr std::string_view kFirewalldForward = "filter_FORWARD";
/// In the names of the chains of the zone in which everything is accepted.
constexpr std::string_view kFirewalldTrusted = "_trusted";
constexpr std::string_view kComment = "comment \"ns-register\"";
constexpr std::string_view kHandle = " # handle ";

/// "WORD NAME {" -> NAME
std::string_view opened(std::string_view line, std::string_view word) {
    if (!line.starts_with(word) || !line.ends_with(" {")) return {};
    line.remove_prefix(word.size());
    line.remove_suffix(2);
    return line;
}

/// Calls `see` with table, chain and each line in it.
template <typename See>
void walk(std::string_view ruleset, See&& see) {
    std::string_view table;
    std::string_view chain;
    while (!ruleset.empty()) {
        const auto line = next_line(ruleset);
        if (const auto name = opened(line, "table "); !name.empty()) {
            table = name;
            chain = {};
        } else if (const auto inner = opened(line, "chain "); !inner.empty()) {
            chain = inner;
        } else if (line == "}") {
            chain = {};
        } else if (!chain.empty()) {
            see(table, chain, line);
        }
    }
}

/// Without `counter packets N bytes N` in front.
std::string_view after_counter(std::string_view rule) {
    constexpr std::string_view kCounter = "counter packets ";
    constexpr std::string_view kBytes = " bytes ";
    if (!rule.starts_with(kCounter)) return rule;
    const auto number = rule.find(kBytes);
    const auto end = number == std::string_view::npos ? number : rule.find(' ', number + kBytes.size());
    rule.remove_prefix(std::min(end == std::string_view::npos ? end : end + 1, rule.size()));
    return rule;
}

/// Cuts the first word off, or what stands in quotes.
std::string_view next_word(std::string_view& rule) {
    const auto quoted = rule.starts_with('"') ? rule.find('"', 1) : 0;
    const auto end = std::min(quoted == std::string_view::npos ? quoted : rule.find(' ', quoted), rule.size());
    const auto word = rule.substr(0, end);
    rule.remove_prefix(std::min(end + 1, rule.size()));
    return word;
}

/// Without `log OPTION VALUE ..` in front.
std::string_view after_log(std::string_view rule) {
    constexpr std::array<std::string_view, 6> kOptions{"prefix", "level",   "group",
                                                       "flags",  "snaplen", "queue-threshold"};
    std::string_view rest = rule;
    if (next_word(rest) != "log") return rule;
    for (;;) {
        std::string_view after = rest;
        if (std::ranges::find(kOptions, next_word(after)) == kOptions.end()) return rest;
        (void)next_word(after);
        rest = after;
    }
}

/// What a rule does with everything that reaches it.
enum class End : std::uint8_t { none, accepts, drops };

End end_of(std::string_view rule) {
    rule = after_log(after_counter(after_log(rule)));
    if (rule == "accept" || rule.starts_with("accept ")) return End::accepts;
    // What iptables-nft does not translate.
    if (rule.starts_with("xt target \"REJECT\"") || rule.starts_with("xt target \"DROP\"")) return End::drops;
    // Nothing but TCP can be reset.
    if (rule.starts_with("reject with tcp ")) return End::none;
    const auto word = next_word(rule);
    return word == "drop" || word == "reject" ? End::drops : End::none;
}

bool accepts(std::string_view rule) { return end_of(rule) == End::accepts; }

/// The names in `iifname "NAME" ..` or `iifname { "NAME", .. } ..`, of a rule that says nothing else and accepts.
std::vector<std::string_view> accepted_by(std::string_view rule, std::string_view side) {
    if (!rule.starts_with(side)) return {};
    rule.remove_prefix(side.size());
    std::vector<std::string_view> names;
    while (!rule.empty() && std::string_view(" {},").find(rule.front()) != std::string_view::npos) {
        rule.remove_prefix(1);
        if (!rule.starts_with('"')) continue;
        const auto end = rule.find('"', 1);
        if (end == std::string_view::npos) return {};
        names.push_back(rule.substr(1, end - 1));
        rule.remove_prefix(end + 1);
    }
    return accepts(rule) ? names : std::vector<std::string_view>();
}

bool is_bridge_family(const ForwardChain& chain) { return chain.table.starts_with("bridge "); }

/// How nft writes that a packet comes from a link of ours. The bridge family sees the ports of a bridge, not the
/// bridge.
std::string from_our_links() { return fmt::format("iifgroup {}", kLinkGroup); }

/// Names as rules have them: the last character may be the wildcard.
class Names {
public:
    void add(const std::vector<std::string_view>& names) { names_.insert(names.begin(), names.end()); }
    bool contain(std::string_view name) const {
        return std::ranges::any_of(names_, [name](const std::string& each) {
            const bool wildcard = each.ends_with('*') && !each.ends_with("\\*");
            return wildcard ? name.starts_with(std::string_view(each).substr(0, each.size() - 1)) : name == each;
        });
    }

private:
    std::set<std::string, std::less<>> names_;
};

/// Which bridges a listing lets pass.
struct Passing {
    bool everything = false;
    Names in;
    Names out;

    void read(std::string_view rule) {
        in.add(accepted_by(rule, "iifname"));
        out.add(accepted_by(rule, "oifname"));
    }
    void read_of_bridge_family(std::string_view rule) {
        for (const char* side : {"meta ibrname", "meta obrname"}) {
            const auto names = accepted_by(rule, side);
            in.add(names);
            out.add(names);
        }
        const std::string ours = from_our_links() + " ";
        everything = everything || (rule.starts_with(ours) && accepts(rule.substr(ours.size())));
    }
    bool lets(const std::string& bridge) const { return everything || (in.contain(bridge) && out.contain(bridge)); }
};

/// firewalld says it anywhere in its table.
Passing passing_firewalld(std::string_view listing, const std::vector<std::string>& bridges) {
    Passing passing;
    while (!listing.empty()) {
        const auto line = trimmed(next_line(listing));
        passing.read(line);
        if (line.find(kFirewalldTrusted) == std::string_view::npos) continue;
        for (const std::string& bridge : bridges) {
            if (line.find('"' + bridge + '"') == std::string_view::npos) continue;
            passing.in.add({bridge});
            passing.out.add({bridge});
        }
    }
    return passing;
}

Passing passing_chains(const ForwardChain& drop, std::string_view listing) {
    Passing passing;
    std::string_view ended;
    walk(listing, [&](std::string_view, std::string_view chain, std::string_view line) {
        if (chain == ended) return;
        const End end = end_of(line);
        if (end != End::none) ended = chain;
        if (end == End::accepts) passing.everything = true;
        is_bridge_family(drop) ? passing.read_of_bridge_family(line) : passing.read(line);
    });
    return passing;
}

/// A rule of ours as it is wanted, without counters.
std::string rule_of(std::string_view side, const std::string& bridge) { return fmt::format("{} \"{}\"", side, bridge); }

}  // namespace

std::vector<ForwardChain> find_forward_chains(std::string_view ruleset) {
    std::vector<ForwardChain> chains;
    walk(ruleset, [&](std::string_view table, std::string_view chain, std::string_view line) {
        if (table.ends_with(kOurTable) || !line.starts_with("type filter hook forward ")) return;
        const bool rejects = table == kFirewalld && chain == kFirewalldForward;
        const bool drops = rejects || line.find("policy drop") != std::string_view::npos;
        chains.push_back({std::string(table), std::string(chain), drops});
    });
    return chains;
}

bool drops_the_rest(const ForwardChain& chain, std::string_view listing) {
    End end = End::none;
    walk(listing, [&](std::string_view, std::string_view name, std::string_view line) {
        if (name == chain.chain && end == End::none) end = end_of(line);
    });
    return end == End::drops;
}

bool sees(const ForwardChain& chain, Family family) {
    return !chain.table.starts_with(family == Family::v4 ? "ip6 " : "ip ");
}

bool is_firewalld(const ForwardChain& drop) { return drop.table == kFirewalld; }

std::vector<std::string> not_let_pass(const ForwardChain& drop, std::string_view listing,
                                      const std::vector<std::string>& bridges) {
    const Passing passing = is_firewalld(drop) ? passing_firewalld(listing, bridges) : passing_chains(drop, listing);
    std::vector<std::string> left;
    std::ranges::copy_if(bridges, std::back_inserter(left), [&](const auto& each) { return !passing.lets(each); });
    return left;
}

bool has_docker_user(std::string_view ruleset, std::string_view family) {
    const std::string table = fmt::format("table {} filter {{", family);
    const auto from = ruleset.find(table);
    if (from == std::string_view::npos) return false;
    const auto end = std::min(ruleset.find("\n}", from), ruleset.size());
    return ruleset.substr(from, end - from).find("chain DOCKER-USER {") != std::string_view::npos;
}

std::string fix_of(const ForwardChain& drop, bool docker_user, const std::vector<std::string>& bridges) {
    const std::string names = fmt::format("{}", fmt::join(bridges, " "));
    if (is_firewalld(drop)) {
        return fmt::format(
            "for i in {}; do firewall-cmd --permanent --zone=trusted --add-interface=$i; done; firewall-cmd "
            "--reload",
            names);
    }
    const bool is_iptables = (drop.table == "ip filter" || drop.table == "ip6 filter") && drop.chain == "FORWARD";
    if (is_iptables) {
        const char* program = drop.table == "ip filter" ? "iptables" : "ip6tables";
        return fmt::format("for i in {0}; do {1} -I {2} -i $i -j ACCEPT; {1} -I {2} -o $i -j ACCEPT; done", names,
                           program, docker_user ? "DOCKER-USER" : "FORWARD");
    }
    if (is_bridge_family(drop)) {
        return fmt::format("nft insert rule {} {} {} accept", drop.table, drop.chain, from_our_links());
    }
    std::string quoted;
    for (const auto& bridge : bridges) quoted += fmt::format("{}\"{}\"", quoted.empty() ? "" : ", ", bridge);
    return fmt::format(
        "nft 'insert rule {0} {1} iifname {{ {2} }} accept; insert rule {0} {1} oifname {{ {2} }} accept'", drop.table,
        drop.chain, quoted);
}

std::string docker_user_commands(std::string_view listing, std::string_view family,
                                 const std::vector<std::string>& bridges) {
    std::set<std::string> wanted;
    for (const auto& bridge : bridges) {
        wanted.insert(rule_of("iifname", bridge));
        wanted.insert(rule_of("oifname", bridge));
    }
    std::string commands;
    while (!listing.empty()) {
        const auto line = next_line(listing);
        const auto handle = line.find(kHandle);
        if (handle == std::string_view::npos || line.find(kComment) == std::string_view::npos) continue;
        const auto rule = trimmed(line.substr(0, std::min(line.find(" counter"), line.size())));
        if (wanted.erase(std::string(rule)) > 0) continue;
        commands +=
            fmt::format("delete rule {} filter DOCKER-USER handle {}\n", family, line.substr(handle + kHandle.size()));
    }
    for (const auto& rule : wanted) {
        commands += fmt::format("insert rule {} filter DOCKER-USER {} counter accept {}\n", family, rule, kComment);
    }
    return commands;
}

}  // namespace nsr::net
