#include <algorithm>

#include "common/log.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/names.h"
#include "daemon/engine/network_options.h"
#include "daemon/engine/order.h"

/// What is wrong with this host for our networks, each with what mends it.
namespace nsr::daemon {
namespace {

api::HostFinding shown(const net::Finding& finding) { return {finding.check, finding.ok, finding.text, finding.fix}; }

std::string counted(std::size_t number, const std::string& what) {
    return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

api::HostFinding failed(const char* check, const Error& error) { return {check, false, error.message(), ""}; }

}  // namespace

void Engine::look_at_other_firewalls() {
    const auto bridges = firewall_bridges();
    if (settings_.nft.docker_user) {
        if (auto passed = netsetup_->let_docker_pass(bridges); !passed) {
            spdlog::warn("event=docker_user_failed err={}", log::quoted(passed.error().message()));
        }
    }
    auto findings = netsetup_->foreign_firewalls(bridges);
    if (!findings) {
        spdlog::warn("event=other_firewalls_unknown err={}", log::quoted(findings.error().message()));
        return;
    }
    std::vector<std::string> warnings;
    for (const auto& finding : *findings) {
        if (!finding.ok) warnings.push_back(finding.text + ". To let it pass: " + finding.fix);
    }
    if (warnings == foreign_warnings_) return;
    foreign_warnings_ = std::move(warnings);
    for (const auto& warning : foreign_warnings_) spdlog::warn("event=foreign_firewall text={}", log::quoted(warning));
}

api::HostFinding Engine::examine_names() const {
    std::string silent;
    for (const auto* container : registry_.containers()) {
        if (container->state != registry::ContainerState::running || served_.contains(container->id)) continue;
        const auto attachments = attachments_of(registry_, container->id);
        if (std::ranges::none_of(attachments, [](const auto& at) { return has_server(*at.network); })) continue;
        silent += (silent.empty() ? "'" : ", '") + container->name + "'";
    }
    if (silent.empty()) {
        return {"port 53", true, "names are answered at 127.0.0.11 in " + counted(served_.size(), "container"), ""};
    }
    return {"port 53", false, "names are not answered in containers " + silent,
            "see the log for restore_failed, free port 13053 of 127.0.0.11 there, and restart ns-registerd"};
}

api::HostFinding Engine::examine_upstreams() const {
    const auto& servers = settings_.dns.servers.empty() ? host_dns_.servers : settings_.dns.servers;
    if (!servers.empty()) {
        return {"resolv.conf", true,  // whether they answer is not asked here
                counted(servers.size(), "server") + (servers.size() == 1 ? " is" : " are") + " named for outside names",
                ""};
    }
    return {"resolv.conf", false,
            "'" + settings_.resolv_conf +
                "' names no server, and the configuration none either: " + "outside names have no answer",
            "add a nameserver line there, or `upstream = [\"ADDRESS\"]` to the configuration"};
}

Result<std::vector<api::HostFinding>> Engine::doctor() {
    const auto bridges = firewall_bridges();
    std::vector<api::HostFinding> findings;
    for (const auto& finding : netsetup_->examine(bridges, wanted_links())) findings.push_back(shown(finding));

    const auto differences = firewall_differences();
    if (!differences)
        findings.push_back(failed("our firewall", differences.error()));
    else if (differences->empty())
        findings.push_back({"our firewall", true, "the table 'inet ns-register' is as it should be", ""});
    else
        findings.push_back({"our firewall", false, differences->front(), "ns-register network repair"});

    const auto foreign = netsetup_->foreign_firewalls(bridges);
    if (!foreign) findings.push_back(failed("other firewalls", foreign.error()));
    if (foreign) {
        for (const auto& finding : *foreign) findings.push_back(shown(finding));
    }
    std::size_t wrong = 0;
    for (const auto* network : registry_.networks()) {
        if (const auto lines = differences_of(*network)) wrong += lines->size();
    }
    if (wrong == 0)
        findings.push_back({"networks", true, "links, addresses and routes are as they should be", ""});
    else
        findings.push_back({"networks", false, counted(wrong, "difference") + " (`ns-register network verify`)",
                            "ns-register network repair"});
    findings.push_back(examine_names());
    findings.push_back(examine_upstreams());
    return findings;
}

}  // namespace nsr::daemon
