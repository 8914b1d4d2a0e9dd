#include <algorithm>
#include <cctype>
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.h"
#include "cli/commands/json.h"
#include "cli/output.h"

namespace nsr::cli {
namespace {

struct EnvFlags {
    std::string container;
    std::string format = "env-file";
};

struct Variable {
    std::string name;
    std::string value;
};

Variable split(const std::string& text) {
    const std::size_t equals = text.find('=');
    return equals == std::string::npos ? Variable{text, ""} : Variable{text.substr(0, equals), text.substr(equals + 1)};
}

bool is_shell_name(const std::string& name) {
    const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
    return !name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) == 0 &&
           std::ranges::all_of(name, fits);
}

/// In single quotes, which nothing ends but another: it's -> 'it'\''s'
std::string quoted(const std::string& value) {
    std::string text = "'";
    for (const char c : value) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
}

/// A shell has no such variables as 1DB_PORT or WEIRD.NAME: they are left out, and named.
void print_for_shell(const std::vector<Variable>& variables) {
    for (const auto& [name, value] : variables) {
        if (is_shell_name(name))
            print_line("export " + name + "=" + quoted(value));
        else
            std::fprintf(stderr, "WARNING: '%s' is no name for a shell and is left out\n", name.c_str());
    }
}

void print_file(Session& session, const std::vector<Variable>& variables) {
    const auto broken = std::ranges::find_if(
        variables, [](const auto& variable) { return variable.value.find('\n') != std::string::npos; });
    if (broken != variables.end()) {
        return session.report("variable '" + broken->name + "' has several lines, which an env file cannot hold: use " +
                                  "--format json or shell",
                              kFailed);
    }
    for (const auto& [name, value] : variables) print_line(name + "=" + value);
}

void env(Session& session, const EnvFlags& flags) {
    auto list = parse_reply(session.ask("GET", "/ns-register/containers/" + api::encode(flags.container) + "/env"));
    if (!list) return session.report(list.error(), Verb::ours);
    std::vector<Variable> variables;
    for (const auto& variable : *list) variables.push_back(split(variable.get<std::string>()));
    if (flags.format == "shell") return print_for_shell(variables);
    if (flags.format == "env-file") return print_file(session, variables);
    Json object = Json::object();
    for (const auto& [name, value] : variables) object[name] = value;
    print_line(body_text(object));
}

}  // namespace

void add_env_command(CLI::App& app, Session& session) {
    auto* verb = app.add_subcommand("env", "List a container's variables, those of its links included");
    auto flags = std::make_shared<EnvFlags>();
    verb->add_option("CONTAINER", flags->container)->required();
    verb->add_option("--format", flags->format, "env-file (default), shell or json")
        ->check(CLI::IsMember({"env-file", "shell", "json"}));
    verb->callback([&session, flags] { env(session, *flags); });
}

}  // namespace nsr::cli
