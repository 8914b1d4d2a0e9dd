#include "daemon/engine/signals.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <csignal>
#include <cstring>
#include <optional>

namespace nsr::daemon {
namespace {

std::optional<int> number_of(std::string_view text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// RTMIN, RTMIN+N, RTMAX, RTMAX-N
std::optional<int> real_time(std::string_view name) {
    if (!name.starts_with("RTMIN") && !name.starts_with("RTMAX")) return std::nullopt;
    const bool from_end = name.starts_with("RTMAX");
    const int base = from_end ? SIGRTMAX : SIGRTMIN;
    name.remove_prefix(5);
    if (name.empty()) return base;
    if (name.front() != (from_end ? '-' : '+')) return std::nullopt;
    const auto offset = number_of(name.substr(1));
    if (!offset || *offset < 0) return std::nullopt;
    return from_end ? base - *offset : base + *offset;
}

std::optional<int> standard(const std::string& name) {
    for (int signal = 1; signal < SIGRTMIN; ++signal) {
        const char* abbreviation = ::sigabbrev_np(signal);
        if (abbreviation != nullptr && name == abbreviation) return signal;
    }
    return std::nullopt;
}

}  // namespace

Result<int> parse_signal(const std::string& text) {
    std::string name = text;
    std::ranges::transform(name, name.begin(), [](unsigned char letter) { return std::toupper(letter); });
    if (name.starts_with("SIG")) name.erase(0, 3);
    auto signal = number_of(name);
    if (!signal) signal = standard(name);
    if (!signal) signal = real_time(name);
    if (signal && *signal > 0 && *signal <= SIGRTMAX) return *signal;
    return fail(Errc::invalid, "Invalid signal: " + text);
}

}  // namespace nsr::daemon
