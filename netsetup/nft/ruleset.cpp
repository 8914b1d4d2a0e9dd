#include "netsetup/nft/ruleset.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace nsr::net {
namespace {

/// A set or map of the host's table.
struct NamedSet {
    const char* declaration;  ///< "set networks"
    const char* name;
    const char* type;
    std::set<std::string> HostPolicy::* elements;
};

constexpr std::array kSets{
    NamedSet{"set networks", "networks", "type ifname", &HostPolicy::networks},
    NamedSet{"set internal", "internal", "type ifname", &HostPolicy::internal},
    NamedSet{"map inside", "inside", "type ifname . ifname : verdict", &HostPolicy::inside},
    NamedSet{"set masquerade4", "masquerade4", "type ipv4_addr; flags interval", &HostPolicy::masquerade4},
    NamedSet{"set masquerade6", "masquerade6", "type ipv6_addr; flags interval", &HostPolicy::masquerade6},
};

/// Traffic inside one bridge comes through here only where br_netfilter is on. Published ports arrive with ct status
/// dnat.
constexpr std::string_view kHostChains = R"(	chain forward {
		type filter hook forward priority filter; policy accept;
		iifname . oifname vmap @inside
		iifname @internal drop
		oifname @internal drop
		oifname @networks ct state established,related accept
		oifname @networks ct status dnat accept
		oifname @networks drop
	}

	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		oifname @networks accept
		ip saddr @masquerade4 masquerade
		ip6 saddr @masquerade6 masquerade
	}
)";

std::string quoted(const std::string& interface) { return "\"" + interface + "\""; }

std::string declare(const NamedSet& set, const HostPolicy& policy) {
    std::string text = fmt::format("\t{} {{\n\t\t{}\n", set.declaration, set.type);
    if (const auto& elements = policy.*set.elements; !elements.empty()) {
        text += fmt::format("\t\telements = {{\n\t\t\t{}\n\t\t}}\n", fmt::join(elements, ",\n\t\t\t"));
    }
    return text + "\t}\n\n";
}

/// `verb` for those of `elements` that `others` lacks.
std::string change_elements(std::string_view verb, const NamedSet& set, const std::set<std::string>& elements,
                            const std::set<std::string>& others) {
    std::set<std::string> changed;
    std::ranges::set_difference(elements, others, std::inserter(changed, changed.end()));
    if (changed.empty()) return {};
    return fmt::format("{} element {} {} {{ {} }}\n", verb, kHostTable, set.name, fmt::join(changed, ", "));
}

}  // namespace

HostPolicy policy_of(const std::vector<BridgeSpec>& bridges) {
    HostPolicy policy;
    for (const BridgeSpec& bridge : bridges) {
        const std::string name = quoted(bridge.name);
        (bridge.internal ? policy.internal : policy.networks).insert(name);
        policy.inside.insert(fmt::format("{0} . {0} : {1}", name, bridge.icc ? "accept" : "drop"));
        if (bridge.internal || !bridge.masquerade) continue;
        for (const IpPrefix& subnet : bridge.subnets) {
            (subnet.family() == Family::v4 ? policy.masquerade4 : policy.masquerade6).insert(subnet.network().text());
        }
    }
    return policy;
}

std::string render_host_table(const HostPolicy& policy) {
    std::string definition = fmt::format("table {} {{\n", kHostTable);
    for (const NamedSet& set : kSets) definition += declare(set, policy);
    definition += std::string(kHostChains) + "}\n";
    return replace_table(kHostTable, definition);
}

std::string render_difference(const HostPolicy& from, const HostPolicy& to) {
    std::string text;
    for (const NamedSet& set : kSets) {
        text += change_elements("delete", set, from.*set.elements, to.*set.elements);
        text += change_elements("add", set, to.*set.elements, from.*set.elements);
    }
    return text;
}

std::string dns_table() {
    const auto rule = [](const char* side, const char* protocol, const char* port, std::uint16_t from,
                         std::uint16_t to) {
        return fmt::format("\t\tip {0} {1} {2} {3} {4} notrack {2} {3} set {5}\n", side, kDnsAddress, protocol, port,
                           from, to);
    };
    return fmt::format("table {} {{\n\tchain out {{\n\t\ttype filter hook output priority raw; policy accept;\n",
                       kDnsTable) +
           rule("daddr", "udp", "dport", kDnsPort, kHiddenDnsPort) +
           rule("daddr", "tcp", "dport", kDnsPort, kHiddenDnsPort) +
           rule("saddr", "udp", "sport", kHiddenDnsPort, kDnsPort) +
           rule("saddr", "tcp", "sport", kHiddenDnsPort, kDnsPort) + "\t}\n}\n";
}

std::string create_table(const std::string& table, const std::string& definition) {
    return "create table " + table + "\n" + definition;
}

std::string replace_table(const std::string& table, const std::string& definition) {
    // "add" makes the "delete" safe where there was none.
    return "add table " + table + "\ndelete table " + table + "\n" + definition;
}

std::string remove_table(const std::string& table) { return "add table " + table + "\ndelete table " + table + "\n"; }

}  // namespace nsr::net
