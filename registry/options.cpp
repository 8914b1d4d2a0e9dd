#include <algorithm>
#include <array>
#include <functional>

#include "registry/text.h"
#include "registry/validate.h"

namespace nsr::registry {
namespace {

constexpr std::size_t kInterfaceNameMax = 15;  // IFNAMSIZ - 1
constexpr std::size_t kInterfacePrefixMax = 12;
constexpr int kMtuMin = 68;  // RFC 791 §3.2
constexpr int kMtuMax = 65535;
constexpr std::uint32_t kTtlMax = 604800;  // a week: RFC 8767 §4 caps longer ones
constexpr std::uint32_t kCacheMibMax = 1024;
constexpr int kVlanMax = 4094;

using Verdict = std::string;  // what is wrong, or ""

std::optional<bool> parse_bool(std::string_view text) {
    constexpr std::array kTrue = {"1", "t", "T", "true", "TRUE", "True"};
    constexpr std::array kFalse = {"0", "f", "F", "false", "FALSE", "False"};
    if (std::ranges::find(kTrue, text) != kTrue.end()) return true;
    if (std::ranges::find(kFalse, text) != kFalse.end()) return false;
    return std::nullopt;
}

Verdict go_syntax(const char* function, const std::string& value) {
    return std::string(function) + ": parsing \"" + value + "\": invalid syntax";
}

Verdict boolean(const std::string& value) { return parse_bool(value) ? "" : go_syntax("strconv.ParseBool", value); }

Verdict number_between(const std::string& value, long lowest, long highest) {
    const auto number = parse_number<long>(value);
    if (!number) return go_syntax("strconv.Atoi", value);
    if (*number >= lowest && *number <= highest) return {};
    return "it must be " + std::to_string(lowest) + " to " + std::to_string(highest);
}

Verdict mtu(const std::string& value) { return number_between(value, kMtuMin, kMtuMax); }
Verdict ttl(const std::string& value) { return number_between(value, 0, kTtlMax); }

Verdict ipv4(const std::string& value) {
    const auto address = IpAddress::parse(value);
    return address && address->is_v4() ? "" : "nil ip";
}

/// Beside blanks. The kernel refuses '/' and ':' (dev_valid_name()) and puts a number in place of "%d"; in a rule the
/// others mean something else.
constexpr std::string_view kBadInInterfaceNames = "/:%\"*\\";
constexpr const char* kWithoutThose = R"( characters without blank, '/', ':', '%', '*', '"' and '\')";

bool is_interface_name(std::string_view name, std::size_t size_max) {
    const auto is_bad = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte <= ' ' || byte == 0x7f || kBadInInterfaceNames.contains(c);
    };
    return !name.empty() && name.size() <= size_max && name != "." && name != ".." &&
           std::ranges::none_of(name, is_bad);
}

Verdict interface_name(const std::string& value) {
    if (value == "all" || value == "default") return "the kernel has it for itself";  // of net.ipv4.conf
    if (is_interface_name(value, kInterfaceNameMax)) return {};
    return "an interface name has 1 to " + std::to_string(kInterfaceNameMax) + kWithoutThose;
}

Verdict interface_prefix(const std::string& value) {
    if (is_interface_name(value, kInterfacePrefixMax)) return {};
    return "a prefix has 1 to " + std::to_string(kInterfacePrefixMax) + kWithoutThose;
}

Verdict one_of(const std::string& value, std::initializer_list<const char*> words) {
    std::string list;
    for (const char* word : words) {
        if (value == word) return {};
        list += (list.empty() ? "" : ", ") + std::string(word);
    }
    return "it must be one of " + list;
}

Verdict gateway_mode(const std::string& value) {
    if (value == "nat-unprotected") return "this mode is not supported";
    return one_of(value, {"nat", "routed", "isolated"});
}

Verdict dns_mode(const std::string& value) { return one_of(value, {"full", "forward-only", "off"}); }

Verdict cache(const std::string& value) { return value == "off" ? "" : number_between(value, 0, kCacheMibMax); }

/// "IP[:PORT][,...]", IPv6 with a port in brackets.
Verdict servers(const std::string& value) {
    for (std::string_view each : split(value, ',')) {
        std::string_view port;
        if (each.starts_with('[')) {
            const std::size_t close = each.find(']');
            if (close == std::string_view::npos) return "no address of a server";
            port = each.substr(close + 1);
            each = each.substr(1, close - 1);
        } else if (std::ranges::count(each, ':') == 1) {
            port = each.substr(each.find(':'));
            each = each.substr(0, each.find(':'));
        }
        const std::size_t percent = each.find('%');
        const auto address = IpAddress::parse(each.substr(0, percent));
        if (!address) return "no address of a server";
        const bool has_scope = percent != std::string_view::npos;
        if (has_scope && (address->is_v4() || percent + 1 == each.size())) return "no scope of an address";
        if (port.empty()) continue;
        const auto number = parse_number<std::uint16_t>(port.substr(1));
        if (!port.starts_with(':') || !number || *number == 0) return "no port of a server";
    }
    return {};
}

struct Option {
    const char* key;
    Verdict (*check)(const std::string& value);
};

constexpr Option kOptions[] = {
    {"com.docker.network.bridge.name", interface_name},
    {"com.docker.network.bridge.enable_icc", boolean},
    {"com.docker.network.bridge.enable_ip_masquerade", boolean},
    {"com.docker.network.bridge.host_binding_ipv4", ipv4},
    {"com.docker.network.bridge.default_bridge", boolean},
    {"com.docker.network.bridge.gateway_mode_ipv4", gateway_mode},
    {"com.docker.network.bridge.gateway_mode_ipv6", gateway_mode},
    {"com.docker.network.driver.mtu", mtu},
    {"com.docker.network.container_iface_prefix", interface_prefix},
    {"com.docker.network.enable_ipv4", boolean},
    {"com.docker.network.enable_ipv6", boolean},
    {"ns-register.dns", dns_mode},
    {"ns-register.dns.ttl", ttl},
    {"ns-register.dns.negative-ttl", ttl},
    {"ns-register.dns.cache", cache},
    {"ns-register.dns.upstream", servers},
};

constexpr std::string_view kForwardPrefix = "ns-register.dns.forward.";

/// Labels of 1 to 63 letters, digits, '-' and '_', 253 in all (RFC 1035 §2.3.4). All that is below it belongs to it, so
/// there is nothing that a star could add.
bool is_domain(std::string_view text) {
    constexpr std::size_t kDomainMax = 253;
    constexpr std::size_t kLabelMax = 63;
    constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    return text.size() <= kDomainMax && std::ranges::all_of(split(text, '.'), [&](std::string_view label) {
               return !label.empty() && label.size() <= kLabelMax &&
                      label.find_first_not_of(kCharacters) == std::string_view::npos;
           });
}

/// The check of a known key, or nullptr.
auto find_check(std::string_view key) -> Verdict (*)(const std::string&) {
    if (key.starts_with(kForwardPrefix) && is_domain(key.substr(kForwardPrefix.size()))) return servers;
    const auto option = std::ranges::find_if(kOptions, [&](const Option& each) { return key == each.key; });
    return option == std::end(kOptions) ? nullptr : option->check;
}

bool is_reserved(std::string_view key) {
    return key.starts_with("com.docker.network.") || key == "ns-register" || key.starts_with("ns-register.");
}

Result<> check_mode(std::string_view driver, const std::string& mode) {
    if (mode.empty()) return {};  // the default
    const bool is_macvlan = driver == "macvlan";
    const Verdict fault =
        is_macvlan ? one_of(mode, {"bridge", "private", "vepa", "passthru"}) : one_of(mode, {"l2", "l3", "l3s"});
    if (fault.empty()) return {};
    return fail(Errc::invalid, "requested " + std::string(driver) + " mode '" + mode + "' is not valid, '" +
                                   (is_macvlan ? "bridge" : "l2") + "' mode is the " + std::string(driver) +
                                   " driver default");
}

/// "IF" or "IF.VID" of macvlan and ipvlan networks.
Result<> check_parent(std::string_view driver, const std::string& parent) {
    if (parent == "lo") {
        return fail(Errc::invalid, "loopback interface is not a valid " + std::string(driver) + " parent link");
    }
    if (const Verdict fault = interface_name(parent); !fault.empty()) {
        return fail(Errc::invalid, "invalid parent '" + parent + "': " + fault);
    }
    const std::size_t dot = parent.rfind('.');
    if (dot == std::string::npos) return {};
    const auto vlan = parse_number<int>(std::string_view(parent).substr(dot + 1));
    if (!vlan || (*vlan >= 1 && *vlan <= kVlanMax)) return {};
    return fail(Errc::invalid, "vlan id must be between 1-4094, received: " + std::to_string(*vlan));
}

/// The options that only macvlan and ipvlan have. True if `key` is one of them.
Result<bool> check_sublink_option(std::string_view driver, const std::string& key, const std::string& value) {
    if (driver != "macvlan" && driver != "ipvlan") return false;
    if (key == "parent") {
        if (auto valid = check_parent(driver, value); !valid) return fail(std::move(valid).error());
        return true;
    }
    if (key == std::string(driver) + "_mode") {
        if (auto valid = check_mode(driver, value); !valid) return fail(std::move(valid).error());
        return true;
    }
    if (driver != "ipvlan" || key != "ipvlan_flag") return false;
    if (value.empty() || one_of(value, {"bridge", "private", "vepa"}).empty()) return true;
    return fail(Errc::invalid,
                "requested ipvlan flag '" + value + "' is not valid, 'bridge' is the ipvlan driver default");
}

}  // namespace

