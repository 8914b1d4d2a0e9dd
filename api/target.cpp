#include <cctype>
#include <charconv>

#include "api/router.h"

namespace nsr::api {
namespace {

/// RFC 3986 §2.1; '+' is a blank in query strings.
std::string decode(std::string_view text, bool is_query) {
    std::string decoded;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '+' && is_query) {
            decoded += ' ';
            continue;
        }
        unsigned value = 0;
        const char* digits = text.data() + at + 1;
        if (text[at] == '%' && at + 2 < text.size() &&
            std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
            decoded += static_cast<char>(value);
            at += 2;
            continue;
        }
        decoded += text[at];
    }
    return decoded;
}

/// "/v1.48/..." -> "1.48"
std::string_view version_prefix(std::string_view path) {
    if (!path.starts_with("/v")) return {};
    const auto slash = path.find('/', 1);
    if (slash == std::string_view::npos) return {};
    const auto version = path.substr(2, slash - 2);
    const bool is_number = !version.empty() && version.find_first_not_of("0123456789.") == std::string_view::npos;
    return is_number ? version : std::string_view();
}

}  // namespace

bool Target::flag(const std::string& name) const {
    const std::string value = parameter(name);
    return !value.empty() && value != "0" && value != "false" && value != "no" && value != "none";
}

Target parse_target(std::string_view target) {
    Target parsed;
    const auto question = target.find('?');
    std::string_view path = target.substr(0, question);
    if (const auto version = version_prefix(path); !version.empty()) {
        parsed.version = version;
        path.remove_prefix(2 + version.size());
    }
    parsed.path = path;  // decoded part by part: a %2F is no separator
    if (question == std::string_view::npos) return parsed;
    std::string_view rest = target.substr(question + 1);
    while (!rest.empty()) {
        const auto pair = rest.substr(0, rest.find('&'));
        const auto equals = pair.find('=');
        const auto value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
        parsed.query[decode(pair.substr(0, equals), true)] = decode(value, true);
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    }
    return parsed;
}

std::string decode_segment(std::string_view text) { return decode(text, false); }

}  // namespace nsr::api
