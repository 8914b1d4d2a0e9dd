#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Words of the presentation format (RFC 1035 §5.1): what record data and master files are made of.
namespace nsr::resolver {

/// A word as it is written, escapes kept, quotes taken away.
struct Word {
    std::string text;
    bool quoted = false;

    bool operator==(const Word&) const = default;
};

/// Reads one word at `at`, which moves behind it: up to a blank or one of `ends`; "a quoted one" up to its quote.
/// nullopt if a quote or an escape is not finished.
std::optional<Word> read_word(std::string_view text, std::size_t& at, std::string_view ends);

/// The words of one line. nullopt as read_word().
std::optional<std::vector<Word>> split_words(std::string_view line);

/// The bytes that a word stands for: \DDD and \X are one each. nullopt if a number is none of a byte.
std::optional<std::vector<std::uint8_t>> decode_word(std::string_view text);

}  // namespace nsr::resolver