Result<> check_interface_name(std::string_view name) {
    const Verdict fault = interface_name(std::string(name));
    if (fault.empty()) return {};
    return fail(Errc::invalid, "invalid interface name '" + std::string(name) + "': " + fault);
}

Result<std::vector<std::string>> check_network_options(std::string_view driver, const StringMap& options) {
    std::vector<std::string> unknown;
    for (const auto& [key, value] : options) {
        auto done = check_sublink_option(driver, key, value);
        if (!done) return fail(std::move(done).error());
        if (*done) continue;
        const auto check = find_check(key);
        if (check == nullptr && is_reserved(key)) {
            return fail(Errc::invalid, "unknown network option '" + key + "'");
        }
        if (check == nullptr) {
            unknown.push_back(key);
            continue;
        }
        if (const Verdict fault = check(value); !fault.empty()) {
            return fail(Errc::invalid, "failed to parse " + key + " value: " + value + " (" + fault + ")");
        }
        if (driver != "bridge" && key.starts_with("com.docker.network.bridge.")) unknown.push_back(key);
    }
    return unknown;
}

std::optional<bool> bool_option(const StringMap& options, const std::string& key) {
    const auto found = options.find(key);
    return found == options.end() ? std::nullopt : parse_bool(found->second);
}

std::optional<std::uint32_t> number_option(const StringMap& options, const std::string& key) {
    const auto found = options.find(key);
    return found == options.end() ? std::nullopt : parse_number<std::uint32_t>(found->second);
}

}  // namespace nsr::registry
