#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ip.h"
#include "common/result.h"
#include "registry/model.h"

/// resolv.conf(5): the host's is read, a container's is written (docker-behaviour part 2). Pure.
namespace nsr::hosts {

inline constexpr std::string_view kHostResolvConf = "/etc/resolv.conf";
/// Where systemd-resolved lists the real servers behind its stub.
inline constexpr std::string_view kResolvedResolvConf = "/run/systemd/resolve/resolv.conf";

inline constexpr std::uint16_t kDnsPort = 53;

struct NameServer {
    IpAddress address;
    std::string zone;  ///< IPv6 scope ("eth0" of "fe80::1%eth0"), or ""
    std::uint16_t port = kDnsPort;

    /// "192.0.2.1", "fe80::1%eth0", "192.0.2.1:5353", "[fd00::1]:5353".
    std::string text() const;

    auto operator<=>(const NameServer&) const = default;
};

/// "ADDRESS", "ADDRESS:PORT" or "[ADDRESS]:PORT", an IPv6 address maybe with a scope.
/// "IP address is not correctly formatted: X".
Result<NameServer> parse_name_server(std::string_view text);

/// What a resolv.conf says.
struct ResolvConf {
    std::string text;  ///< all of it
    std::vector<NameServer> servers;
    std::vector<std::string> invalid_servers;  ///< that are no addresses
    std::vector<std::string> search;           ///< of the last `search` or `domain` line
    std::vector<std::string> options;          ///< of all `options` lines
    std::vector<std::string> other;            ///< lines with other directives, as they stand but for blanks at the end
};

/// Never fails: what is not understood is kept in `other` or passed over (blank lines, comments, lines without a
/// value).
ResolvConf parse_resolv_conf(std::string_view text);

/// Whether /etc/resolv.conf names the stub of systemd-resolved alone, so that kResolvedResolvConf, if there is such a
/// file, is to be read instead (D-87).
bool is_resolved_stub(const ResolvConf& host);

/// What is given by --dns, --dns-search and --dns-option, for one container or for the daemon. Empty: not given.
struct DnsSettings {
    std::vector<NameServer> servers;
    std::vector<std::string> search;  ///< "." alone: none
    std::vector<std::string> options;

    bool is_empty() const { return servers.empty() && search.empty() && options.empty(); }
};

/// Those of a container. Servers that are no addresses (create refuses them) are passed over.
DnsSettings dns_settings(const registry::Container& container);

/// Where a container gets its names from.
enum class ResolvConfUse : std::uint8_t {
    embedded,  ///< the embedded server: it has been on a user-defined network
    direct,    ///< the upstreams themselves: network `bridge` or `none`
    host,      ///< network `host`: as the host itself
};

struct ResolvConfInputs {
    DnsSettings container;
    DnsSettings daemon;
    ResolvConf host;
    std::string host_path{kHostResolvConf};
    ResolvConfUse use = ResolvConfUse::embedded;
};

/// The text of a container's resolv.conf: nameserver lines, search, options, other directives of the host; comments say
/// where each comes from. Each of servers, search domains and options is the container's, else the daemon's, else the
/// host's. Servers that cannot work from a resolv.conf inside (a loopback server of the host or of the daemon, a
/// port that is not 53) are left out where there is no embedded server; public servers are never invented.
std::string render_resolv_conf(const ResolvConfInputs& inputs);

/// The valid `ndots:N` of options, the last one if there are several.
std::optional<unsigned> ndots_of(const std::vector<std::string>& options);

/// Whether unknown single labels are not to be forwarded: the user has set ndots above 0 (D-61).
bool keeps_single_labels(const DnsSettings& container, const DnsSettings& daemon);

}  // namespace nsr::hosts
