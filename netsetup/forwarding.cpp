#include "netsetup/forwarding.h"

#include <fmt/format.h>

#include <sstream>

#include "common/files.h"
#include "common/log.h"
#include "netsetup/accept_ra.h"
#include "netsetup/netlink/link.h"
#include "netsetup/spec.h"
#include "netsetup/sysctl.h"

namespace nsr::net {
namespace {

const char* setting_of(Family family) {
    return family == Family::v4 ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding";
}

const char* name_of(Family family) { return family == Family::v4 ? "ipv4" : "ipv6"; }

bool is_on(Family family) {
    const auto value = read_file(std::string("/proc/sys/") + setting_of(family));
    return value && value->starts_with('1');
}

Result<std::set<std::string>> links_of_others(netlink::Socket& host) {
    const auto links = netlink::list_links(host);
    if (!links) return fail(links.error());
    std::set<std::string> names;
    for (const auto& link : *links) {
        if (link.name != "lo" && link.group != kLinkGroup && link.group != kDyingLinkGroup) names.insert(link.name);
    }
    return names;
}

std::set<std::string> lines_of(const std::string& text) {
    std::istringstream stream(text);
    std::set<std::string> lines;
    for (std::string line; std::getline(stream, line);) {
        if (!line.empty()) lines.insert(line);
    }
    return lines;
}

}  // namespace

std::string Forwarding::file_of(Family family) const { return run_dir_ + "/kept-apart-" + name_of(family); }

Result<> Forwarding::decide_family(netlink::Socket& host, Family family, bool wanted) {
    if (is_on(family)) {
        // A daemon before us may have turned it on.
        if (!known_.insert(family).second || run_dir_.empty()) return {};
        if (const auto text = read_file(file_of(family))) links_of(family) = lines_of(*text);
        return {};
    }
    if (!wanted) {
        links_of(family).clear();
        return {};
    }
    auto links = links_of_others(host);
    if (!links) return fail(links.error());
    if (family == Family::v6) {
        if (auto kept = keep_accepting_ra(*links); !kept) return kept;
    }
    if (!run_dir_.empty()) {
        const std::string text = fmt::format("{}\n", fmt::join(*links, "\n"));
        if (auto kept = write_file_atomic(file_of(family), text); !kept) return kept;
    }
    spdlog::info("event=forwarding_turned_on family={} kept_apart={}", name_of(family),
                 log::quoted(fmt::format("{}", fmt::join(*links, " "))));
    links_of(family) = std::move(*links);
    known_.insert(family);
    return {};
}

Result<KeptApart> Forwarding::decide(netlink::Socket& host, bool v4, bool v6) {
    if (auto decided = decide_family(host, Family::v4, v4); !decided) return fail(decided.error());
    if (auto decided = decide_family(host, Family::v6, v6); !decided) return fail(decided.error());
    return apart_;
}

Result<> Forwarding::turn_on(bool v4, bool v6) {
    if (!v4) return {};
    if (auto set = set_sysctl(setting_of(Family::v4), "1"); !set) return fail(set.error(), "turn on forwarding");
    if (!v6) return {};
    return set_sysctl(setting_of(Family::v6), "1");
}

bool Forwarding::forwards(bool v6) { return is_on(Family::v4) && (!v6 || is_on(Family::v6)); }

Finding Forwarding::examine() const {
    std::set<std::string> links = apart_.v4;
    links.insert(apart_.v6.begin(), apart_.v6.end());
    if (links.empty()) return {};
    return {"routing", true,
            fmt::format("ns-registerd turned forwarding on: between '{}' nothing is forwarded (a router is wanted: "
                        "remove {}/kept-apart-* and restart ns-registerd)",
                        fmt::join(links, "', '"), run_dir_),
            ""};
}

}  // namespace nsr::net
