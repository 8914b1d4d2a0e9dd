#include <memory>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.h"
#include "cli/commands/place.h"

namespace nsr::cli {
namespace {

void exec(Session& session, const std::string& container) {
    if (session.command().empty()) return session.report("exec needs a command: exec CONTAINER -- COMMAND", kFailed);
    auto place = place_of(session, container);
    if (!place) return session.report(place.error());
    const Error error = execute(*place, session.command());
    switch (error.code()) {
        case Errc::not_found:
            return session.report(error.message(), kNoSuchCommand);
        case Errc::forbidden:
            return session.report(error.message(), kNotExecutable);
        default:
            return session.report(error);
    }
}

}  // namespace

void add_exec_command(CLI::App& app, Session& session) {
    auto* verb =
        app.add_subcommand("exec", "Run a command in a container's network namespace, with its files in place");
    auto container = std::make_shared<std::string>();
    auto ignored = std::make_shared<bool>();
    verb->add_flag("-i,--interactive", *ignored, "accepted for Docker's sake");
    verb->add_flag("-t,--tty", *ignored, "accepted for Docker's sake");
    verb->add_option("CONTAINER", *container, "the command and its arguments follow, behind --")->required();
    verb->callback([&session, container, ignored] { exec(session, *container); });
}

}  // namespace nsr::cli
