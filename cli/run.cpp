#include "cli/run.h"

#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.h"
#include "cli/output.h"

namespace nsr::cli {
namespace {

constexpr const char* kDefaultSocket = "/run/ns-register/ns-register.sock";

std::string default_socket() {
    const char* given = std::getenv("NS_REGISTER_SOCKET");
    return given != nullptr && *given != '\0' ? given : kDefaultSocket;
}

/// The exit status for flags that cannot be read: Docker's verbs as Docker's, our own 2.
int usage_status(const CLI::App& app) {
    static const std::set<std::string> kOurs = {"alias", "resolve", "ping", "env", "detach"};
    for (const auto* verb : app.get_subcommands()) {
        if (verb->get_name() == "create" || verb->get_name() == "attach") return kCannotStart;
        if (kOurs.contains(verb->get_name())) return kUsage;
        return kFailed;
    }
    return kUsage;
}

/// A help page, a version, or one sentence.
int explain(const CLI::App& app, const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::fprintf(stderr, "Error: %s\n", error.what());
    return usage_status(app);
}

}  // namespace

int run(int argc, char** argv) {
    Session session(default_socket());
    CLI::App app{"Networks and names for anything that lives in a network namespace", "ns-register"};
    app.require_subcommand(1);
    app.option_defaults()->always_capture_default(false);
    std::string socket;
    app.add_option("--socket", socket, "the daemon's socket (NS_REGISTER_SOCKET)");
    app.set_version_flag("--version", std::string("ns-register ") + NSR_VERSION);
    app.parse_complete_callback([&] {
        if (!socket.empty()) session.set_socket(socket);
    });
    add_network_commands(app, session);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return explain(app, error);
    }
    return session.status();
}

}  // namespace nsr::cli
