#include "cli/commands/expose_flag.h"

#include <charconv>
#include <cstdint>
#include <string_view>

namespace nsr::cli {
namespace {

/// The number, or what Go's strconv.ParseUint says of it.
Result<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (rest == end && error == std::errc{}) return number;
    const bool all_digits = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
    return fail(Errc::invalid, "strconv.ParseUint: parsing \"" + std::string(text) +
                                   "\": " + (all_digits ? "value out of range" : "invalid syntax"));
}

Result<> check_range(std::string_view ports) {
    if (ports.empty()) return fail(Errc::invalid, "empty string specified for ports");
    const std::size_t dash = ports.find('-');
    const auto first = parse_port(ports.substr(0, dash));
    if (!first) return fail(first.error());
    if (dash == std::string_view::npos) return {};
    const auto last = parse_port(ports.substr(dash + 1));
    if (!last) return fail(last.error());
    if (*last < *first) return fail(Errc::invalid, "invalid range specified for port: " + std::string(ports));
    return {};
}

}  // namespace

Result<> check_expose(const std::string& text) {
    if (text.contains(':')) return fail(Errc::invalid, "invalid port format for --expose: " + text);
    const auto valid = check_range(std::string_view(text).substr(0, text.find('/')));
    if (valid) return {};
    return fail(Errc::invalid, "invalid range format for --expose: " + text + ", error: " + valid.error().message());
}

}  // namespace nsr::cli
