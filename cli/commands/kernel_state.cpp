#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.h"
#include "cli/commands/json.h"
#include "cli/output.h"

/// network plan, verify and repair: what should be in the kernel, and what is.
namespace nsr::cli {
namespace {

struct Flags {
    std::string network;
    bool is_one = false;  ///< that network alone, and if its name is empty
    std::string format = "text";
};

/// Prints "NETWORK: LINE" for each; how many.
std::size_t print_report(const Json& report) {
    std::size_t count = 0;
    for (const auto& network : report.value("Networks", Json::array())) {
        for (const auto& line : network.value("Lines", Json::array())) {
            print_line(text_at(network, "Name") + ": " + line.get<std::string>());
            ++count;
        }
    }
    for (const auto& line : report.value("Firewall", Json::array())) {
        print_line("firewall: " + line.get<std::string>());
        ++count;
    }
    return count;
}

std::size_t count_lines(const Json& report) {
    std::size_t count = report.value("Firewall", Json::array()).size();
    for (const auto& network : report.value("Networks", Json::array())) {
        count += network.value("Lines", Json::array()).size();
    }
    return count;
}

/// What was found, or nothing if the daemon refused.
std::optional<std::size_t> run(Session& session, const Flags& flags, const char* method, const std::string& verb) {
    const std::string scope = flags.is_one ? "/networks/" + api::encode(flags.network) : "";
    auto report = parse_reply(session.ask(method, "/ns-register" + scope + "/" + verb));
    if (!report) {
        session.report(report.error(), Verb::ours);
        return std::nullopt;
    }
    if (flags.format == "json") {
        print_line(report->dump(4));
        return count_lines(*report);
    }
    return print_report(*report);
}

CLI::App* add_verb(CLI::App& network, const char* name, const char* about, const std::shared_ptr<Flags>& flags) {
    auto* verb = network.add_subcommand(name, about);
    verb->add_option("NETWORK", flags->network)->each([flags](const std::string&) { flags->is_one = true; });
    verb->add_option("--format", flags->format, "text or json")->check(CLI::IsMember({"text", "json"}));
    return verb;
}

}  // namespace

void add_kernel_state_commands(CLI::App& network, Session& session) {
    auto flags = std::make_shared<Flags>();
    auto* plan = add_verb(network, "plan", "Show what a network, or all, should have in the kernel", flags);
    auto* verify = add_verb(network, "verify", "Show how the kernel differs from that", flags);
    auto* repair = add_verb(network, "repair", "Mend it", flags);
    plan->callback([&session, flags] { run(session, *flags, "GET", "plan"); });
    verify->callback([&session, flags] {
        const auto found = run(session, *flags, "GET", "verify");
        if (!found || *found == 0) return;
        session.report(std::to_string(*found) + (*found == 1 ? " difference: `ns-register network repair` mends it"
                                                             : " differences: `ns-register network repair` mends them"),
                       kFailed);
    });
    repair->callback([&session, flags] { run(session, *flags, "POST", "repair"); });
}

}  // namespace nsr::cli
