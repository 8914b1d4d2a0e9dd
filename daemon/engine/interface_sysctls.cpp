#include "daemon/engine/interface_sysctls.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "netsetup/sysctl.h"

namespace nsr::daemon {
namespace {

std::vector<std::string> split(const std::string& text, char by) {
    std::vector<std::string> parts(1);
    for (const char character : text) {
        if (character == by) {
            parts.emplace_back();
        } else {
            parts.back() += character;
        }
    }
    return parts;
}

/// A part of a name, which becomes a part of a path.
bool is_plain(const std::string& part) {
    return !part.empty() && std::ranges::all_of(part, [](unsigned char character) {
        return std::isalnum(character) != 0 || character == '_' || character == '-';
    });
}

struct Setting {
    std::vector<std::string> name;  ///< "net", "ipv4", "conf", "IFNAME", "log_martians"
    std::string value;
};

Result<Setting> parse(const std::string& text) {
    const auto equals = text.find('=');
    Setting setting{split(text.substr(0, equals), '.'), equals == std::string::npos ? "" : text.substr(equals + 1)};
    const auto& name = setting.name;
    constexpr std::array<const char*, 3> kFamilies{"ipv4", "ipv6", "mpls"};
    // Docker's command line turns IFNAME into lower case.
    const bool known = name.size() == 5 && name[0] == "net" &&
                       std::ranges::find(kFamilies, name[1]) != kFamilies.end() &&
                       (name[3] == "IFNAME" || name[3] == "ifname") && std::ranges::all_of(name, is_plain);
    if (!known) {
        return fail(Errc::invalid, "unrecognised network interface sysctl '" + text +
                                       "'; represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V', 'X' must be 'ipv4', "
                                       "'ipv6' or 'mpls'");
    }
    if (equals == std::string::npos) {
        return fail(Errc::invalid, "expected sysctl '" + text + "' to have format name=value");
    }
    return setting;
}

Result<> apply(const Setting& setting, const std::string& interface) {
    const std::string path = "net/" + setting.name[1] + "/" + setting.name[2] + "/" + interface + "/" + setting.name[4];
    if (!net::has_sysctl(path)) return fail(Errc::invalid, "/proc/sys/" + path + " is not a sysctl file");
    return net::set_sysctl(path, setting.value);
}

}  // namespace

Result<> check_interface_sysctls(const std::string& text) {
    for (const std::string& one : split(text, ',')) {
        if (auto setting = parse(one); !setting) return fail(std::move(setting).error());
    }
    return {};
}

Result<> apply_interface_sysctls(const registry::Endpoint& endpoint, const NetNs& sandbox) {
    const auto option = endpoint.driver_options.find(kInterfaceSysctlsOption);
    if (option == endpoint.driver_options.end()) return {};
    for (const std::string& one : split(option->second, ',')) {
        const auto setting = parse(one);
        if (!setting) return fail(setting.error());
        if (auto set = sandbox.call([&] { return apply(*setting, endpoint.interface); }); !set) return set;
    }
    return {};
}

}  // namespace nsr::daemon
