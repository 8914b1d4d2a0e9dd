#include "api/filters.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <ctime>
#include <initializer_list>
#include <optional>
#include <regex>
#include <string_view>

namespace nsr::api {
namespace {

Result<> check_keys(const Filters& filters, std::initializer_list<std::string_view> known) {
    for (const auto& [key, values] : filters) {
        if (std::ranges::find(known, key) == known.end()) return fail(Errc::invalid, "invalid filter '" + key + "'");
    }
    return {};
}

/// Whether one of the values of a key fits; true if the key is not there.
template <typename Fits>
bool any_value(const Filters& filters, const std::string& key, Fits&& fits) {
    const auto found = filters.find(key);
    return found == filters.end() || std::ranges::any_of(found->second, fits);
}

/// "KEY" or "KEY=VALUE".
bool has_label(const registry::StringMap& labels, const std::string& wanted) {
    const auto equals = wanted.find('=');
    const auto label = labels.find(wanted.substr(0, equals));
    return label != labels.end() && (equals == std::string::npos || label->second == wanted.substr(equals + 1));
}

bool has_all_labels(const Filters& filters, const registry::StringMap& labels) {
    const auto found = filters.find("label");
    return found == filters.end() ||
           std::ranges::all_of(found->second, [&](const auto& wanted) { return has_label(labels, wanted); });
}

bool is_predefined(const registry::Network& network) {
    return network.name == registry::kBridgeNetwork || network.name == registry::kHostNetwork ||
           network.name == registry::kNoneNetwork;
}

/// As Go's strconv.ParseBool reads it, which Docker's filters go through.
std::optional<bool> parse_flag(std::string_view text) {
    constexpr std::array<std::string_view, 6> kTrue{"1", "t", "T", "TRUE", "true", "True"};
    constexpr std::array<std::string_view, 6> kFalse{"0", "f", "F", "FALSE", "false", "False"};
    if (std::ranges::find(kTrue, text) != kTrue.end()) return true;
    if (std::ranges::find(kFalse, text) != kFalse.end()) return false;
    return std::nullopt;
}

/// Docker matches names by regular expression anywhere in the name: "web", "^web$". Polynomial: no expression can hold
/// up the caller. One that cannot be read matches only itself.
bool matches_text(const std::string& wanted, const std::string& text) {
    if (text.contains(wanted)) return true;
    constexpr auto kFlags = std::regex_constants::ECMAScript | std::regex_constants::__polynomial;
    try {
        return std::regex_search(text, std::regex(wanted, kFlags));
    } catch (const std::regex_error&) {
        return false;
    }
}

/// Refuses a value of a key that does not satisfy `valid`.
template <typename Valid>
Result<> check_values(const Filters& filters, const std::string& key, Valid&& valid) {
    const auto found = filters.find(key);
    if (found == filters.end()) return {};
    for (const auto& value : found->second) {
        if (!valid(value)) return fail(Errc::invalid, "invalid filter '" + key + "=" + value + "'");
    }
    return {};
}

/// Docker's words; the last four never apply here.
constexpr std::array<std::string_view, 7> kStatuses{"created",    "running",  "exited", "paused",
                                                    "restarting", "removing", "dead"};

std::string_view status_of_container(const registry::Container& container) {
    switch (container.state) {
        case registry::ContainerState::created:
            return "created";
        case registry::ContainerState::running:
            return "running";
        case registry::ContainerState::exited:
            return "exited";
    }
    return "";
}

constexpr WallTime kSecond = 1'000'000'000;
constexpr WallTime kUntilMax = 9'000'000'000;  ///< seconds; what is more does not fit into nanoseconds

/// Seconds of "24h", "1h30m".
std::optional<WallTime> parse_duration(std::string_view text) {
    WallTime total = 0;
    if (text.empty()) return std::nullopt;
    while (!text.empty()) {
        WallTime number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{} || end == text.data() + text.size()) return std::nullopt;
        const WallTime unit = *end == 'h' ? 3600 : *end == 'm' ? 60 : *end == 's' ? 1 : 0;
        if (unit == 0 || number < 0 || number > (kUntilMax - total) / unit) return std::nullopt;
        total += number * unit;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
    }
    return total;
}

/// Seconds since 1970 of "2026-11-21", "2026-11-21T06:41:00", with a fraction (dropped) and a zone (without: UTC).
std::optional<WallTime> parse_date(const std::string& text) {
    std::tm date{};
    const char* rest = ::strptime(text.c_str(), "%Y-%m-%d", &date);
    if (rest == nullptr) return std::nullopt;
    if (*rest == 'T') {
        rest = ::strptime(rest, "T%H:%M:%S", &date);
        if (rest == nullptr) return std::nullopt;
        if (*rest == '.') rest += 1 + std::strspn(rest + 1, "0123456789");
    }
    if (*rest != '\0') rest = ::strptime(rest, "%z", &date);
    if (rest == nullptr || *rest != '\0') return std::nullopt;
    const WallTime offset = date.tm_gmtoff;  // timegm() forgets it
    return static_cast<WallTime>(::timegm(&date)) - offset;
}

std::optional<WallTime> parse_until(const std::string& text) {
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const bool is_number = error == std::errc{} && end == text.data() + text.size();
    if (is_number && seconds >= 0 && seconds <= kUntilMax) return seconds * kSecond;
    if (const auto duration = parse_duration(text)) return wall_now() - *duration * kSecond;
    const auto date = parse_date(text);
    if (!date || *date > kUntilMax || *date < -kUntilMax) return std::nullopt;
    return *date * kSecond;
}

}  // namespace

