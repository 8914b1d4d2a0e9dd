#pragma once

#include <algorithm>
#include <string_view>

namespace nsr::net {

/// Without spaces and tabs around it.
inline std::string_view trimmed(std::string_view line) {
    const auto from = line.find_first_not_of(" \t");
    if (from == std::string_view::npos) return {};
    return line.substr(from, line.find_last_not_of(" \t") - from + 1);
}

/// Cuts the first line off a text; trimmed.
inline std::string_view next_line(std::string_view& text) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return trimmed(line);
}

}  // namespace nsr::net
