#include "netsetup/doctor.h"

#include <algorithm>
#include <charconv>

#include "common/files.h"
#include "netsetup/bridge.h"
#include "netsetup/netlink/link.h"
#include "netsetup/sysctl.h"

namespace nsr::net {
namespace {

constexpr const char* kProcSys = "/proc/sys/";
/// From here on the kernel's table of connections is about to be full, and new connections to be dropped.
constexpr unsigned long kConntrackPercentMax = 90;

std::string value_of(const std::string& setting) {
    auto text = read_file(kProcSys + setting);
    if (!text) return "";
    while (!text->empty() && (text->back() == '\n' || text->back() == ' ')) text->pop_back();
    return *text;
}

std::string dotted(std::string setting) {
    std::ranges::replace(setting, '/', '.');
    return setting;
}

Finding must_be_on(const char* check, const std::string& setting) {
    if (value_of(setting) == "1") return {check, true, dotted(setting) + " is 1", ""};
    return {check, false, dotted(setting) + " is not 1: nothing is forwarded from and to containers",
            "sysctl -w " + dotted(setting) + "=1"};
}

unsigned long number_of(const std::string& setting) {
    const std::string text = value_of(setting);
    unsigned long number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

Finding examine_conntrack() {
    constexpr const char* kCheck = "connection tracking";
    const auto max = number_of("net/netfilter/nf_conntrack_max");
    const auto count = number_of("net/netfilter/nf_conntrack_count");
    if (max == 0) {
        return {kCheck, false, "the kernel tracks no connections: published ports and masquerading do not work",
                "modprobe nf_conntrack"};
    }
    const std::string text = std::to_string(count) + " of " + std::to_string(max) + " connections are in use";
    if (count * 100 < max * kConntrackPercentMax) return {kCheck, true, text, ""};
    return {kCheck, false, text + ": new ones will be dropped",
            "sysctl -w net.netfilter.nf_conntrack_max=" + std::to_string(max * 2)};
}

Finding examine_bridge_filter() {
    const std::string value = value_of("net/bridge/bridge-nf-call-iptables");
    if (value.empty()) return {"bridge filter", true, "br_netfilter is not loaded, and not needed", ""};
    return {"bridge filter", true, "net.bridge.bridge-nf-call-iptables is " + value + ": works with both", ""};
}

Finding examine_legacy() {
    const auto tables = read_file("/proc/net/ip_tables_names");
    if (!tables || tables->find("filter") == std::string::npos) {
        return {"legacy iptables", true, "there are no rules of iptables-legacy", ""};
    }
    return {"legacy iptables", true,
            "iptables-legacy has a filter table, which only `iptables-legacy -S` shows: see that its FORWARD accepts",
            ""};
}

}  // namespace

std::vector<Finding> examine_settings(const std::vector<BridgeSpec>& bridges) {
    std::vector<Finding> findings{must_be_on("IPv4 forwarding", "net/ipv4/ip_forward")};
    if (std::ranges::any_of(bridges, has_v6)) {
        findings.push_back(must_be_on("IPv6 forwarding", "net/ipv6/conf/all/forwarding"));
    }
    findings.push_back(examine_conntrack());
    findings.push_back(examine_bridge_filter());
    findings.push_back(examine_legacy());
    return findings;
}

Result<Finding> examine_leftovers(netlink::Socket& host, const std::set<std::string>& wanted) {
    const auto links = netlink::list_links(host);
    if (!links) return fail(links.error());
    std::string names;
    for (const auto& link : *links) {
        if (link.group != kLinkGroup || wanted.contains(link.name)) continue;
        names += (names.empty() ? "'" : ", '") + link.name + "'";
    }
    if (names.empty()) return Finding{"leftover links", true, "there are none", ""};
    return Finding{"leftover links", false, "links of ours that nothing needs: " + names,
                   "restart ns-registerd, which removes them"};
}

}  // namespace nsr::net
