#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.h"
#include "cli/commands/json.h"
#include "cli/commands/pairs.h"
#include "cli/commands/shown_ports.h"
#include "cli/output.h"

namespace nsr::cli {
namespace {

struct ListFlags {
    bool all = false;
    bool quiet = false;
    bool whole = false;
    std::string format = "table";
    std::vector<std::string> filters;
};

long long seconds_since(const Json& container) {
    const auto created = container.value("Created", 0LL);
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(now).count() - created;
}

std::string join(const std::vector<std::string>& parts) {
    std::string joined;
    for (const auto& part : parts) joined += (joined.empty() ? "" : ", ") + part;
    return joined;
}

std::string names_of(const Json& container) {
    std::vector<std::string> names;
    for (const auto& name : container.value("Names", Json::array())) {
        const auto text = name.get<std::string>();
        names.push_back(text.starts_with('/') ? text.substr(1) : text);
    }
    return join(names);
}

/// The names of the networks, and the container's address on each: IPv6 where it has no IPv4.
std::pair<std::string, std::string> networks_of(const Json& container) {
    std::vector<std::string> names;
    std::vector<std::string> addresses;
    const Json settings = container.value("NetworkSettings", Json::object());
    const Json networks = settings.value("Networks", Json::object());
    for (const auto& [name, endpoint] : networks.items()) {
        names.push_back(name);
        auto address = text_at(endpoint, "IPAddress");
        if (address.empty()) address = text_at(endpoint, "GlobalIPv6Address");
        if (!address.empty()) addresses.push_back(std::move(address));
    }
    return {join(names), join(addresses)};
}

Json summary(const Json& container, bool whole) {
    const auto [networks, addresses] = networks_of(container);
    return {{"ID", shown_id(text_at(container, "Id"), whole)},
            {"Names", names_of(container)},
            {"State", text_at(container, "State")},
            {"Status", text_at(container, "Status")},
            {"CreatedAt", container.value("Created", 0LL)},
            {"RunningFor", ago(seconds_since(container))},
            {"Networks", networks},
            {"Addresses", addresses},
            {"Ports", shown_ports(container.value("Ports", Json::array()))},
            {"Labels", container.value("Labels", Json::object())}};
}

void list(Session& session, const ListFlags& flags) {
    auto query = filter_query(flags.filters);
    if (!query) return session.report(query.error());
    if (flags.all) *query += query->empty() ? "?all=1" : "&all=1";
    auto containers = parse_reply(session.ask("GET", "/containers/json" + *query));
    if (!containers) return session.report(containers.error());
    Table table({"CONTAINER ID", "CREATED", "STATUS", "NETWORKS", "ADDRESSES", "PORTS", "NAMES"});
    for (const auto& container : *containers) {
        const Json row = summary(container, flags.whole);
        if (flags.quiet)
            print_line(text_at(row, "ID"));
        else if (flags.format == "json")
            print_line(row.dump());
        else
            table.add({text_at(row, "ID"), text_at(row, "RunningFor"), text_at(row, "Status"), text_at(row, "Networks"),
                       text_at(row, "Addresses"), text_at(row, "Ports"), text_at(row, "Names")});
    }
    if (!flags.quiet && flags.format != "json") print(table.text());
}

void inspect(Session& session, const std::vector<std::string>& names) {
    Json all = Json::array();
    std::vector<Error> errors;
    for (const auto& name : names) {
        auto container = parse_reply(session.ask("GET", "/containers/" + api::encode(name) + "/json"));
        if (container)
            all.push_back(std::move(*container));
        else
            errors.push_back(std::move(container).error());
    }
    print_line(all.dump(4));
    for (const auto& error : errors) session.report(error);
}

/// "80/tcp -> 0.0.0.0:8080", or with one port asked for "0.0.0.0:8080".
void ports(Session& session, const std::string& name, const std::string& wanted) {
    auto container = parse_reply(session.ask("GET", "/containers/" + api::encode(name) + "/json"));
    if (!container) return session.report(container.error());
    const std::string only = wanted.empty() || wanted.find('/') != std::string::npos ? wanted : wanted + "/tcp";
    bool found = false;
    const Json settings = container->value("NetworkSettings", Json::object());
    const Json published = settings.value("Ports", Json::object());
    std::map<std::pair<int, std::string>, Json> sorted;  // by number
    for (const auto& [port, bindings] : published.items()) sorted[{std::atoi(port.c_str()), port}] = bindings;
    for (const auto& [key, bindings] : sorted) {
        const std::string& port = key.second;
        if (!bindings.is_array() || (!only.empty() && port != only)) continue;
        for (const auto& binding : bindings) {
            const std::string host = bracketed(text_at(binding, "HostIp")) + ":" + text_at(binding, "HostPort");
            print_line(only.empty() ? port + " -> " + host : host);
            found = true;
        }
    }
    if (!found && !only.empty()) session.report("No public port '" + only + "' published for " + name, kFailed);
}

void add_list(CLI::App& app, Session& session) {
    auto* verb = app.add_subcommand("ps", "List containers");
    auto flags = std::make_shared<ListFlags>();
    verb->add_flag("-a,--all", flags->all, "also those that do not run");
    verb->add_flag("-q,--quiet", flags->quiet, "ids only");
    verb->add_flag("--no-trunc", flags->whole, "whole ids");
    verb->add_option("-f,--filter", flags->filters, "id, label, name, network, status")->allow_extra_args(false);
    verb->add_option("--format", flags->format, "table or json")->check(CLI::IsMember({"table", "json"}));
    verb->callback([&session, flags] { list(session, *flags); });
}

}  // namespace

void add_inspect_commands(CLI::App& app, Session& session) {
    add_list(app, session);
    auto* show = app.add_subcommand("inspect", "Show all about containers, as JSON");
    auto names = std::make_shared<std::vector<std::string>>();
    show->add_option("CONTAINER", *names)->required();
    show->callback([&session, names] { inspect(session, *names); });

    auto* port = app.add_subcommand("port", "List published ports");
    auto asked = std::make_shared<std::pair<std::string, std::string>>();
    port->add_option("CONTAINER", asked->first)->required();
    port->add_option("PORT", asked->second, "80 or 80/udp");
    port->callback([&session, asked] { ports(session, asked->first, asked->second); });
}

}  // namespace nsr::cli
