#include <algorithm>

#include "common/files.h"
#include "common/log.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/names.h"
#include "daemon/engine/order.h"
#include "daemon/engine/process_files.h"
#include "registry/validate.h"

/// The files of containers: what must stand in hosts and resolv.conf, and when it is written.
namespace nsr::daemon {
namespace {

constexpr const char* kHostsFile = "/etc/hosts";
constexpr const char* kNoFilesLabel = "ns-register.no-files";
constexpr const char* kIpv6Loopback = "00000000000000000000000000000001 ";

bool is_running(const registry::Container& container) { return container.state == registry::ContainerState::running; }

/// Not --no-files: whether files of others may be covered, and others may be shown ours.
bool wants_files(const registry::Container& container) {
    const auto label = container.labels.find(kNoFilesLabel);
    return label == container.labels.end() || label->second != "true";
}

/// Whether lo has ::1 there. A kernel without IPv6 has no such list.
Result<bool> has_ipv6_loopback(const NetNs& sandbox) {
    const auto addresses = sandbox.call([] { return read_file("/proc/thread-self/net/if_inet6"); });
    if (!addresses && addresses.error().code() != Errc::not_found) return fail(addresses.error());
    return addresses && addresses->contains(kIpv6Loopback);
}

/// As many lines as the host has addresses of that kind (H-07).
void add_extra(const registry::ExtraHost& extra, const registry::Network* bridge,
               std::vector<hosts::HostsLine>& lines) {
    if (extra.address) return lines.push_back({*extra.address, {extra.name}});
    if (bridge == nullptr) return;
    for (const Family family : {Family::v4, Family::v6}) {
        if (const auto gateway = gateway_of(*bridge, family)) lines.push_back({*gateway, {extra.name}});
    }
}

}  // namespace

const registry::Container& Engine::file_owner(const registry::Container& container) const {
    if (!container.network_mode.starts_with(kContainerMode)) return container;
    const auto* donor = registry_.container_by_id(container.network_mode.substr(kContainerMode.size()));
    return donor == nullptr ? container : *donor;
}

hosts::HostsInputs Engine::hosts_inputs(const registry::Container& container,
                                        const std::vector<FixedLink>& links) const {
    hosts::HostsInputs inputs;
    const registry::Network* bridge = registry_.network_by_name(registry::kBridgeNetwork);
    for (const auto& text : container.extra_hosts) {
        if (const auto extra = registry::parse_extra_host(text)) add_extra(*extra, bridge, inputs.extra);
    }
    for (const auto& link : links) {
        for (const auto& address : link.addresses) inputs.links.push_back({address, link.names});
    }
    const auto names = hosts::own_names(container.hostname, container.domainname);
    for (const auto* endpoint : registry_.endpoints_of(container.id)) {
        if (endpoint->phase == registry::EndpointPhase::configured) continue;
        if (endpoint->ipv4) inputs.own.push_back({*endpoint->ipv4, names});
        if (endpoint->ipv6) inputs.own.push_back({*endpoint->ipv6, names});
    }
    return inputs;
}

std::string Engine::resolv_conf_of(const registry::Container& container) const {
    hosts::ResolvConfInputs inputs;
    inputs.container = hosts::dns_settings(container);
    inputs.daemon = settings_.dns;
    inputs.host = host_dns_;
    inputs.use = hosts::ResolvConfUse::direct;
    const auto attachments = attachments_of(registry_, container.id);
    if (container.network_mode == registry::kHostNetwork) inputs.use = hosts::ResolvConfUse::host;
    if (served_.contains(container.id) ||
        std::ranges::any_of(attachments, [](const auto& at) { return has_server(*at.network); })) {
        inputs.use = hosts::ResolvConfUse::embedded;
    }
    return hosts::render_resolv_conf(inputs);
}

Result<> Engine::write_files(const registry::Container& container, const NetNs& sandbox, std::vector<FixedLink> links) {
    if (container.network_mode.starts_with(kContainerMode)) return {};
    auto ipv6_loopback = has_ipv6_loopback(sandbox);
    if (!ipv6_loopback) return fail(std::move(ipv6_loopback).error(), "write the files of '" + container.name + "'");
    FileContents contents;
    contents.hosts = hosts_inputs(container, links);
    contents.hosts.ipv6_loopback = *ipv6_loopback;
    contents.resolv_conf = resolv_conf_of(container);
    contents.variables = variables_of(container, links);
    contents.links = std::move(links);
    if (container.network_mode == registry::kHostNetwork && container.extra_hosts.empty()) {
        auto copy = read_file(kHostsFile);
        if (!copy && copy.error().code() != Errc::not_found) return fail(std::move(copy).error());
        if (copy) contents.hosts_copy = std::move(*copy);
    }
    auto done = files_.write(container.id, contents);
    return done ? Result<>() : fail(std::move(done).error(), "write the files of '" + container.name + "'");
}

Result<> Engine::refresh_files(const registry::Container& container) {
    if (container.network_mode.starts_with(kContainerMode)) return {};
    const FileContents* written = files_.written(container.id);
    const NetNs* sandbox = sandboxes_.find(container.id);
    if (written == nullptr) {
        return sandbox == nullptr ? Result<>() : write_files(container, *sandbox, known_links(container));
    }
    FileContents contents = *written;
    for (auto& link : contents.links) follow_target(link);
    contents.hosts = hosts_inputs(container, contents.links);
    contents.hosts.ipv6_loopback = written->hosts.ipv6_loopback;
    // A container without any network keeps what it has.
    if (!attachments_of(registry_, container.id).empty()) contents.resolv_conf = resolv_conf_of(container);
    auto done = files_.update(container.id, std::move(contents));
    return done ? Result<>() : fail(std::move(done).error(), "change the files of '" + container.name + "'");
}

void Engine::refresh_files_or_log(const registry::Container& container) {
    if (auto done = refresh_files(container); !done) {
        leftovers_ = true;  // another try with the next sweep
        spdlog::error("event=files_not_changed container={} err={}", log::quoted(container.name),
                      log::quoted(done.error().message()));
    }
}

Result<> Engine::cover_files(const registry::Container& container) const {
    if (container.sandbox != registry::SandboxKind::pid || !wants_files(container)) return {};
    return put_process_files({.pid = container.sandbox_pid,
                              .hosts = files_.hosts_path(container.id),
                              .resolv_conf = files_.resolv_conf_path(container.id)});
}

Result<> Engine::uncover_files(const registry::Container& container) const {
    if (container.sandbox != registry::SandboxKind::pid || !wants_files(container)) return {};
    return remove_process_files({.pid = container.sandbox_pid,
                                 .hosts = files_.hosts_path(container.id),
                                 .resolv_conf = files_.resolv_conf_path(container.id)});
}

Result<bool> Engine::is_shown_to_ip_netns(const registry::Container& container) const {
    if (!settings_.is_default_run_dir || !keeps_own_sandbox(container) || !wants_files(container)) return false;
    const auto named = NetNs::open("/run/netns/" + container.name);
    if (!named && named.error().code() == Errc::system) return fail(named.error());
    return named && named->inode() == container.sandbox_inode;
}

/// A convenience: after one more try, with the next sweep, a machine whose /etc cannot be written goes without.
void Engine::note_netns_files(const std::string& name, const Result<>& done) {
    if (done) return;
    leftovers_ = true;
    spdlog::warn("event=netns_files_failed container={} err={}", log::quoted(name),
                 log::quoted(done.error().message()));
}

void Engine::show_files(const registry::Container& container) {
    const auto shown = is_shown_to_ip_netns(container);
    if (!shown) return note_netns_files(container.name, fail(shown.error()));
    if (*shown) note_netns_files(container.name, netns_files_.put(container.name, container.id));
}

void Engine::hide_files(const registry::Container& container, const std::string& name) {
    if (!settings_.is_default_run_dir || !keeps_own_sandbox(container)) return;
    note_netns_files(name, netns_files_.remove(name));
}

void Engine::refresh_linked() {
    const auto linked = files_.linked();
    for (const auto& id : linked) {
        const auto* container = registry_.container_by_id(id);
        if (container == nullptr || !is_running(*container)) continue;
        auto links = files_.written(id)->links;
        for (auto& link : links) follow_target(link);
        if (links != files_.written(id)->links) refresh_files_or_log(*container);
    }
}

}  // namespace nsr::daemon
