#include "cli/run.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

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
    static const std::set<std::string> kOurs = {"alias", "record", "resolve", "ping", "env", "detach", "doctor", "oci"};
    for (const auto* verb : app.get_subcommands()) {
        if (verb->get_name() == "create" || verb->get_name() == "attach" || verb->get_name() == "run")
            return kCannotStart;
        if (kOurs.contains(verb->get_name())) return kUsage;
        return kFailed;
    }
    return kUsage;
}

bool is_flag(const std::string& word) { return word.size() > 1 && word.front() == '-'; }

/// Those of exec whose value is the next word.
const std::set<std::string> kExecFlagsWithValue = {"-u", "--user", "-w", "--workdir", "-e", "--env"};

/// The arguments, less the words of a command behind `exec CONTAINER [--]` and `run FLAGS --`: those never pass through
/// the option parser, which would take `[1,2]` apart.
struct Words {
    std::vector<std::string> options;  ///< last first, as CLI11 takes them
    std::vector<std::string> command;
};

Words split_words(int argc, char** argv) {
    Words words{{argv + 1, argv + argc}, {}};
    auto& all = words.options;
    auto at = all.begin();
    for (; at != all.end() && is_flag(*at); ++at) {
        if (*at == "--socket" && at + 1 != all.end()) ++at;
    }
    if (at != all.end() && *at == "exec") {
        for (++at; at != all.end() && is_flag(*at); ++at) {
            if (kExecFlagsWithValue.contains(*at) && at + 1 != all.end()) ++at;
        }
        if (at != all.end()) ++at;  // the container
        const auto end_of_options = at;
        if (at != all.end() && *at == "--") ++at;
        words.command.assign(at, all.end());
        all.erase(end_of_options, all.end());
    }
    if (at != all.end() && *at == "run") {
        at = std::find(at, all.end(), "--");
        if (at != all.end()) words.command.assign(at + 1, all.end());
        all.erase(at, all.end());
    }
    std::ranges::reverse(all);
    return words;
}

/// The first word that no command knows, where one was expected: "A subcommand is required" would not say which.
std::string unknown_word(const CLI::App& app) {
    const auto parsed = app.get_subcommands();
    if (!parsed.empty()) return unknown_word(*parsed.front());
    const auto words = app.remaining();
    if (words.empty()) return "";
    const std::string command = app.get_parent() == nullptr ? app.get_name() : "ns-register " + app.get_name();
    if (words.front().starts_with('-')) return "unknown flag: " + words.front();
    return "'" + words.front() + "' is not a command of " + command + ": see '" + command + " --help'";
}

/// A help page, a version, or one sentence.
int explain(const CLI::App& app, const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    const std::string unknown = error.get_name() == "RequiredError" ? unknown_word(app) : "";
    std::string line = unknown.empty() ? error.what() : unknown;
    std::ranges::replace(line, '\n', ' ');
    std::fprintf(stderr, "Error: %s\n", line.c_str());
    return usage_status(app);
}

}  // namespace

int run(int argc, char** argv) {
    Session session(default_socket());
    CLI::App app{"Networks and names for anything that lives in a network namespace", "ns-register"};
    app.require_subcommand(1);
    // Given twice, the last one counts, as with Docker.
    app.option_defaults()->always_capture_default(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    std::string socket;
    app.add_option("--socket", socket, "the daemon's socket (NS_REGISTER_SOCKET)");
    app.set_version_flag("--version", std::string("ns-register ") + NSR_VERSION);
    app.parse_complete_callback([&] {
        if (!socket.empty()) session.set_socket(socket);
    });
    add_network_commands(app, session);
    add_doctor_command(app, session);
    add_create_commands(app, session);
    add_lifecycle_commands(app, session);
    add_inspect_commands(app, session);
    add_name_commands(app, session);
    add_record_commands(app, session);
    add_env_command(app, session);
    add_run_command(app, session);
    add_oci_command(app, session);
    add_exec_command(app, session);
    Words words = split_words(argc, argv);
    session.set_command(std::move(words.command));
    try {
        app.parse(std::move(words.options));
    } catch (const nlohmann::json::exception& error) {
        session.report("the daemon's reply has an unknown shape: " + std::string(error.what()), kFailed);
    } catch (const CLI::ParseError& error) {
        return explain(app, error);
    }
    return session.status();
}

}  // namespace nsr::cli
