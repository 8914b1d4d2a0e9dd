#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.h"
#include "cli/commands/json.h"
#include "cli/output.h"

/// doctor: what is wrong with this host, and what mends it.
namespace nsr::cli {
namespace {

void doctor(Session& session, const std::string& format) {
    auto findings = parse_reply(session.ask("GET", "/ns-register/doctor"));
    if (!findings) return session.report(findings.error(), Verb::ours);
    std::size_t wrong = 0;
    for (const auto& finding : *findings) wrong += finding.value("Ok", true) ? 0U : 1U;
    if (format == "json") {
        print_line(findings->dump(4));
    } else {
        for (const auto& finding : *findings) {
            const bool ok = finding.value("Ok", true);
            print_line(std::string(ok ? "ok     " : "WRONG  ") + text_at(finding, "Check") + ": " +
                       text_at(finding, "Text"));
            if (const auto fix = text_at(finding, "Fix"); !fix.empty()) print_line("       fix: " + fix);
        }
    }
    if (wrong > 0)
        session.report(
            std::to_string(wrong) + (wrong == 1 ? " thing is wrong on this host" : " things are wrong on this host"),
            kFailed);
}

}  // namespace

void add_doctor_command(CLI::App& app, Session& session) {
    auto* verb = app.add_subcommand("doctor", "Look for what is wrong with this host, and say what mends it");
    auto format = std::make_shared<std::string>("text");
    verb->add_option("--format", *format, "text or json")->check(CLI::IsMember({"text", "json"}));
    verb->callback([&session, format] { doctor(session, *format); });
}

}  // namespace nsr::cli
