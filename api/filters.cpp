#include "api/filters.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <initializer_list>
#include <optional>
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

bool is_true(const std::string& text) { return text == "true" || text == "1" || text == "True" || text == "TRUE"; }

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

/// "24h", "1h30m": before now.
std::optional<WallTime> parse_duration(std::string_view text) {
    WallTime total = 0;
    while (!text.empty()) {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{} || end == text.data() + text.size()) return std::nullopt;
        const char unit = *end;
        const WallTime seconds = unit == 'h' ? 3600 : unit == 'm' ? 60 : unit == 's' ? 1 : 0;
        if (seconds == 0) return std::nullopt;
        total += number * seconds * kSecond;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
    }
    return total;
}

std::optional<WallTime> parse_until(const std::string& text) {
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error == std::errc{} && end == text.data() + text.size()) return seconds * kSecond;
    if (const auto duration = parse_duration(text)) return wall_now() - *duration;
    std::tm utc{};
    if (::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &utc) == nullptr) return std::nullopt;
    return static_cast<WallTime>(::timegm(&utc)) * kSecond;
}

}  // namespace

Result<> check_network_filters(const Filters& filters) {
    return check_keys(filters, {"dangling", "driver", "id", "label", "name", "scope", "type"});
}

Result<> check_container_filters(const Filters& filters) {
    return check_keys(filters, {"id", "label", "name", "network", "status"});
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
           any_value(filters, "name", [&](const auto& value) { return network.name.contains(value); }) &&
           any_value(filters, "scope", [](const auto& value) { return value == "local"; }) &&
           any_value(filters, "type",
                     [&](const auto& value) { return value == (is_predefined(network) ? "builtin" : "custom"); }) &&
           any_value(filters, "dangling",
                     [&](const auto& value) {
                         return is_true(value) == (!is_predefined(network) && resource.containers.empty());
                     }) &&
           has_all_labels(filters, network.labels);
}

bool matches_container(const Filters& filters, const ContainerInspect& inspected) {
    const registry::Container& container = inspected.container;
    return any_value(filters, "id", [&](const auto& value) { return container.id.starts_with(value); }) &&
           any_value(filters, "name", [&](const auto& value) { return ("/" + container.name).contains(value); }) &&
           any_value(filters, "status", [&](const auto& value) { return status_of_container(container) == value; }) &&
           any_value(filters, "network",
                     [&](const auto& value) {
                         return std::ranges::any_of(inspected.networks, [&](const auto& entry) {
                             return entry.first == value || entry.second.network_id == value;
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
