#include <charconv>
#include <iostream>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "api/limits.h"
#include "cli/commands/commands.h"
#include "cli/commands/json.h"
#include "cli/output.h"
#include "common/files.h"
#include "registry/validate.h"

namespace nsr::cli {
namespace {

constexpr std::uint32_t kTtlMax = 2147483647;  // RFC 2181 §8

struct RecordFlags {
    std::string network;
    std::string name;
    std::string type;
    std::vector<std::string> data;
    std::string ttl;
    std::string format = "table";
    std::string file;
};

std::string route_of(const RecordFlags& flags) {
    return "/ns-register/networks/" + api::encode(flags.network) + "/records";
}

/// An argument with blanks is one string of a TXT record, as the shell had it.
std::string quoted(const std::string& word) {
    if (word.starts_with('"') || word.find_first_of(" \t;()") == std::string::npos) return word;
    std::string text = "\"";
    for (const char c : word) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
    }
    return text + '"';
}

std::optional<std::uint32_t> ttl_of(const RecordFlags& flags) {
    std::uint32_t ttl = 0;
    const char* end = flags.ttl.data() + flags.ttl.size();
    const auto [stopped, error] = std::from_chars(flags.ttl.data(), end, ttl);
    const bool is_ttl = error == std::errc{} && stopped == end && ttl <= kTtlMax;
    return is_ttl ? std::optional(ttl) : std::nullopt;
}

std::string body_of(const RecordFlags& flags) {
    const bool is_text = registry::lower(flags.type) == "txt";
    std::string data;
    for (const auto& word : flags.data) data += (data.empty() ? "" : " ") + (is_text ? quoted(word) : word);
    Json body{{"Name", flags.name}, {"Type", flags.type}, {"Data", data}};
    if (const auto ttl = ttl_of(flags)) body["Ttl"] = *ttl;
    return body_text(body);
}

void change_record(Session& session, const RecordFlags& flags, std::string_view method) {
    if (!flags.ttl.empty() && !ttl_of(flags)) {
        return session.report("--ttl must be 0 to " + std::to_string(kTtlMax), kUsage);
    }
    auto done = session.ask(method, route_of(flags), body_of(flags));
    if (!done) session.report(done.error(), Verb::ours);
}

void list_records(Session& session, const RecordFlags& flags) {
    auto records = parse_reply(session.ask("GET", route_of(flags)));
    if (!records) return session.report(records.error(), Verb::ours);
    Table table({"NAME", "TTL", "TYPE", "DATA"});
    for (const auto& record : *records) {
        if (flags.format == "json") print_line(record.dump());
        const auto ttl = record.find("Ttl");
        const bool has_ttl = ttl != record.end() && ttl->is_number();
        table.add(
            {text_at(record, "Name"), has_ttl ? ttl->dump() : "-", text_at(record, "Type"), text_at(record, "Data")});
    }
    if (flags.format != "json") print(table.text());
}

/// What is to be read to its end; of standard input no more than shows that it is too much.
std::optional<std::string> content_of(const std::string& file) {
    if (file == "-") {
        std::string text(api::kRecordsBodyMax + 1, '\0');
        std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
        text.resize(static_cast<std::size_t>(std::cin.gcount()));
        return text;
    }
    auto read = read_file(file);
    return read ? std::optional(std::move(*read)) : std::nullopt;
}

void import_records(Session& session, const RecordFlags& flags) {
    const auto text = content_of(flags.file);
    if (!text) return session.report("cannot read '" + flags.file + "'", kNotFound);
    if (text->size() > api::kRecordsBodyMax) {
        const std::string what = flags.file == "-" ? "standard input" : "'" + flags.file + "'";
        return session.report(what + " is larger than " + std::to_string(api::kRecordsBodyMax) + " bytes", kUsage);
    }
    auto done = parse_reply(session.ask("POST", route_of(flags) + "/import", *text));
    if (!done) return session.report(done.error(), Verb::ours);
    const auto added = done->value("Added", std::uint64_t{0});
    std::string line = std::to_string(added) + (added == 1 ? " record added" : " records added");
    const auto left_out = done->value("LeftOut", std::uint64_t{0});
    if (left_out > 0) line += ", " + std::to_string(left_out) + " left out (SOA, NS)";
    print_line(line);
}

}  // namespace

void add_record_commands(CLI::App& app, Session& session) {
    auto* record = app.add_subcommand("record", "Records of your own on a network");
    record->require_subcommand(1);
    auto flags = std::make_shared<RecordFlags>();
    const auto add_verb = [&](const char* name, const char* about) {
        auto* verb = record->add_subcommand(name, about);
        verb->add_option("NETWORK", flags->network)->required();
        return verb;
    };

    auto* add = add_verb("add", "Add a record, or give it another TTL");
    auto* remove = add_verb("rm", "Remove a record; without DATA every one of that name and type");
    for (auto* verb : {add, remove}) {
        verb->add_option("NAME", flags->name)->required();
        verb->add_option("TYPE", flags->type, "A, AAAA, CNAME, TXT, SRV, MX or PTR")->required();
    }
    add->add_option("DATA", flags->data, "as in a master file: SRV is PRIORITY WEIGHT PORT TARGET")->required();
    remove->add_option("DATA", flags->data);
    add->add_option("--ttl", flags->ttl, "seconds (default: the network's)");
    add->callback([&session, flags] { change_record(session, *flags, "POST"); });
    remove->callback([&session, flags] { change_record(session, *flags, "DELETE"); });

    auto* list = add_verb("ls", "List them");
    list->add_option("--format", flags->format, "table or json")->check(CLI::IsMember({"table", "json"}));
    list->callback([&session, flags] { list_records(session, *flags); });

    auto* import = add_verb("import", "Add the records of a master file (RFC 1035), all or none");
    import->add_option("FILE", flags->file, "- for standard input")->required();
    import->callback([&session, flags] { import_records(session, *flags); });
}

}  // namespace nsr::cli
