#include "cli/commands/network_flag.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace nsr::cli {
namespace {

bool is_word(char character) { return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_'; }

/// Whether there is a KEY=VALUE in it; else it is a name, whatever it looks like.
bool has_fields(const std::string& text) {
    for (std::size_t at = text.find('='); at != std::string::npos; at = text.find('=', at + 1)) {
        if (at > 0 && at + 1 < text.size() && is_word(text[at - 1]) && is_word(text[at + 1])) return true;
    }
    return false;
}

std::string trimmed(const std::string& text) {
    const auto from = text.find_first_not_of(" \t");
    if (from == std::string::npos) return "";
    return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

/// A line of CSV: a field in quotes may hold commas, and a quote twice.
std::vector<std::string> fields_of(const std::string& text) {
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '"') {
            if (quoted && at + 1 < text.size() && text[at + 1] == '"') {
                fields.back() += text[++at];
            } else {
                quoted = !quoted;
            }
        } else if (text[at] == ',' && !quoted) {
            fields.emplace_back();
        } else {
            fields.back() += text[at];
        }
    }
    return fields;
}

Result<> set_priority(NetworkFlag& flag, const std::string& value) {
    const char* end = value.data() + value.size();
    const char* from = value.starts_with('+') ? value.data() + 1 : value.data();
    const auto [stop, error] = std::from_chars(from, end, flag.gw_priority);
    const auto refused = [&](const char* why) {
        return fail(Errc::invalid, "invalid gw-priority (" + value + "): " + why);
    };
    if (error == std::errc::result_out_of_range) return refused("value out of range");
    if (error != std::errc() || stop != end) return refused("invalid syntax");
    return {};
}

Result<> set_option(NetworkFlag& flag, const std::string& value) {
    const auto equals = value.find('=');
    if (equals == std::string::npos || equals == 0) {
        return fail(Errc::invalid, "invalid key value pair format in driver options");
    }
    flag.options[trimmed(value.substr(0, equals))] = trimmed(value.substr(equals + 1));
    return {};
}

Result<> set_field(NetworkFlag& flag, const std::string& key, const std::string& value) {
    const std::map<std::string, std::string NetworkFlag::*> texts{{"name", &NetworkFlag::name},
                                                                  {"ip", &NetworkFlag::ip},
                                                                  {"ip6", &NetworkFlag::ip6},
                                                                  {"mac-address", &NetworkFlag::mac}};
    if (const auto found = texts.find(key); found != texts.end()) {
        flag.*(found->second) = value;
        return {};
    }
    if (key == "gw-priority") return set_priority(flag, value);
    if (key == "driver-opt") return set_option(flag, value);
    if (key == "alias") {
        flag.aliases.push_back(value);
    } else if (key == "link-local-ip") {
        flag.link_local_ips.push_back(value);
    } else {
        return fail(Errc::invalid, "invalid field key " + key);
    }
    return {};
}

Result<> merge(std::string& own, const std::string& other, const char* flag, const char* what) {
    if (!own.empty() && !other.empty()) {
        return fail(Errc::invalid,
                    std::string("conflicting options: cannot specify both ") + flag + " and per-network " + what);
    }
    if (own.empty()) own = other;
    return {};
}

/// What stands in flags of its own.
Result<> add_flags(NetworkFlag& first, const CreateFlags& flags) {
    if (!first.aliases.empty() && !flags.aliases.empty()) {
        return fail(Errc::invalid, "conflicting options: cannot specify both --network-alias and per-network alias");
    }
    if (first.aliases.empty()) first.aliases = flags.aliases;
    first.exclusive_aliases = flags.exclusive_aliases;
    if (auto merged = merge(first.ip, flags.ip, "--ip", "IPv4 address"); !merged) return merged;
    if (auto merged = merge(first.ip6, flags.ip6, "--ip6", "IPv6 address"); !merged) return merged;
    return merge(first.mac, flags.mac, "--mac-address", "MAC address");
}

}  // namespace

Result<NetworkFlag> parse_network_flag(const std::string& text) {
    NetworkFlag flag;
    if (!has_fields(text)) {
        flag.name = text;
        return flag;
    }
    const auto refused = [&](const std::string& why) {
        return fail(Errc::invalid, "invalid argument \"" + text + "\" for \"--network\" flag: " + why);
    };
    for (const std::string& field : fields_of(text)) {
        const auto equals = field.find('=');
        if (equals == std::string::npos || equals == 0) return refused("invalid field " + field);
        std::string key = trimmed(field.substr(0, equals));
        std::ranges::transform(key, key.begin(), [](unsigned char letter) { return std::tolower(letter); });
        if (auto set = set_field(flag, key, trimmed(field.substr(equals + 1))); !set) {
            return refused(set.error().message());
        }
    }
    if (flag.name.empty()) return refused("network name/id is not specified");
    return flag;
}

Result<std::vector<NetworkFlag>> networks_of(const CreateFlags& flags) {
    std::vector<NetworkFlag> networks;
    for (const std::string& text : flags.networks.empty() ? std::vector<std::string>{"default"} : flags.networks) {
        auto network = parse_network_flag(text);
        if (!network) return fail(std::move(network).error());
        if (network->name.empty()) return fail(empty_name("network"));
        if (networks.empty()) {
            if (auto added = add_flags(*network, flags); !added) return fail(std::move(added).error());
        }
        if (std::ranges::find(networks, network->name, &NetworkFlag::name) != networks.end()) {
            return fail(Errc::invalid, "network \"" + network->name + "\" is specified multiple times");
        }
        networks.push_back(std::move(*network));
    }
    return networks;
}

}  // namespace nsr::cli
