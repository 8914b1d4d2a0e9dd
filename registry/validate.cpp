#include "registry/validate.h"

#include <algorithm>
#include <array>

#include "registry/text.h"

namespace nsr::registry {
namespace {

constexpr std::size_t kNameMax = 253;     // of a DNS name as text, RFC 1035 §2.3.4
constexpr std::size_t kHostnameMax = 64;  // HOST_NAME_MAX of Linux
constexpr std::size_t kLabelMax = 63;
constexpr std::array kPredefined = {"bridge", "host", "none", "default"};

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_name_character(char c) { return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-'; }

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos; }

std::string braced(std::string_view text) { return "(" + std::string(text) + ")"; }

/// What is wrong with the labels of a name whose characters are right, or "".
std::string label_fault(std::string_view name) {
    if (name.size() > kNameMax) return "it has more than " + std::to_string(kNameMax) + " bytes";
    for (const std::string_view label : split(name, '.')) {
        if (label.empty()) return "it has an empty label";
        if (label.size() > kLabelMax) return "it has a label of more than " + std::to_string(kLabelMax) + " bytes";
    }
    return {};
}

bool begins_and_goes_on_well(std::string_view name) {
    return !name.empty() && is_letter_or_digit(name.front()) && std::ranges::all_of(name, is_name_character);
}

}  // namespace

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

Result<> check_network_name(std::string_view name) {
    if (is_blank(name)) return fail(Errc::invalid, "invalid name: name is empty");
    if (std::ranges::find(kPredefined, lower(name)) != kPredefined.end()) {
        return fail(Errc::forbidden, "operation is not permitted on predefined " + std::string(name) + " network");
    }
    if (!begins_and_goes_on_well(name)) {
        return fail(Errc::invalid,
                    "Invalid network name " + braced(name) + ", only [a-zA-Z0-9][a-zA-Z0-9_.-]* are allowed");
    }
    if (const std::string fault = label_fault(name); !fault.empty()) {
        return fail(Errc::invalid, "Invalid network name " + braced(name) + ": " + fault);
    }
    return {};
}

Result<> check_container_name(std::string_view name) {
    if (name.size() < 2 || !begins_and_goes_on_well(name)) {
        return fail(Errc::invalid,
                    "Invalid container name " + braced(name) + ", only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
    }
    if (const std::string fault = label_fault(name); !fault.empty()) {
        return fail(Errc::invalid, "Invalid container name " + braced(name) + ": " + fault);
    }
    return {};
}

Result<> check_alias(std::string_view alias) {
    const std::string quoted = "invalid alias '" + std::string(alias) + "': ";
    std::string_view name = alias;
    if (name.starts_with("*.")) name.remove_prefix(2);
    if (name.empty()) return fail(Errc::invalid, quoted + "it is empty");
    if (!std::ranges::all_of(name, is_name_character)) {
        return fail(Errc::invalid, quoted + "only letters, digits, '-', '_' and dots are allowed");
    }
    if (const std::string fault = label_fault(alias); !fault.empty()) return fail(Errc::invalid, quoted + fault);
    return {};
}

Result<> check_hostname(std::string_view what, std::string_view name) {
    if (name.empty()) return {};
    const auto is_label = [](std::string_view label) {
        return !label.empty() && label.size() <= kLabelMax && label.front() != '-' && label.back() != '-';
    };
    // The kernel takes no longer one (uname(2)).
    const std::size_t limit = what == "hostname" ? kHostnameMax : kNameMax;
    if (name.size() <= limit && std::ranges::all_of(name, is_name_character) &&
        std::ranges::all_of(split(name, '.'), is_label)) {
        return {};
    }
    return fail(Errc::invalid, "invalid " + std::string(what) + " format: " + std::string(name));
}

Result<Link> parse_link(std::string_view text) {
    if (text.empty()) return fail(Errc::invalid, "empty string specified for links");
    const auto parts = split(text, ':');
    if (parts.size() > 2 || parts.front().empty() || parts.back().empty()) {
        return fail(Errc::invalid, "bad format for links: " + std::string(text));
    }
    Link link{.target = std::string(parts.front()), .alias = std::string(parts.back())};
    if (link.target.starts_with('/')) link.target.erase(0, 1);
    if (link.target.empty()) return fail(Errc::invalid, "bad format for links: " + std::string(text));
    if (parts.size() == 1) return Link{.target = link.target, .alias = link.target};
    // "/target:/self/alias" is how a container's own inspect shows its links.
    if (parts.front().starts_with('/') && link.alias.starts_with('/')) {
        link.alias.erase(0, link.alias.rfind('/') + 1);
    }
    if (auto valid = check_alias(link.alias); !valid) return fail(std::move(valid).error());
    return link;
}

Result<> check_links(const std::vector<Link>& links) {
    for (std::size_t index = 0; index < links.size(); ++index) {
        for (std::size_t other = 0; other < index; ++other) {
            if (lower(links[other].alias) != lower(links[index].alias)) continue;
            return fail(Errc::invalid, "link alias '" + links[index].alias + "' is given twice");
        }
    }
    return {};
}

Result<ExtraHost> parse_extra_host(std::string_view text) {
    const std::size_t end = text.find_first_of("=:");
    if (end == std::string_view::npos || end == 0) {
        return fail(Errc::invalid, "bad format for add-host: \"" + std::string(text) + "\"");
    }
    ExtraHost host{.name = std::string(text.substr(0, end)), .address = {}};
    std::string_view address = text.substr(end + 1);
    if (!std::ranges::all_of(host.name, is_name_character)) {
        return fail(Errc::invalid, "bad format for add-host: \"" + std::string(text) + "\"");
    }
    if (address == kHostGateway) return host;
    if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
    host.address = IpAddress::parse(address);
    if (!host.address) {
        return fail(Errc::invalid, "invalid IP address in add-host: \"" + std::string(address) + "\"");
    }
    return host;
}

Result<> check_extra_host(std::string_view text) {
    if (auto parsed = parse_extra_host(text); !parsed) return fail(std::move(parsed).error());
    return {};
}

Result<> check_dns_server(std::string_view text) {
    if (IpAddress::parse(text.substr(0, text.find('%')))) return {};
    return fail(Errc::invalid, "IP address is not correctly formatted: " + std::string(text));
}

Result<> check_dns_option(std::string_view text) {
    const auto is_bad = [](unsigned char c) { return c <= ' ' || c == '#' || c == ';' || c == 0x7f; };
    if (!text.empty() && std::ranges::none_of(text, is_bad)) return {};
    return fail(Errc::invalid, "invalid DNS option: " + std::string(text));
}

Result<> check_variable(std::string_view text) {
    if (!text.empty() && text.front() != '=') return {};
    return fail(Errc::invalid, "invalid environment variable: " + std::string(text));
}

Result<> check_dns_search(std::string_view text) {
    if (text == ".") return {};
    std::string_view name = text;
    if (name.ends_with('.')) name.remove_suffix(1);
    if (!name.empty() && std::ranges::all_of(name, is_name_character) && label_fault(name).empty()) return {};
    return fail(Errc::invalid, std::string(text) + " is not a valid domain");
}

}  // namespace nsr::registry
