#include "netsetup/nft/foreign.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "netsetup/nft/lines.h"

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
    constexpr std::string_view kCounter = "counter packets ";
    constexpr std::string_view kBytes = " bytes ";
    if (rule.starts_with(kCounter)) {
        const auto number = rule.find(kBytes);
        const auto end = number == std::string_view::npos ? number : rule.find(' ', number + kBytes.size());
        rule.remove_prefix(std::min(end == std::string_view::npos ? end : end + 1, rule.size()));
    }
    const bool accepts = rule == "accept" || rule.starts_with("accept ");
    return accepts ? names : std::vector<std::string_view>();
}

/// A rule of ours as it is wanted, without counters.
std::string rule_of(std::string_view side, const std::string& bridge) { return fmt::format("{} \"{}\"", side, bridge); }

}  // namespace

std::vector<ForwardDrop> find_forward_drops(std::string_view ruleset) {
    std::vector<ForwardDrop> drops;
    walk(ruleset, [&](std::string_view table, std::string_view chain, std::string_view line) {
        if (table.ends_with(kOurTable) || !line.starts_with("type filter hook forward ")) return;
        const bool rejects = table == kFirewalld && chain == kFirewalldForward;
        if (rejects || line.find("policy drop") != std::string_view::npos) {
            drops.push_back({std::string(table), std::string(chain)});
        }
    });
    return drops;
}

bool is_firewalld(const ForwardDrop& drop) { return drop.table == kFirewalld; }

std::vector<std::string> not_let_pass(const ForwardDrop& drop, std::string_view listing,
                                      const std::vector<std::string>& bridges) {
    std::set<std::string, std::less<>> in;
    std::set<std::string, std::less<>> out;
    while (!listing.empty()) {
        const auto line = trimmed(next_line(listing));
        for (const auto name : accepted_by(line, "iifname")) in.emplace(name);
        for (const auto name : accepted_by(line, "oifname")) out.emplace(name);
        if (!is_firewalld(drop) || line.find(kFirewalldTrusted) == std::string_view::npos) continue;
        for (const auto& bridge : bridges) {
            if (line.find('"' + bridge + '"') == std::string_view::npos) continue;
            in.insert(bridge);
            out.insert(bridge);
        }
    }
    std::vector<std::string> left;
    for (const auto& bridge : bridges) {
        if (!in.contains(bridge) || !out.contains(bridge)) left.push_back(bridge);
    }
    return left;
}

bool has_docker_user(std::string_view ruleset, std::string_view family) {
    const std::string table = fmt::format("table {} filter {{", family);
    const auto from = ruleset.find(table);
    if (from == std::string_view::npos) return false;
    const auto end = std::min(ruleset.find("\n}", from), ruleset.size());
    return ruleset.substr(from, end - from).find("chain DOCKER-USER {") != std::string_view::npos;
}

std::string fix_of(const ForwardDrop& drop, bool docker_user, const std::vector<std::string>& bridges) {
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
