#include <memory>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.h"
#include "cli/commands/json.h"
#include "cli/output.h"

namespace nsr::cli {
namespace {

struct AliasFlags {
    std::string network;
    std::string container;
    std::string alias;
};

void change_alias(Session& session, std::string_view method, const AliasFlags& flags) {
    if (flags.alias.empty()) return session.report("invalid alias '': it is empty", kUsage);  // no route leads there
    auto done = session.ask(method, "/ns-register/networks/" + api::encode(flags.network) + "/containers/" +
                                        api::encode(flags.container) + "/aliases/" + api::encode(flags.alias));
    if (!done) session.report(done.error(), Verb::ours);
}

void add_alias_verb(CLI::App& alias, Session& session, const char* name, const char* about, const char* method) {
    auto* verb = alias.add_subcommand(name, about);
    auto flags = std::make_shared<AliasFlags>();
    verb->add_option("NETWORK", flags->network)->required();
    verb->add_option("CONTAINER", flags->container)->required();
    verb->add_option("ALIAS", flags->alias)->required();
    verb->callback([&session, flags, method] { change_alias(session, method, *flags); });
}

struct ResolveFlags {
    std::string name;
    std::string type = "A";
    std::string from;
    std::string format = "table";
    bool explain = false;
};

void print_records(const Json& records, const std::string& format) {
    Table table({"NETWORK", "NAME", "TTL", "TYPE", "DATA"});
    for (const auto& record : records) {
        if (format == "json") print_line(record.dump());
        const std::string network = text_at(record, "Network");
        table.add({network.empty() ? "-" : network, text_at(record, "Name"), std::to_string(record.value("Ttl", 0)),
                   text_at(record, "Type"), text_at(record, "Data")});
    }
    if (format != "json") print(table.text());
}

void resolve(Session& session, const ResolveFlags& flags) {
    std::string target = "/ns-register/resolve?name=" + api::encode(flags.name) + "&type=" + api::encode(flags.type);
    if (!flags.from.empty()) target += "&from=" + api::encode(flags.from);
    auto result = parse_reply(session.ask("GET", target));
    if (!result) return session.report(result.error(), Verb::ours);
    const bool as_json = flags.format == "json";
    if (flags.explain && as_json) {  // one object: the answer and how it came about belong together
        print_line(result->dump());
        if (result->value("Records", Json::array()).empty()) session.set_status(kNotFound);
        return;
    }
    if (flags.explain) {
        for (const auto& step : result->value("Trace", Json::array())) print_line(step.get<std::string>());
    }
    const Json records = result->value("Records", Json::array());
    if (!records.empty()) return print_records(records, flags.format);
    const std::string rcode = text_at(*result, "Rcode");
    const Json trace = result->value("Trace", Json::array());
    // Nobody was asked: it says whom the container would ask.
    if (rcode.empty() && !trace.empty()) return session.report(trace.back().get<std::string>(), kNotFound);
    session.report("no " + flags.type + " record for '" + flags.name + "' (" + rcode + ")", kNotFound);
}

void ping(Session& session) {
    auto answer = session.ask("GET", "/_ping");
    if (answer)
        print_line(*answer);
    else
        session.report(answer.error(), Verb::ours);
}

}  // namespace

void add_name_commands(CLI::App& app, Session& session) {
    auto* alias = app.add_subcommand("alias", "Further names of a container on a network");
    alias->require_subcommand(1);
    add_alias_verb(*alias, session, "add", "Give a container a further name", "PUT");
    add_alias_verb(*alias, session, "rm", "Take the name away", "DELETE");

    auto* verb = app.add_subcommand("resolve", "What a name stands for");
    auto flags = std::make_shared<ResolveFlags>();
    verb->add_option("NAME", flags->name)->required();
    const auto* from =
        verb->add_option("--from", flags->from, "as this container would get it (default: on every network)");
    verb->add_option("--type", flags->type, "A (default), AAAA, PTR, ...");
    verb->add_option("--format", flags->format, "table or json")->check(CLI::IsMember({"table", "json"}));
    verb->add_flag("--explain", flags->explain, "how it came to this");
    verb->callback([&session, flags, from] {
        if (from->count() > 0 && flags->from.empty()) return session.report(empty_name("container"), Verb::ours);
        resolve(session, *flags);
    });

    app.add_subcommand("ping", "Whether the daemon answers")->callback([&session] { ping(session); });
}

}  // namespace nsr::cli
