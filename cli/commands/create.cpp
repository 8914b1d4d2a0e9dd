#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/commands/create.h"

#include "cli/commands/commands.h"
#include "cli/commands/expose_flag.h"
#include "cli/commands/flag_files.h"
#include "cli/commands/json.h"
#include "cli/commands/network_flag.h"
#include "cli/commands/pairs.h"
#include "cli/output.h"
#include "registry/labels.h"
#include "registry/validate.h"

namespace nsr::cli {
namespace {

/// Names that choose a mode rather than a network of the user's.
bool is_user_defined(const std::string& network) {
    return network != "default" && network != "bridge" && network != "host" && network != "none" &&
           !network.starts_with("container:");
}

/// By port. A Json finds a key by looking at all of them, and there may be ten thousand.
struct Ports {
    std::map<std::string, Json> exposed;
    std::map<std::string, Json> bindings;
};

Json host_port(const registry::PortBinding& binding) {
    std::string port = binding.host_port_first == 0 ? "" : std::to_string(binding.host_port_first);
    if (binding.host_port_last != binding.host_port_first) port += "-" + std::to_string(binding.host_port_last);
    return {{"HostIp", binding.host_ip ? binding.host_ip->text() : ""}, {"HostPort", port}};
}

Result<Ports> ports_of(const CreateFlags& flags) {
    Ports ports;
    for (const auto& text : flags.expose) {
        if (auto valid = check_expose(text); !valid) return fail(std::move(valid).error());
        ports.exposed[text] = Json::object();
    }
    for (const auto& spec : flags.publish) {
        auto bindings = registry::parse_publish(spec);
        if (!bindings) return fail(std::move(bindings).error());
        for (const auto& binding : *bindings) {
            const std::string port = registry::port_text(binding.container);
            ports.exposed[port] = Json::object();
            ports.bindings[port].push_back(host_port(binding));
        }
    }
    return ports;
}

Json endpoint_of(const NetworkFlag& network) {
    Json endpoint{{"Aliases", network.aliases}, {"MacAddress", network.mac}};
    Json options(network.options);
    if (!network.exclusive_aliases.empty()) options[kExclusiveOption] = joined(network.exclusive_aliases);
    if (!options.empty()) endpoint["DriverOpts"] = std::move(options);
    if (network.gw_priority != 0) endpoint["GwPriority"] = network.gw_priority;
    endpoint["IPAMConfig"] = {{"IPv4Address", network.ip}, {"IPv6Address", network.ip6}};
    if (!network.link_local_ips.empty()) endpoint["IPAMConfig"]["LinkLocalIPs"] = network.link_local_ips;
    return endpoint;
}

/// Links belong to the first, which is only named where there is something to say of it: it may be a mode and no
/// network.
Json endpoints_of(const std::vector<NetworkFlag>& networks, const std::vector<std::string>& links) {
    Json endpoints = Json::object();
    const auto is_plain = [](const NetworkFlag& network) { return network == NetworkFlag{.name = network.name}; };
    const NetworkFlag& first = networks.front();
    const bool user_defined = is_user_defined(first.name);
    if (user_defined || !is_plain(first)) endpoints[first.name] = endpoint_of(first);
    if (user_defined) endpoints[first.name]["Links"] = links;
    for (std::size_t index = 1; index < networks.size(); ++index) {
        const NetworkFlag& further = networks[index];
        endpoints[further.name] = is_plain(further) ? Json::object() : endpoint_of(further);
    }
    return endpoints;
}

/// The daemon has a working directory of its own. From a directory that is gone nothing leads there: left as it is, and
/// refused by the daemon.
std::string absolute(const std::string& path) {
    std::error_code error;
    const auto whole = std::filesystem::absolute(path, error);
    return error ? path : whole.lexically_normal().string();
}

Result<Json> body_of(const CreateFlags& flags) {
    auto ports = ports_of(flags);
    if (!ports) return fail(std::move(ports).error());
    auto labels = key_values(flags.labels);
    if (!flags.netns.empty()) labels["ns-register.netns"] = absolute(flags.netns);
    if (!flags.pid.empty()) labels["ns-register.pid"] = flags.pid;
    if (flags.no_files) labels["ns-register.no-files"] = "true";
    Json body{{"Image", flags.image},
              {"Cmd", flags.command},
              {"Hostname", flags.hostname},
              {"Domainname", flags.domainname},
              {"Env", variables_of(flags.env)},
              {"ExposedPorts", std::move(ports->exposed)},
              {"Labels", labels},
              {"User", flags.user},
              {"WorkingDir", flags.directory.empty() ? "" : absolute(flags.directory)},
              {"StopSignal", flags.stop_signal}};
    if (flags.stop_timeout) body["StopTimeout"] = *flags.stop_timeout;
    const auto networks = networks_of(flags);
    if (!networks) return fail(networks.error());
    body["HostConfig"] = {{"NetworkMode", networks->front().name}, {"PortBindings", std::move(ports->bindings)},
                          {"PublishAllPorts", flags.publish_all},  {"Dns", flags.dns},
                          {"DnsSearch", flags.dns_search},         {"DnsOptions", flags.dns_options},
                          {"ExtraHosts", flags.extra_hosts},       {"Links", flags.links}};
    body["NetworkingConfig"] = {{"EndpointsConfig", endpoints_of(*networks, flags.links)}};
    return body;
}

}  // namespace

std::vector<std::string> variables_of(const std::vector<std::string>& env) {
    std::vector<std::string> variables;
    for (const auto& variable : env) {
        if (variable.find('=') != std::string::npos) {
            variables.push_back(variable);
        } else if (const char* value = std::getenv(variable.c_str()); value != nullptr) {
            variables.push_back(variable + "=" + value);
        }
    }
    return variables;
}

Result<std::string> create_for_start(Session& session, CreateFlags flags) {
    flags.labels.push_back(std::string(registry::kAttachLabel) + "=true");
    return create_container(session, flags);
}

Result<std::string> create_container(Session& session, const CreateFlags& flags) {
    auto all = with_flag_files(flags);
    if (!all) return fail(std::move(all).error());
    auto body = body_of(*all);
    if (!body) return fail(std::move(body).error());
    const std::string query = flags.name.empty() ? "" : "?name=" + api::encode(flags.name);
    auto created = parse_reply(session.ask("POST", "/containers/create" + query, body_text(*body)));
    if (!created) return fail(std::move(created).error());
    if (const auto warnings = created->find("Warnings"); warnings != created->end() && warnings->is_array()) {
        for (const auto& warning : *warnings) std::fprintf(stderr, "WARNING: %s\n", warning.get<std::string>().c_str());
    }
    return text_at(*created, "Id");
}

namespace {

void run_create(Session& session, const CreateFlags& flags) {
    auto id = create_container(session, flags);
    if (id)
        print_line(*id);
    else
        session.report(id.error());
}

/// Create and start; a container that cannot be started is not kept.
void run_attach(Session& session, const CreateFlags& flags) {
    auto id = create_for_start(session, flags);
    if (!id) return session.report(id.error());
    if (auto started = session.ask("POST", "/containers/" + *id + "/start"); !started) {
        session.report(started.error());
        if (auto removed = session.ask("DELETE", "/containers/" + *id + "?force=1"); !removed) {
            session.report(removed.error());
        }
        return;
    }
    print_line(*id);
}

void add_name_flags(CLI::App& verb, CreateFlags& flags) {
    verb.add_option("--name", flags.name, "its name (default: a generated one)");
    verb.add_option("--network,--net", flags.networks,
                    "a network, or name=NET,alias=..,ip=..; the first is the one of --ip and aliases")
        ->allow_extra_args(false);
    verb.add_option("--network-alias,--net-alias", flags.aliases, "a further name there")->allow_extra_args(false);
    verb.add_option("--network-alias-exclusive", flags.exclusive_aliases, "a further name there that nobody else has")
        ->allow_extra_args(false);
    verb.add_option("--ip", flags.ip, "IPv4 address");
    verb.add_option("--ip6", flags.ip6, "IPv6 address");
    verb.add_option("--mac-address", flags.mac, "MAC address");
    verb.set_help_flag("--help", "Print this help message and exit");  // -h is Docker's --hostname
    verb.add_option("-h,--hostname", flags.hostname, "its host name, which resolves, too (default: the short id)");
    verb.add_option("--domainname", flags.domainname, "its domain");
    verb.add_option("--link", flags.links, "CONTAINER:ALIAS, a private name for another")->allow_extra_args(false);
    verb.add_option("-l,--label", flags.labels, "KEY=VALUE")->allow_extra_args(false);
    verb.add_option("--label-file", flags.label_files, "a file with a KEY=VALUE a line")->allow_extra_args(false);
    auto* netns = verb.add_option("--netns", flags.netns, "use this network namespace instead of a new one");
    verb.add_option("--pid", flags.pid,
                    "use the network namespace of this process, and cover its hosts and resolv.conf")
        ->excludes(netns);
    verb.add_flag("--no-files", flags.no_files, "leave the process's hosts and resolv.conf alone");
}

void add_port_and_dns_flags(CLI::App& verb, CreateFlags& flags) {
    verb.add_option("-e,--env", flags.env, "NAME=VALUE")->allow_extra_args(false);
    verb.add_option("--env-file", flags.env_files, "a file with a NAME=VALUE a line")->allow_extra_args(false);
    verb.add_option("--expose", flags.expose, "a port that it serves")->allow_extra_args(false);
    verb.add_option("-p,--publish", flags.publish, "[[HOST_IP:]HOST_PORT:]PORT[/PROTO]")->allow_extra_args(false);
    verb.add_flag("-P,--publish-all", flags.publish_all, "publish all exposed ports");
    verb.add_option("--dns", flags.dns, "a DNS server for outside names")->allow_extra_args(false);
    verb.add_option("--dns-search", flags.dns_search, "a search domain")->allow_extra_args(false);
    verb.add_option("--dns-option,--dns-opt", flags.dns_options, "an option of resolv.conf")->allow_extra_args(false);
    verb.add_option("--add-host", flags.extra_hosts, "NAME:ADDRESS for its hosts file")->allow_extra_args(false);
}

}  // namespace

void add_create_flags(CLI::App& verb, CreateFlags& flags) {
    add_name_flags(verb, flags);
    add_port_and_dns_flags(verb, flags);
}

namespace {

template <typename Run>
void add(CLI::App& app, Session& session, const char* name, const char* about, Run run) {
    auto* verb = app.add_subcommand(name, about);
    auto flags = std::make_shared<CreateFlags>();
    add_create_flags(*verb, *flags);
    verb->add_option("IMAGE", flags->image, "kept, not run");
    verb->add_option("COMMAND", flags->command, "kept, not run");
    verb->callback([&session, flags, run] { run(session, *flags); });
}

}  // namespace

void add_create_commands(CLI::App& app, Session& session) {
    add(app, session, "create", "Register a container: a name with a network namespace", run_create);
    add(app, session, "attach", "Create and start in one", run_attach);
}

}  // namespace nsr::cli
