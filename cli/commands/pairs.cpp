#include "cli/commands/pairs.h"

#include <algorithm>

#include "api/client.h"
#include "cli/commands/json.h"
#include "common/ip.h"

namespace nsr::cli {
namespace {

/// Whether `text`, an address or a prefix, lies in the subnet; what does not parse lies nowhere.
bool is_inside(const SubnetFlags& flags, const std::string& text) {
    const auto subnet = IpPrefix::parse(flags.subnet);
    if (!subnet) return false;
    if (const auto prefix = IpPrefix::parse(text)) return subnet->contains(*prefix);
    const auto address = IpAddress::parse(text);
    return address && subnet->contains(*address);
}

SubnetFlags* subnet_of(std::vector<SubnetFlags>& all, const std::string& text) {
    const auto found = std::ranges::find_if(all, [&](const SubnetFlags& flags) { return is_inside(flags, text); });
    return found == all.end() ? nullptr : &*found;
}

Result<> place_ranges(std::vector<SubnetFlags>& all, const std::vector<std::string>& ranges) {
    for (const auto& range : ranges) {
        auto* subnet = subnet_of(all, range);
        if (subnet == nullptr) return fail(Errc::invalid, "no matching subnet for range " + range);
        if (!subnet->range.empty()) {
            return fail(Errc::invalid, "cannot configure multiple ranges (" + range + ", " + subnet->range +
                                           ") on the same subnet (" + subnet->subnet + ")");
        }
        subnet->range = range;
    }
    return {};
}

Result<> place_gateways(std::vector<SubnetFlags>& all, const std::vector<std::string>& gateways) {
    for (const auto& gateway : gateways) {
        auto* subnet = subnet_of(all, gateway);
        if (subnet == nullptr) return fail(Errc::invalid, "no matching subnet for gateway " + gateway);
        if (!subnet->gateway.empty()) {
            return fail(Errc::invalid, "cannot configure multiple gateways (" + gateway + ", " + subnet->gateway +
                                           ") for the same subnet (" + subnet->subnet + ")");
        }
        subnet->gateway = gateway;
    }
    return {};
}

/// The address of NAME=ADDRESS; Docker's command line takes what has no '=' for a name, and then looks for no address.
Result<> check_auxiliary(const std::string& text) {
    const auto equals = text.find('=');
    if (equals != std::string::npos && equals + 1 < text.size()) return {};
    return fail(Errc::invalid, "invalid argument \"" + text + "\" for \"--aux-address\" flag: expected NAME=ADDRESS");
}

}  // namespace

std::map<std::string, std::string> key_values(const std::vector<std::string>& pairs) {
    std::map<std::string, std::string> all;
    for (const auto& pair : pairs) {
        const auto equals = pair.find('=');
        all[pair.substr(0, equals)] = equals == std::string::npos ? "" : pair.substr(equals + 1);
    }
    return all;
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ",") + name;
    return text;
}

Result<std::string> filter_query(const std::vector<std::string>& filters) {
    if (filters.empty()) return std::string();
    Json object = Json::object();
    for (const auto& filter : filters) {
        const auto equals = filter.find('=');
        if (equals == std::string::npos) {
            return fail(Errc::invalid, "invalid argument \"" + filter +
                                           "\" for \"-f, --filter\" flag: bad format of filter (expected name=value)");
        }
        object[filter.substr(0, equals)].push_back(filter.substr(equals + 1));
    }
    return "?filters=" + api::encode(body_text(object));
}

Result<std::vector<SubnetFlags>> place_in_subnets(const std::vector<std::string>& subnets,
                                                  const std::vector<std::string>& ranges,
                                                  const std::vector<std::string>& gateways,
                                                  const std::vector<std::string>& aux) {
    if (subnets.size() < ranges.size() || subnets.size() < gateways.size()) {
        return fail(Errc::invalid, "every ip-range or gateway must have a corresponding subnet");
    }
    std::vector<SubnetFlags> all;
    for (const auto& subnet : subnets) all.push_back({subnet, "", "", {}});
    if (auto placed = place_ranges(all, ranges); !placed) return fail(std::move(placed).error());
    if (auto placed = place_gateways(all, gateways); !placed) return fail(std::move(placed).error());
    for (const auto& text : aux) {
        if (auto valid = check_auxiliary(text); !valid) return fail(std::move(valid).error());
    }
    for (const auto& [name, address] : key_values(aux)) {
        auto* subnet = subnet_of(all, address);
        if (subnet == nullptr) return fail(Errc::invalid, "no matching subnet for aux-address " + address);
        subnet->aux[name] = address;
    }
    return all;
}

}  // namespace nsr::cli
