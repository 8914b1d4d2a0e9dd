#include <memory>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.h"
#include "cli/commands/create.h"
#include "cli/commands/place.h"

namespace nsr::cli {
namespace {

struct ExecFlags {
    std::string container;
    std::string user;
    std::string directory;
    std::vector<std::string> env;
    bool ignored = false;
};

void exec(Session& session, const ExecFlags& flags) {
    if (session.command().empty()) return session.report("exec needs a command: exec CONTAINER -- COMMAND", kFailed);
    auto place = place_of(session, flags.container);
    if (!place) return session.report(place.error());
    if (!flags.user.empty()) place->user = flags.user;
    if (!flags.directory.empty()) place->directory = flags.directory;
    const auto env = variables_of(flags.env);
    place->variables.insert(place->variables.end(), env.begin(), env.end());
    const Error error = execute(*place, session.command());
    switch (error.code()) {
        case Errc::not_found:
            return session.report(error.message(), kNoSuchCommand);
        case Errc::forbidden:
        case Errc::invalid:
            return session.report(error.message(), kNotExecutable);
        default:
            return session.report(error);
    }
}

}  // namespace

void add_exec_command(CLI::App& app, Session& session) {
    auto* verb =
        app.add_subcommand("exec", "Run a command in a container's network namespace, with its files in place");
    auto flags = std::make_shared<ExecFlags>();
    verb->add_flag("-i,--interactive", flags->ignored, "accepted for Docker's sake");
    verb->add_flag("-t,--tty", flags->ignored, "accepted for Docker's sake");
    verb->add_option("-u,--user", flags->user, "NAME|UID[:GROUP|GID] (default: that of run)");
    verb->add_option("-w,--workdir", flags->directory, "the directory to start in (default: that of run)");
    verb->add_option("-e,--env", flags->env, "NAME=VALUE")->allow_extra_args(false);
    verb->add_option("CONTAINER", flags->container, "the command and its arguments follow, behind --")->required();
    verb->callback([&session, flags] { exec(session, *flags); });
}

}  // namespace nsr::cli
