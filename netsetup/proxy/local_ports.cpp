#include "netsetup/proxy/local_ports.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "common/files.h"

namespace nsr::net {
namespace {

constexpr const char* kRange = "/proc/sys/net/ipv4/ip_local_port_range";
constexpr const char* kReserved = "/proc/sys/net/ipv4/ip_local_reserved_ports";

using Range = std::pair<std::uint16_t, std::uint16_t>;

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
    return text;
}

std::optional<std::uint16_t> number(std::string_view text) {
    std::uint16_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// "FIRST<separator>LAST", or one number for both.
std::optional<Range> range_of(std::string_view text, char separator) {
    const std::size_t middle = text.find(separator);
    const auto first = number(text.substr(0, middle));
    const auto last = middle == std::string_view::npos ? first : number(text.substr(middle + 1));
    if (!first || !last) return std::nullopt;
    return Range{*first, *last};
}

}  // namespace

bool LocalPorts::contains(std::uint16_t port) const {
    if (port < first || port > last) return false;
    return std::ranges::none_of(reserved,
                                [port](const Range& range) { return port >= range.first && port <= range.second; });
}

Result<LocalPorts> parse_local_ports(std::string_view range, std::string_view reserved) {
    LocalPorts ports;
    const auto bounds = range_of(trimmed(range), '\t');
    if (!bounds || bounds->first > bounds->second) {
        return fail(Errc::system, "'" + std::string(kRange) + "': '" + std::string(trimmed(range)) + "' is no range");
    }
    ports.first = bounds->first;
    ports.last = bounds->second;
    for (reserved = trimmed(reserved); !reserved.empty();) {
        const std::size_t comma = reserved.find(',');
        const auto part = range_of(reserved.substr(0, comma), '-');
        if (!part) return fail(Errc::system, "'" + std::string(kReserved) + "': '" + std::string(reserved) + "'");
        ports.reserved.push_back(*part);
        reserved = comma == std::string_view::npos ? std::string_view() : reserved.substr(comma + 1);
    }
    return ports;
}

Result<LocalPorts> read_local_ports() {
    const auto range = read_file(kRange);
    if (!range) return fail(range.error());
    const auto reserved = read_file(kReserved);
    if (!reserved) return fail(reserved.error());
    return parse_local_ports(*range, *reserved);
}

}  // namespace nsr::net
