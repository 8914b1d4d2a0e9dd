#include "cli/output.h"

#include <algorithm>
#include <cstdio>

namespace nsr::cli {

std::string Table::text() const {
    std::vector<std::size_t> widths(rows_.front().size());
    for (const auto& row : rows_) {
        for (std::size_t column = 0; column < row.size(); ++column) {
            widths[column] = std::max(widths[column], row[column].size());
        }
    }
    std::string text;
    for (const auto& row : rows_) {
        for (std::size_t column = 0; column < row.size(); ++column) {
            text += row[column];
            if (column + 1 < row.size()) text.append(widths[column] - row[column].size() + 3, ' ');
        }
        text += '\n';
    }
    return text;
}

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void print_line(std::string_view text) {
    print(text);
    print("\n");
}

std::string shown_id(const std::string& id, bool whole) { return whole ? id : id.substr(0, 12); }

std::string ago(long long seconds) {
    const auto unit = [](long long count, const char* name) {
        return std::to_string(count) + " " + name + (count == 1 ? "" : "s") + " ago";
    };
    if (seconds < 1) return "Less than a second ago";
    if (seconds < 60) return unit(seconds, "second");
    if (seconds < 120) return "About a minute ago";
    if (seconds < 3600) return unit(seconds / 60, "minute");
    if (seconds < 7200) return "About an hour ago";
    if (seconds < 48LL * 3600) return unit(seconds / 3600, "hour");
    return unit(seconds / 86400, "day");
}

}  // namespace nsr::cli
