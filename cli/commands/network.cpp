#include <memory>
#include <sstream>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.h"
#include "cli/commands/json.h"
#include "cli/commands/pairs.h"
#include "cli/output.h"

namespace nsr::cli {
namespace {

struct CreateFlags {
    std::string name;
    std::string driver = "bridge";
    std::vector<std::string> subnets;
    std::vector<std::string> gateways;
    std::vector<std::string> ranges;
    std::vector<std::string> aux;
    std::vector<std::string> options;
    std::vector<std::string> labels;
    bool ipv4 = true;
    bool ipv6 = false;
    bool internal = false;
    bool attachable = false;
};

/// The Config entries: a gateway or a range goes to the subnet that contains it, else to the first without one; the
/// daemon says what does not fit, in Docker's words.
Result<Json> ipam_config(const CreateFlags& flags) {
    auto planned = place_in_subnets(flags.subnets, flags.ranges, flags.gateways, flags.aux);
    if (!planned) return fail(std::move(planned).error());
    Json config = Json::array();
    for (const auto& subnet : *planned) {
        Json entry = Json::object();
        entry["Subnet"] = subnet.subnet;
        if (!subnet.range.empty()) entry["IPRange"] = subnet.range;
        if (!subnet.gateway.empty()) entry["Gateway"] = subnet.gateway;
        if (!subnet.aux.empty()) entry["AuxiliaryAddresses"] = subnet.aux;
        config.push_back(std::move(entry));
    }
    return config;
}

void create(Session& session, const CreateFlags& flags, bool says_ipv4) {
    auto config = ipam_config(flags);
    if (!config) return session.report(config.error());
    Json body{{"Name", flags.name},
              {"Driver", flags.driver},
              {"Internal", flags.internal},
              {"Attachable", flags.attachable},
              {"EnableIPv6", flags.ipv6},
              {"IPAM", {{"Driver", "default"}, {"Config", std::move(*config)}}},
              {"Options", key_values(flags.options)},
              {"Labels", key_values(flags.labels)}};
    if (says_ipv4) body["EnableIPv4"] = flags.ipv4;
    auto created = parse_reply(session.ask("POST", "/networks/create", body_text(body)));
    if (!created) return session.report(created.error());
    std::istringstream warnings(text_at(*created, "Warning"));
    for (std::string line; std::getline(warnings, line);) std::fprintf(stderr, "WARNING: %s\n", line.c_str());
    print_line(text_at(*created, "Id"));
}

void add_create(CLI::App& network, Session& session) {
    auto* verb = network.add_subcommand("create", "Create a network");
    auto flags = std::make_shared<CreateFlags>();
    verb->add_option("-d,--driver", flags->driver, "bridge (default)");
    verb->add_option("--subnet", flags->subnets, "subnet in CIDR form")->allow_extra_args(false);
    verb->add_option("--gateway", flags->gateways, "gateway of the subnet")->allow_extra_args(false);
    verb->add_option("--ip-range", flags->ranges, "where containers get their addresses")->allow_extra_args(false);
    verb->add_option("--aux-address", flags->aux, "NAME=ADDRESS that is kept free")->allow_extra_args(false);
    verb->add_option("-o,--opt", flags->options, "KEY=VALUE option of the driver")->allow_extra_args(false);
    verb->add_option("--label", flags->labels, "KEY=VALUE")->allow_extra_args(false);
    auto* ipv4 = verb->add_flag("--ipv4", flags->ipv4, "IPv4 addresses (default true)");
    verb->add_flag("--ipv6", flags->ipv6, "IPv6 addresses");
    verb->add_flag("--internal", flags->internal, "no way to the outside");
    verb->add_flag("--attachable", flags->attachable, "accepted for Docker's sake");
    verb->add_option("NETWORK", flags->name)->required();
    verb->callback([&session, flags, ipv4] { create(session, *flags, ipv4->count() > 0); });
}

struct ListFlags {
    bool quiet = false;
    bool whole = false;
    std::string format = "table";
    std::vector<std::string> filters;
};

Json summary(const Json& network, bool whole) {
    return {{"ID", shown_id(text_at(network, "Id"), whole)},
            {"Name", text_at(network, "Name")},
            {"Driver", text_at(network, "Driver")},
            {"Scope", text_at(network, "Scope")}};
}

void list(Session& session, const ListFlags& flags) {
    auto filters = filter_query(flags.filters);
    if (!filters) return session.report(filters.error());
    auto networks = parse_reply(session.ask("GET", "/networks" + *filters));
    if (!networks) return session.report(networks.error());
    Table table({"NETWORK ID", "NAME", "DRIVER", "SCOPE"});
    for (const auto& network : *networks) {
        const Json row = summary(network, flags.whole);
        if (flags.quiet)
            print_line(text_at(row, "ID"));
        else if (flags.format == "json")
            print_line(row.dump());
        else
            table.add({text_at(row, "ID"), text_at(row, "Name"), text_at(row, "Driver"), text_at(row, "Scope")});
    }
    if (!flags.quiet && flags.format != "json") print(table.text());
}

void add_list(CLI::App& network, Session& session) {
    auto* verb = network.add_subcommand("ls", "List networks")->alias("list");
    auto flags = std::make_shared<ListFlags>();
    verb->add_flag("-q,--quiet", flags->quiet, "ids only");
    verb->add_flag("--no-trunc", flags->whole, "whole ids");
    verb->add_option("-f,--filter", flags->filters, "driver, id, label, name, scope, type, dangling")
        ->allow_extra_args(false);
    verb->add_option("--format", flags->format, "table or json")->check(CLI::IsMember({"table", "json"}));
    verb->callback([&session, flags] { list(session, *flags); });
}

void inspect(Session& session, const std::vector<std::string>& names) {
    Json all = Json::array();
    std::vector<Error> errors;
    for (const auto& name : names) {
        auto network = parse_reply(session.ask("GET", "/networks/" + api::encode(name)));
        if (network)
            all.push_back(std::move(*network));
        else
            errors.push_back(std::move(network).error());
    }
    print_line(all.dump(4));
    for (const auto& error : errors) session.report(error);
}

void remove(Session& session, const std::vector<std::string>& names, bool force) {
    for (const auto& name : names) {
        auto removed = session.ask("DELETE", "/networks/" + api::encode(name));
        if (removed)
            print_line(name);
        else if (!force || removed.error().code() != Errc::not_found)
            session.report(removed.error());
    }
}

void add_inspect_and_remove(CLI::App& network, Session& session) {
    auto* show = network.add_subcommand("inspect", "Show all about networks, as JSON");
    auto* take = network.add_subcommand("rm", "Remove networks")->alias("remove");
    auto names = std::make_shared<std::vector<std::string>>();
    auto force = std::make_shared<bool>(false);
    show->add_option("NETWORK", *names)->required();
    take->add_option("NETWORK", *names)->required();
    take->add_flag("-f,--force", *force, "no error if there is no such network");
    show->callback([&session, names] { inspect(session, *names); });
    take->callback([&session, names, force] { remove(session, *names, *force); });
}

void prune(Session& session, const std::vector<std::string>& filters) {
    auto query = filter_query(filters);
    if (!query) return session.report(query.error());
    auto pruned = parse_reply(session.ask("POST", "/networks/prune" + *query));
    if (!pruned) return session.report(pruned.error());
    const auto names = pruned->find("NetworksDeleted");
    if (names == pruned->end() || !names->is_array() || names->empty()) return;
    print_line("Deleted Networks:");
    for (const auto& name : *names) print_line(name.get<std::string>());
    print_line("");
}

struct ConnectFlags {
    std::string network;
    std::string container;
    std::vector<std::string> aliases;
    std::vector<std::string> exclusive_aliases;
    std::vector<std::string> links;
    std::vector<std::string> options;
    std::string ip;
    std::string ip6;
    int gw_priority = 0;
    bool force = false;
};

void connect(Session& session, const ConnectFlags& flags) {
    Json endpoint{{"Aliases", flags.aliases}, {"Links", flags.links}, {"DriverOpts", key_values(flags.options)}};
    if (!flags.exclusive_aliases.empty()) {
        endpoint["DriverOpts"][kExclusiveOption] = joined(flags.exclusive_aliases);
    }
    endpoint["GwPriority"] = flags.gw_priority;
    endpoint["IPAMConfig"] = {{"IPv4Address", flags.ip}, {"IPv6Address", flags.ip6}};
    const Json body{{"Container", flags.container}, {"EndpointConfig", std::move(endpoint)}};
    auto done = session.ask("POST", "/networks/" + api::encode(flags.network) + "/connect", body_text(body));
    if (!done) session.report(done.error());
}

/// The container's name goes in the body, where the daemon would have to look for it.
bool lacks_container(Session& session, const ConnectFlags& flags) {
    if (flags.network.empty() || !flags.container.empty()) return false;
    session.report(empty_name("container"));
    return true;
}

void disconnect(Session& session, const ConnectFlags& flags) {
    const Json body{{"Container", flags.container}, {"Force", flags.force}};
    auto done = session.ask("POST", "/networks/" + api::encode(flags.network) + "/disconnect", body_text(body));
    if (!done) session.report(done.error());
}

void add_connect_and_disconnect(CLI::App& network, Session& session) {
    auto* join = network.add_subcommand("connect", "Connect a container to a network");
    auto* leave = network.add_subcommand("disconnect", "Disconnect a container from a network");
    auto flags = std::make_shared<ConnectFlags>();
    join->add_option("--alias", flags->aliases, "a further name on this network")->allow_extra_args(false);
    join->add_option("--alias-exclusive", flags->exclusive_aliases, "a further name that nobody else has there")
        ->allow_extra_args(false);
    join->add_option("--link", flags->links, "CONTAINER:ALIAS")->allow_extra_args(false);
    join->add_option("--driver-opt", flags->options, "KEY=VALUE")->allow_extra_args(false);
    join->add_option("--gw-priority", flags->gw_priority, "the highest has the default route");
    join->add_option("--ip", flags->ip, "IPv4 address");
    join->add_option("--ip6", flags->ip6, "IPv6 address");
    leave->add_flag("-f,--force", flags->force, "also if it does not exist any more");
    for (auto* verb : {join, leave}) {
        verb->add_option("NETWORK", flags->network)->required();
        verb->add_option("CONTAINER", flags->container)->required();
    }
    join->callback([&session, flags] {
        if (!lacks_container(session, *flags)) connect(session, *flags);
    });
    leave->callback([&session, flags] {
        if (!lacks_container(session, *flags)) disconnect(session, *flags);
    });
}

}  // namespace

void add_network_commands(CLI::App& app, Session& session) {
    auto* network = app.add_subcommand("network", "Networks");
    network->require_subcommand(1);
    add_create(*network, session);
    add_list(*network, session);
    add_inspect_and_remove(*network, session);
    add_connect_and_disconnect(*network, session);
    add_kernel_state_commands(*network, session);
    auto* verb = network->add_subcommand("prune", "Remove networks that no container uses");
    auto filters = std::make_shared<std::vector<std::string>>();
    auto ignored = std::make_shared<bool>();
    verb->add_flag("-f,--force", *ignored, "accepted for Docker's sake: nothing is asked");
    verb->add_option("--filter", *filters, "label, until")->allow_extra_args(false);
    verb->callback([&session, filters, ignored] { prune(session, *filters); });
}

}  // namespace nsr::cli
