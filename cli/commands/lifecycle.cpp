#include <memory>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.h"
#include "cli/output.h"

namespace nsr::cli {
namespace {

using Names = std::vector<std::string>;

std::string container_path(const std::string& name) { return "/containers/" + api::encode(name); }

/// Does one thing to each container and echoes its name; goes on after an error.
void each(Session& session, const Names& names, std::string_view method, const std::string& suffix) {
    for (const auto& name : names) {
        auto done = session.ask(method, container_path(name) + suffix);
        if (done)
            print_line(name);
        else
            session.report(done.error());
    }
}

void detach(Session& session, const Names& names) {
    for (const auto& name : names) {
        auto done = session.ask("POST", container_path(name) + "/stop");
        if (done) {
            done = session.ask("DELETE", container_path(name));
            // One that was made for a command may have gone with it.
            if (!done && done.error().code() == Errc::not_found) done = std::string();
        }
        if (done)
            print_line(name);
        else
            session.report(done.error(), Verb::ours);
    }
}

void rename(Session& session, const std::string& old_name, const std::string& new_name) {
    auto done = session.ask("POST", container_path(old_name) + "/rename?name=" + api::encode(new_name));
    if (!done) session.report(done.error());
}

/// How a command is asked to end.
struct Terms {
    std::string signal;
    std::optional<int> seconds;
};

std::string query_of(const Terms& terms) {
    std::string query;
    if (!terms.signal.empty()) query += "&signal=" + api::encode(terms.signal);
    if (terms.seconds) query += "&t=" + std::to_string(*terms.seconds);
    if (!query.empty()) query.front() = '?';
    return query;
}

std::shared_ptr<Names> add_names(CLI::App& verb) {
    auto names = std::make_shared<Names>();
    verb.add_option("CONTAINER", *names)->required();
    return names;
}

/// A verb that takes names and posts to one path for each; Docker's flag for the time to wait is accepted.
void add_post(CLI::App& app, Session& session, const char* name, const char* about) {
    auto* verb = app.add_subcommand(name, about);
    auto names = add_names(*verb);
    auto terms = std::make_shared<Terms>();
    if (std::string_view(name) != "start") {
        verb->add_option("-s,--signal", terms->signal, "what a command is sent");
    }
    if (std::string_view(name) == "stop" || std::string_view(name) == "restart") {
        verb->add_option("-t,--time,--timeout", terms->seconds, "seconds until a command is killed (default 10)");
    }
    const std::string suffix = std::string("/") + name;
    verb->callback([&session, names, terms, suffix] { each(session, *names, "POST", suffix + query_of(*terms)); });
}

}  // namespace

void add_lifecycle_commands(CLI::App& app, Session& session) {
    add_post(app, session, "start", "Start containers: give them their addresses and names");
    add_post(app, session, "stop", "Stop containers: release addresses, keep names");
    add_post(app, session, "restart", "Stop and start");
    add_post(app, session, "kill", "Stop at once");

    auto* remove = app.add_subcommand("rm", "Remove containers");
    auto removed = add_names(*remove);
    auto force = std::make_shared<bool>(false);
    remove->add_flag("-f,--force", *force, "also if it runs");
    remove->callback([&session, removed, force] { each(session, *removed, "DELETE", *force ? "?force=1" : ""); });

    auto* away = app.add_subcommand("detach", "Stop and remove in one");
    auto detached = add_names(*away);
    away->callback([&session, detached] { detach(session, *detached); });

    auto* verb = app.add_subcommand("rename", "Rename a container");
    auto names = std::make_shared<std::pair<std::string, std::string>>();
    verb->add_option("CONTAINER", names->first)->required();
    verb->add_option("NEW_NAME", names->second)->required();
    verb->callback([&session, names] { rename(session, names->first, names->second); });
}

}  // namespace nsr::cli
