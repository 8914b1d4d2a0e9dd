#include "cli/commands/flag_files.h"

#include <sstream>

#include "common/files.h"

namespace nsr::cli {
namespace {

constexpr const char* kBlanks = " \t\r\v\f";

/// `what` is "variable" or "label", as Docker says it.
Result<> add_lines(const std::string& path, const char* what, std::vector<std::string>& lines) {
    auto text = read_file(path);
    if (!text) return fail(std::move(text).error());
    std::istringstream all(*text);
    for (std::string line; std::getline(all, line);) {
        if (line.ends_with('\r')) line.pop_back();
        line.erase(0, std::min(line.find_first_not_of(kBlanks), line.size()));
        if (line.empty() || line.starts_with('#')) continue;
        const std::string name = line.substr(0, line.find('='));
        if (name.empty()) return fail(Errc::invalid, "no variable name on line '" + line + "'");
        if (name.find_first_of(kBlanks) != std::string::npos) {
            return fail(Errc::invalid, std::string(what) + " '" + name + "' contains whitespaces");
        }
        lines.push_back(std::move(line));
    }
    return {};
}

Result<> add_files(const std::vector<std::string>& paths, const char* what, std::vector<std::string>& given) {
    std::vector<std::string> lines;
    for (const auto& path : paths) {
        if (auto added = add_lines(path, what, lines); !added) return added;
    }
    given.insert(given.begin(), lines.begin(), lines.end());
    return {};
}

}  // namespace

Result<CreateFlags> with_flag_files(CreateFlags flags) {
    if (auto added = add_files(flags.env_files, "variable", flags.env); !added) return fail(std::move(added).error());
    if (auto added = add_files(flags.label_files, "label", flags.labels); !added) return fail(std::move(added).error());
    return flags;
}

}  // namespace nsr::cli
