#include "hosts/resolv_conf.h"

#include <algorithm>
#include <charconv>

#include "hosts/words.h"

namespace nsr::hosts {
namespace {

constexpr std::string_view kStub = "127.0.0.53";
constexpr std::string_view kNdots = "ndots:";

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// "ADDRESS" or "ADDRESS%ZONE".
std::optional<NameServer> parse_scoped(std::string_view text) {
    const std::size_t percent = text.find('%');
    const auto address = IpAddress::parse(text.substr(0, percent));
    if (!address) return std::nullopt;
    if (percent == std::string_view::npos) return NameServer{.address = *address, .zone = {}};
    if (address->is_v4() || percent + 1 == text.size()) return std::nullopt;
    return NameServer{.address = *address, .zone = std::string(text.substr(percent + 1))};
}

std::optional<NameServer> parse_with_port(std::string_view text) {
    std::string_view address = text;
    std::optional<std::string_view> port;
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        address = text.substr(1, close - 1);
        const std::string_view rest = text.substr(close + 1);
        if (!rest.empty() && !rest.starts_with(':')) return std::nullopt;
        if (!rest.empty()) port = rest.substr(1);
    } else if (std::ranges::count(text, ':') == 1) {
        address = text.substr(0, text.find(':'));
        port = text.substr(text.find(':') + 1);
    }
    auto server = parse_scoped(address);
    if (!server || !port) return server;
    const auto number = parse_number<std::uint16_t>(*port);
    if (!number || *number == 0) return std::nullopt;
    server->port = *number;
    return server;
}

std::optional<unsigned> parse_ndots(std::string_view option) {
    if (!option.starts_with(kNdots)) return std::nullopt;
    return parse_number<unsigned>(option.substr(kNdots.size()));
}

bool is_bad_ndots(std::string_view option) {
    return (option == "ndots" || option.starts_with(kNdots)) && !parse_ndots(option);
}

void take_line(ResolvConf& conf, std::string_view line) {
    const auto words = split_words(line);
    if (words.empty()) return;
    const std::string& directive = words.front();
    if (directive == "nameserver") {
        if (words.size() < 2) return;
        const auto server = parse_scoped(words[1]);
        if (server) conf.servers.push_back(*server);
        if (!server) conf.invalid_servers.push_back(words[1]);
    } else if (directive == "search" || directive == "domain") {
        const auto end =
            directive == "domain" ? words.begin() + std::min<std::ptrdiff_t>(2, std::ssize(words)) : words.end();
        if (words.size() > 1) conf.search.assign(words.begin() + 1, end);
    } else if (directive == "options") {
        conf.options.insert(conf.options.end(), words.begin() + 1, words.end());
    } else {
        conf.other.emplace_back(line.substr(0, line.find_last_not_of(kBlanks) + 1));
    }
}

/// The settings that hold, and whose they are.
struct Effective {
    std::vector<NameServer> servers;
    std::vector<NameServer> unusable;  ///< left out of the file, where the file lists the servers themselves
    std::vector<std::string> search;
    std::vector<std::string> options;
    std::vector<std::string> overrides;  ///< of the host's: nameservers, search, options
    std::string_view ndots_from;         ///< "", host, override, internal
    bool host_servers = false;
};

template <typename List>
const List& first_given(const List& container, const List& daemon, const List& host) {
    return !container.empty() ? container : !daemon.empty() ? daemon : host;
}

/// Whether a server that the file would list can be reached from inside.
bool works_inside(const NameServer& server, const ResolvConfInputs& inputs) {
    if (server.port != kDnsPort) return false;
    const bool users_own = !inputs.container.servers.empty();
    const bool local = server.address.is_loopback() || server.address.is_unspecified();
    return !local || users_own || inputs.use == ResolvConfUse::host;
}

Effective choose(const ResolvConfInputs& inputs) {
    const auto& [container, daemon, host, host_path, use] = inputs;
    Effective effective;
    effective.servers = first_given(container.servers, daemon.servers, host.servers);
    effective.search = first_given(container.search, daemon.search, host.search);
    effective.options = first_given(container.options, daemon.options, host.options);
    effective.host_servers = container.servers.empty() && daemon.servers.empty();
    const bool host_options = container.options.empty() && daemon.options.empty();
    if (!effective.host_servers) effective.overrides.emplace_back("nameservers");
    if (!container.search.empty() || !daemon.search.empty()) effective.overrides.emplace_back("search");
    if (!host_options) effective.overrides.emplace_back("options");
    std::erase(effective.search, ".");
    if (ndots_of(effective.options)) effective.ndots_from = host_options ? "host" : "override";
    if (use == ResolvConfUse::embedded) {
        std::erase_if(effective.options, is_bad_ndots);
        if (effective.ndots_from.empty()) {
            effective.options.emplace_back("ndots:0");
            effective.ndots_from = "internal";
        }
        return effective;
    }
    const auto is_unusable = [&](const NameServer& server) { return !works_inside(server, inputs); };
    std::ranges::copy_if(effective.servers, std::back_inserter(effective.unusable), is_unusable);
    std::erase_if(effective.servers, is_unusable);
    return effective;
}

/// Which servers stand behind the embedded one.
std::string external_servers(const Effective& effective, const ResolvConfInputs& inputs) {
    if (effective.servers.empty()) return "# NO EXTERNAL NAMESERVERS DEFINED\n";
    std::vector<std::string> texts;
    for (const NameServer& server : effective.servers) {
        const bool local_of_daemon = inputs.container.servers.empty() && server.address.is_loopback();
        const bool from_host = effective.host_servers || local_of_daemon;
        texts.push_back(from_host ? "host(" + server.text() + ")" : server.text());
    }
    return "# ExtServers: [" + join(texts) + "]\n";
}

std::string trailer(const Effective& effective, const ResolvConfInputs& inputs) {
    const bool embedded = inputs.use == ResolvConfUse::embedded;
    std::string text =
        "\n# Based on host file: '" + inputs.host_path + "' (" + (embedded ? "internal resolver" : "legacy") + ")\n";
    if (embedded) text += external_servers(effective, inputs);
    if (!embedded && effective.servers.empty()) text += "# NO NAMESERVERS DEFINED\n";
    if (!effective.unusable.empty()) {
        std::vector<std::string> texts;
        for (const NameServer& server : effective.unusable) texts.push_back(server.text());
        text += "# Not reachable from here: [" + join(texts) + "]\n";
    }
    if (effective.host_servers && !inputs.host.invalid_servers.empty()) {
        text += "# Invalid nameservers: [" + join(inputs.host.invalid_servers) + "]\n";
    }
    if (!effective.overrides.empty()) text += "# Overrides: [" + join(effective.overrides) + "]\n";
    if (!effective.ndots_from.empty()) text += "# Option ndots from: " + std::string(effective.ndots_from) + "\n";
    return text;
}

constexpr std::string_view kHeader =
    "# Generated by ns-register.\n"
    "# This file can be edited; ns-register makes no further changes once it has been\n"
    "# modified, until the container is started again.\n\n";

}  // namespace

