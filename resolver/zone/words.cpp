#include "resolver/zone/words.h"

#include <algorithm>

namespace nsr::resolver {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The size of the escape that `text` begins with; 0 if it is cut off.
std::size_t escape_size(std::string_view text) {
    if (text.size() < 2) return 0;
    if (!is_digit(text[1])) return 2;
    return text.size() < 4 ? 0 : 4;
}

}  // namespace

std::optional<Word> read_word(std::string_view text, std::size_t& at, std::string_view ends) {
    Word word;
    word.quoted = at < text.size() && text[at] == '"';
    if (word.quoted) ++at;
    const std::size_t begin = at;
    while (at < text.size()) {
        const char c = text[at];
        if (word.quoted ? c == '"' : kBlanks.contains(c) || ends.contains(c)) break;
        const std::size_t size = c == '\\' ? escape_size(text.substr(at)) : 1;
        if (size == 0) return std::nullopt;
        at += size;
    }
    word.text = text.substr(begin, at - begin);
    if (!word.quoted) return word;
    if (at == text.size()) return std::nullopt;
    ++at;
    return word;
}

std::optional<std::vector<Word>> split_words(std::string_view line) {
    std::vector<Word> words;
    for (std::size_t at = 0; at < line.size();) {
        if (kBlanks.contains(line[at])) {
            ++at;
            continue;
        }
        auto word = read_word(line, at, "\"");
        if (!word) return std::nullopt;
        words.push_back(std::move(*word));
    }
    return words;
}

std::optional<std::vector<std::uint8_t>> decode_word(std::string_view text) {
    std::vector<std::uint8_t> bytes;
    while (!text.empty()) {
        if (text.front() != '\\') {
            bytes.push_back(static_cast<std::uint8_t>(text.front()));
            text.remove_prefix(1);
            continue;
        }
        const std::size_t size = escape_size(text);
        if (size == 0) return std::nullopt;
        unsigned value = static_cast<std::uint8_t>(text[1]);
        if (size == 4) {
            if (!std::ranges::all_of(text.substr(1, 3), is_digit)) return std::nullopt;
            value = static_cast<unsigned>((text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0'));
        }
        if (value > 255) return std::nullopt;
        bytes.push_back(static_cast<std::uint8_t>(value));
        text.remove_prefix(size);
    }
    return bytes;
}

}  // namespace nsr::resolver
