#include "netsetup/nft/ruleset.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

namespace nsr::net {
namespace {

/// What enters a network must answer to something, come by a published port, or stay inside; what an internal network
/// sends stays inside. Links that the host did not connect before us stay apart. Traffic inside one bridge comes
/// through here only where br_netfilter is on.
///
/// A packet for the host's loopback has no business on a bridge, and bridges with published ports let it in
/// (route_localnet). Nor has one for a port that is published there if it comes from elsewhere, which a host whose
/// links all let it in (net.ipv4.conf.all.route_localnet) would answer; what others have there is theirs.
///
/// An internal network is not let to published ports: neither by the rules nor by the proxy.
constexpr std::string_view kFilterChains = R"(	chain loopback {
		type filter hook prerouting priority raw; policy accept;
		iifname @networks ip daddr 127.0.0.0/8 drop
		iifname != "lo" ip daddr . meta l4proto . th dport @loopback4 drop
	}

	chain input {
		type filter hook input priority filter; policy accept;
		iifname @internal ip6 daddr . meta l4proto . th dport @proxied6 drop
	}

	chain forward {
		type filter hook forward priority filter; policy accept;
		oifname @networks ct state established,related accept
		iifname != @internal oifname @networks ct status dnat accept
		iifname . oifname vmap @inside
		iifname @internal drop
		oifname @internal drop
		ip daddr . meta l4proto . th dport @open4 accept
		ip6 daddr . meta l4proto . th dport @open6 accept
		ip daddr @routed4 icmp type echo-request accept
		ip6 daddr @routed6 icmpv6 type echo-request accept
		oifname @networks drop
		meta nfproto ipv4 iifname @apart4 oifname @apart4 drop
		meta nfproto ipv6 iifname @apart6 oifname @apart6 drop
	}

)";

/// Published ports: an address of its own goes before "every address", a single port before a range. Who connects from
/// the subnet of the container that answers, or from the host's loopback, is masqueraded, or the answer would not come
/// back here. With br_netfilter, what a neighbour sends to a published port would be translated inside the bridge and
/// go from port to port, which networks without icc forbid: the proxy serves neighbours there, as Docker's does.
constexpr std::string_view kNatChains = R"(	chain publish {
		meta l4proto { tcp, udp, sctp } dnat ip to ip daddr . meta l4proto . th dport map @publish4_at
		meta l4proto { tcp, udp, sctp } dnat ip to ip daddr . meta l4proto . th dport map @publish4_at_ranges
		meta l4proto { tcp, udp, sctp } dnat ip to meta l4proto . th dport map @publish4
		meta l4proto { tcp, udp, sctp } dnat ip to meta l4proto . th dport map @publish4_ranges
		meta l4proto { tcp, udp, sctp } dnat ip6 to ip6 daddr . meta l4proto . th dport map @publish6_at
		meta l4proto { tcp, udp, sctp } dnat ip6 to ip6 daddr . meta l4proto . th dport map @publish6_at_ranges
		meta l4proto { tcp, udp, sctp } dnat ip6 to meta l4proto . th dport map @publish6
		meta l4proto { tcp, udp, sctp } dnat ip6 to meta l4proto . th dport map @publish6_ranges
	}

	chain prerouting {
		type nat hook prerouting priority dstnat; policy accept;
		ip daddr 127.0.0.0/8 accept
		iifname . ip daddr . meta l4proto . th dport @beside4 accept
		iifname . ip6 daddr . meta l4proto . th dport @beside6 accept
		fib daddr type local jump publish
	}

	chain output {
		type nat hook output priority -100; policy accept;
		ip6 daddr ::1 accept
		fib daddr type local jump publish
	}

	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ct status dnat ip saddr . oifname @hairpin4 masquerade
		ct status dnat ip6 saddr . oifname @hairpin6 masquerade
		ip saddr 127.0.0.0/8 oifname @networks masquerade
		oifname @networks accept
		ip saddr @masquerade4 masquerade
		ip6 saddr @masquerade6 masquerade
	}
)";

const std::set<std::string>& elements_of(const HostPolicy& policy, const NamedSet& set) {
    static const std::set<std::string> kNone;
    const auto found = policy.find(set.name);
    return found == policy.end() ? kNone : found->second;
}

std::string declare(const NamedSet& set, const HostPolicy& policy) {
    std::string text = fmt::format("\t{} {} {{\n\t\t{}\n", set.kind, set.name, set.type);
    if (const auto& elements = elements_of(policy, set); !elements.empty()) {
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

std::string render_host_table(const HostPolicy& policy) {
    std::string definition = fmt::format("table {} {{\n", kHostTable);
    for (const NamedSet& set : kHostSets) definition += declare(set, policy);
    definition += kFilterChains;
    definition += kNatChains;
    return replace_table(kHostTable, definition + "}\n");
}

std::string render_difference(const HostPolicy& from, const HostPolicy& to) {
    std::string text;
    for (const NamedSet& set : kHostSets) {
        text += change_elements("delete", set, elements_of(from, set), elements_of(to, set));
        text += change_elements("add", set, elements_of(to, set), elements_of(from, set));
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
