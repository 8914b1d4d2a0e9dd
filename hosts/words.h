#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nsr::hosts {

/// The lines of a text without their ends ("\n" or "\r\n"); a last line without an end counts.
std::vector<std::string_view> split_lines(std::string_view text);

/// The words of a line, up to one that begins a comment ('#' or ';').
std::vector<std::string> split_words(std::string_view line);

/// With one blank between them.
std::string join(const std::vector<std::string>& words);

}  // namespace nsr::hosts
