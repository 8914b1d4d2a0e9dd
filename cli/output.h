#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nsr::cli {

/// A table as Docker prints it: columns as wide as their longest cell, three blanks between, nothing behind the last.
class Table {
public:
    explicit Table(std::vector<std::string> heading) { rows_.push_back(std::move(heading)); }

    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    std::string text() const;

private:
    std::vector<std::vector<std::string>> rows_;
};

/// To standard output.
void print(std::string_view text);
void print_line(std::string_view text);

/// The first 12 digits of an id, or all of it.
std::string shown_id(const std::string& id, bool whole);

/// "5 minutes ago", as Docker words it.
std::string ago(long long seconds);

}  // namespace nsr::cli
