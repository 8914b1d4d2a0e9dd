#include <memory>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.h"
#include "cli/commands/json.h"
#include "cli/exec.h"

namespace nsr::cli {
namespace {

Result<Place> place_of(Session& session, const std::string& name) {
    auto container = parse_reply(session.ask("GET", "/containers/" + api::encode(name) + "/json"));
    if (!container) return fail(std::move(container).error());
    Place place;
    place.sandbox = text_at(container->value("NetworkSettings", Json::object()), "SandboxKey");
    if (place.sandbox.empty()) return fail(Errc::conflict, "container " + name + " is not running");
    place.hosts_path = text_at(*container, "HostsPath");
    auto resolv_conf = session.ask("GET", "/ns-register/containers/" + api::encode(name) + "/resolv.conf");
    if (!resolv_conf) return fail(std::move(resolv_conf).error());
    place.resolv_conf = std::move(*resolv_conf);
    return place;
}

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