Result<> check_network_filters(const Filters& filters) {
    if (auto known = check_keys(filters, {"dangling", "driver", "id", "label", "name", "scope", "type"}); !known) {
        return known;
    }
    if (auto valid = check_values(filters, "dangling", parse_flag); !valid) return valid;
    return check_values(filters, "type", [](const auto& value) { return value == "builtin" || value == "custom"; });
}

Result<> check_container_filters(const Filters& filters) {
    if (auto known = check_keys(filters, {"id", "label", "name", "network", "status"}); !known) return known;
    return check_values(filters, "status",
                        [](const auto& value) { return std::ranges::find(kStatuses, value) != kStatuses.end(); });
}

Result<> check_prune_filters(const Filters& filters) {
    if (auto known = check_keys(filters, {"label", "label!", "until"}); !known) return known;
    const auto until = filters.find("until");
    if (until == filters.end()) return {};
    for (const auto& text : until->second) {
        if (!parse_until(text)) return fail(Errc::invalid, "invalid value for until filter: '" + text + "'");
    }
    return {};
}

bool matches_network(const Filters& filters, const NetworkResource& resource) {
    const registry::Network& network = resource.network;
    return any_value(filters, "driver", [&](const auto& value) { return network.driver == value; }) &&
           any_value(filters, "id", [&](const auto& value) { return network.id.starts_with(value); }) &&
           any_value(filters, "name", [&](const auto& value) { return matches_text(value, network.name); }) &&
           any_value(filters, "scope", [](const auto& value) { return value == "local"; }) &&
           any_value(filters, "type",
                     [&](const auto& value) { return value == (is_predefined(network) ? "builtin" : "custom"); }) &&
           any_value(filters, "dangling",
                     [&](const auto& value) { return parse_flag(value) == resource.containers.empty(); }) &&
           has_all_labels(filters, network.labels);
}

bool matches_container(const Filters& filters, const ContainerInspect& inspected) {
    const registry::Container& container = inspected.container;
    return any_value(filters, "id", [&](const auto& value) { return container.id.starts_with(value); }) &&
           any_value(filters, "name",
                     [&](const auto& value) {
                         return matches_text(value, container.name) || matches_text(value, "/" + container.name);
                     }) &&
           any_value(filters, "status", [&](const auto& value) { return status_of_container(container) == value; }) &&
           any_value(filters, "network",
                     [&](const auto& value) {
                         return std::ranges::any_of(inspected.networks, [&](const auto& entry) {
                             return entry.first == value ||
                                    (!value.empty() && entry.second.network_id.starts_with(value));
                         });
                     }) &&
           has_all_labels(filters, container.labels);
}

bool matches_prune(const Filters& filters, const registry::Network& network) {
    const auto excluded = filters.find("label!");
    if (excluded != filters.end() &&
        std::ranges::any_of(excluded->second, [&](const auto& label) { return has_label(network.labels, label); })) {
        return false;
    }
    return has_all_labels(filters, network.labels) && any_value(filters, "until", [&](const auto& text) {
               return network.created < parse_until(text).value_or(0);
           });
}

}  // namespace nsr::api
