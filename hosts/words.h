#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nsr::hosts {

/// What stands between words.
inline constexpr std::string_view kBlanks = " \t\r\v\f";

/// The lines of a text without their newlines; a last line without one counts. Carriage returns stay (they are blanks
/// to split_words()).
std::vector<std::string_view> split_lines(std::string_view text);

/// The words of a line, up to one that begins a comment ('#' or ';').
std::vector<std::string> split_words(std::string_view line);

/// With one blank between them.
std::string join(const std::vector<std::string>& words);

}  // namespace nsr::hosts
