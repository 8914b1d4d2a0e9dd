#include "daemon/engine/network_dns.h"

#include "common/log.h"
#include "daemon/engine/names.h"
#include "hosts/upstreams.h"
#include "registry/text.h"
#include "registry/validate.h"

namespace nsr::daemon {
namespace {

constexpr const char* kCacheOption = "ns-register.dns.cache";
constexpr const char* kUpstreamOption = "ns-register.dns.upstream";
constexpr std::string_view kForwardPrefix = "ns-register.dns.forward.";
constexpr std::size_t kMib = 1024UL * 1024;

std::vector<hosts::NameServer> parse_servers(const std::string& text) {
    std::vector<hosts::NameServer> servers;
    for (const std::string_view each : registry::split(text, ',')) {
        if (auto server = hosts::parse_name_server(each)) servers.push_back(std::move(*server));
    }
    return servers;
}

}  // namespace

std::size_t cache_bytes_of(const registry::Network& network) {
    const auto option = network.options.find(kCacheOption);
    if (option == network.options.end()) return resolver::kCacheBytes;
    return registry::number_option(network.options, kCacheOption).value_or(0) * kMib;  // "off" is no number
}

std::vector<hosts::NameServer> servers_of(const registry::Network& network) {
    const auto option = network.options.find(kUpstreamOption);
    return option == network.options.end() ? std::vector<hosts::NameServer>{} : parse_servers(option->second);
}

std::vector<resolver::DomainUpstreams> domains_of(const registry::Network& network) {
    std::vector<resolver::DomainUpstreams> domains;
    for (const auto& [key, value] : network.options) {
        if (!key.starts_with(kForwardPrefix)) continue;
        std::vector<hosts::NameServer> own;
        domains.push_back({key.substr(kForwardPrefix.size()), without_own(parse_servers(value), own)});
        for (const auto& server : own) {
            spdlog::warn("event=own_address_left_out network={} server={}", log::quoted(network.name), server.text());
        }
    }
    return domains;
}

std::vector<resolver::Upstream> without_own(const std::vector<hosts::NameServer>& servers,
                                            std::vector<hosts::NameServer>& own) {
    std::vector<resolver::Upstream> upstreams;
    for (const auto& server : servers) {
        if (hosts::is_own_address(server.address)) {
            own.push_back(server);
        } else {
            upstreams.push_back(upstream_of(server, server.address.is_loopback()));
        }
    }
    return upstreams;
}

}  // namespace nsr::daemon