std::string NameServer::text() const {
    std::string host = address.text() + (zone.empty() ? "" : "%" + zone);
    if (port == kDnsPort) return host;
    return (address.is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<NameServer> parse_name_server(std::string_view text) {
    if (const auto server = parse_with_port(text)) return *server;
    return fail(Errc::invalid, "IP address is not correctly formatted: " + std::string(text));
}

ResolvConf parse_resolv_conf(std::string_view text) {
    ResolvConf conf;
    conf.text = text;
    for (const std::string_view line : split_lines(text)) take_line(conf, line);
    return conf;
}

bool is_resolved_stub(const ResolvConf& host) {
    return host.servers.size() == 1 && host.servers.front().text() == kStub;
}

DnsSettings dns_settings(const registry::Container& container) {
    DnsSettings settings{.servers = {}, .search = container.dns_search, .options = container.dns_options};
    for (const std::string& text : container.dns) {
        if (const auto server = parse_scoped(text)) settings.servers.push_back(*server);
    }
    return settings;
}

std::optional<unsigned> ndots_of(const std::vector<std::string>& options) {
    std::optional<unsigned> ndots;
    for (const std::string& option : options) {
        if (const auto value = parse_ndots(option)) ndots = value;
    }
    return ndots;
}

bool keeps_single_labels(const DnsSettings& container, const DnsSettings& daemon) {
    return ndots_of(container.options.empty() ? daemon.options : container.options).value_or(0) > 0;
}

std::string render_resolv_conf(const ResolvConfInputs& inputs) {
    if (inputs.use == ResolvConfUse::host && inputs.container.is_empty() && inputs.daemon.is_empty()) {
        return inputs.host.text;
    }
    const Effective effective = choose(inputs);
    std::string text(kHeader);
    if (inputs.use == ResolvConfUse::embedded) {
        text += "nameserver 127.0.0.11\n";
    } else {
        for (const NameServer& server : effective.servers) text += "nameserver " + server.text() + "\n";
    }
    if (!effective.search.empty()) text += "search " + join(effective.search) + "\n";
    if (!effective.options.empty()) text += "options " + join(effective.options) + "\n";
    for (const std::string& line : inputs.host.other) text += line + "\n";
    return text + trailer(effective, inputs);
}

}  // namespace nsr::hosts
