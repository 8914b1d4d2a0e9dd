#include <set>
#include <sstream>

#include <toml++/toml.h>

#include "common/log.h"
#include "daemon/engine/network_dns.h"
#include "daemon/options.h"
#include "resolver/dns/name.h"

namespace nsr::daemon {
namespace {

std::unexpected<Error> wrong(const std::string& path, std::string_view key, std::string_view reason) {
    return fail(Errc::invalid, "'" + path + "': '" + std::string(key) + "' " + std::string(reason));
}

Result<std::vector<std::string>> strings_of(const toml::node& node, const std::string& path, std::string_view key) {
    std::vector<std::string> strings;
    if (const auto* one = node.as_string()) return std::vector{one->get()};
    const auto* array = node.as_array();
    if (array == nullptr) return wrong(path, key, "must be a string or an array of strings");
    for (const auto& element : *array) {
        const auto* text = element.as_string();
        if (text == nullptr) return wrong(path, key, "must be a string or an array of strings");
        strings.push_back(text->get());
    }
    return strings;
}

Result<std::vector<hosts::NameServer>> servers_of(const toml::node& node, const std::string& path,
                                                  std::string_view key) {
    auto texts = strings_of(node, path, key);
    if (!texts) return fail(std::move(texts).error());
    std::vector<hosts::NameServer> servers;
    for (const auto& text : *texts) {
        auto upstream = parse_upstream(text);
        if (!upstream) return fail(std::move(upstream).error(), "'" + path + "'");
        servers.push_back(std::move(*upstream));
    }
    return servers;
}

/// One [[forward]] table.
Result<resolver::DomainUpstreams> forward_of(const toml::node& node, const std::string& path) {
    const auto* table = node.as_table();
    if (table == nullptr) return wrong(path, "forward", "must be a table: [[forward]]");
    resolver::DomainUpstreams forward;
    bool has_upstream = false;
    for (const auto& [key, value] : *table) {
        if (key == "domain" && value.is_string()) {
            forward.domain = value.as_string()->get();
        } else if (key == "upstream") {
            auto servers = servers_of(value, path, "forward.upstream");
            if (!servers) return fail(std::move(servers).error());
            std::vector<hosts::NameServer> own;
            has_upstream = !servers->empty();  // before our own goes: a list of that alone means nobody is asked
            forward.upstreams = without_own(*servers, own);
            for (const auto& server : own) {
                spdlog::warn("event=own_address_left_out config={} server={}", log::quoted(path), server.text());
            }
        } else {
            return wrong(path, std::string("forward.") + std::string(key.str()), "is not a setting");
        }
    }
    if (forward.domain.empty() || !has_upstream) return wrong(path, "forward", "needs a domain and an upstream");
    if (!dns::Name::from_text(forward.domain)) {
        return wrong(path, "forward.domain", "'" + forward.domain + "' is not a domain name");
    }
    return forward;
}

/// The [[forward]] tables, each for a domain of its own.
Result<> apply_forwards(const toml::array& tables, const std::string& path, Settings& settings) {
    std::set<std::string> domains;
    for (const auto& element : tables) {
        auto forward = forward_of(element, path);
        if (!forward) return fail(std::move(forward).error());
        if (!domains.insert(dns::Name::from_text(forward->domain)->text()).second) {
            return wrong(path, "forward", "has the domain '" + forward->domain + "' twice");
        }
        settings.domains.push_back(std::move(*forward));
    }
    return {};
}

Result<> apply_range_limit(const toml::node& value, const std::string& path, Settings& settings) {
    const auto limit = value.value_exact<std::int64_t>();
    if (!limit || *limit < 0 || *limit > 65535) return wrong(path, "proxy_range_limit", "must be between 0 and 65535");
    settings.proxy_range_limit = static_cast<unsigned>(*limit);
    return {};
}

/// The limits of questions on their way. True if `key` is one of them.
Result<bool> apply_forward_limit(std::string_view key, const toml::node& value, const std::string& path,
                                 Settings& settings) {
    constexpr std::int64_t kLimitMax = 1000000;
    for (const auto& [name, target] : {std::pair{"forward_limit", &settings.forward_limit},
                                       {"forward_limit_per_container", &settings.forward_limit_per_container}}) {
        if (key != name) continue;
        const auto limit = value.value_exact<std::int64_t>();
        if (!limit || *limit < 1 || *limit > kLimitMax) return wrong(path, key, "must be between 1 and 1000000");
        *target = static_cast<unsigned>(*limit);
        return true;
    }
    return false;
}

/// [{ base = "10.10.0.0/16", size = 24 }, ...], as dockerd's default-address-pools.
Result<> apply_pools(const toml::node& node, const std::string& path, std::string_view key, Settings& settings) {
    constexpr const char* kShape = R"(must be an array of { base = "ADDRESS/LENGTH", size = LENGTH })";
    const auto* array = node.as_array();
    if (array == nullptr) return wrong(path, key, kShape);
    settings.pools.clear();
    for (const auto& element : *array) {
        const auto* table = element.as_table();
        if (table == nullptr) return wrong(path, key, kShape);
        const auto base = IpPrefix::parse((*table)["base"].value_or(std::string()));
        const auto size = (*table)["size"].value<std::int64_t>();
        if (!base || !size) return wrong(path, key, kShape);
        const std::int64_t longest = base->family() == Family::v4 ? 30 : 126;
        if (*size < base->length() || *size > longest) {
            return wrong(path, key,
                         "has a pool whose size does not lie between its base's and " + std::to_string(longest));
        }
        settings.pools.push_back({base->network(), static_cast<unsigned>(*size)});
    }
    return {};
}

/// [ipam]
Result<> apply_ipam(const toml::node& node, const std::string& path, Settings& settings) {
    const auto* table = node.as_table();
    if (table == nullptr) return wrong(path, "ipam", "must be a table: [ipam]");
    for (const auto& [key, value] : *table) {
        if (key != "pools") return wrong(path, "ipam." + std::string(key.str()), "is not a setting");
        if (auto applied = apply_pools(value, path, "ipam.pools", settings); !applied) return applied;
    }
    return {};
}

/// [nft]
Result<> apply_nft(const toml::node& node, const std::string& path, NftSettings& nft) {
    const auto* table = node.as_table();
    if (table == nullptr) return wrong(path, "nft", "must be a table: [nft]");
    for (const auto& [key, value] : *table) {
        if (key == "docker_user") {
            if (!value.is_boolean()) return wrong(path, "nft.docker_user", "must be true or false");
            nft.docker_user = value.as_boolean()->get();
            continue;
        }
        if (key != "repair") return wrong(path, "nft." + std::string(key.str()), "is not a setting");
        const std::string text = value.value_or(std::string());
        if (text != "auto" && text != "report") return wrong(path, "nft.repair", R"(must be "auto" or "report")");
        nft.repair = text == "auto" ? Repair::automatic : Repair::report;
    }
    return {};
}

Result<> apply(std::string_view key, const toml::node& value, const std::string& path, Settings& settings) {
    for (const auto& [name, target] : {std::pair{"state_dir", &settings.state_dir},
                                       {"run_dir", &settings.run_dir},
                                       {"socket", &settings.socket},
                                       {"log_level", &settings.log_level}}) {
        if (key != name) continue;
        if (!value.is_string()) return wrong(path, key, "must be a string");
        *target = value.as_string()->get();
        return {};
    }
    for (const auto& [name, target] :
         {std::pair{"dns_search", &settings.dns.search}, {"dns_option", &settings.dns.options}}) {
        if (key != name) continue;
        auto strings = strings_of(value, path, key);
        if (!strings) return fail(std::move(strings).error());
        *target = std::move(*strings);
        return {};
    }
    if (key == "upstream") {
        auto servers = servers_of(value, path, key);
        if (!servers) return fail(std::move(servers).error());
        settings.dns.servers = std::move(*servers);
        return {};
    }
    for (const auto& [name, target] :
         {std::pair{"userland_proxy", &settings.userland_proxy}, {"udp_segmentation", &settings.udp_segmentation}}) {
        if (key != name) continue;
        if (!value.is_boolean()) return wrong(path, key, "must be true or false");
        *target = value.as_boolean()->get();
        return {};
    }
    if (key == "proxy_range_limit") return apply_range_limit(value, path, settings);
    const auto is_limit = apply_forward_limit(key, value, path, settings);
    if (!is_limit) return fail(is_limit.error());
    if (*is_limit) return {};
    if (key == "forward" && value.is_array()) return apply_forwards(*value.as_array(), path, settings);
    if (key == "ipam") return apply_ipam(value, path, settings);
    if (key == "default-address-pools") return apply_pools(value, path, key, settings);
    if (key == "nft") return apply_nft(value, path, settings.nft);
    return wrong(path, key, "is not a setting");
}

}  // namespace

Result<Settings> read_config(std::string_view toml_text, const std::string& path, Settings base) {
    try {
        const toml::table table = toml::parse(toml_text, path);
        for (const auto& [key, value] : table) {
            if (auto applied = apply(key.str(), value, path, base); !applied) return fail(std::move(applied).error());
        }
    } catch (const toml::parse_error& error) {
        std::ostringstream place;
        place << error.source().begin;
        return fail(Errc::invalid, "'" + path + "': " + std::string(error.description()) + " (" + place.str() + ")");
    }
    return base;
}

}  // namespace nsr::daemon
