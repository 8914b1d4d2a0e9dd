#include "daemon/options.h"

#include <charconv>

#include <CLI/CLI.hpp>

#include "common/files.h"
#include "daemon/version.h"

namespace nsr::daemon {
namespace {

constexpr const char* kAbout = "Networks, names and published ports for anything that lives in a network namespace";

/// The flags as they were given; absent ones stay empty.
struct Flags {
    std::optional<std::string> config;
    std::optional<std::string> state_dir;
    std::optional<std::string> run_dir;
    std::optional<std::string> socket;
    std::optional<std::string> log_level;
    std::vector<std::string> upstreams;
};

Result<std::uint16_t> parse_port(std::string_view text, std::string_view whole) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0) {
        return fail(Errc::invalid, "upstream '" + std::string(whole) + "' has no valid port");
    }
    return port;
}

Result<> check_log_level(const std::string& level) {
    for (const char* known : {"trace", "debug", "info", "warn", "error", "off"}) {
        if (level == known) return {};
    }
    return fail(Errc::invalid, "log level '" + level + "' is none of trace, debug, info, warn, error, off");
}

Result<Settings> merge(const Flags& flags) {
    Settings settings;
    const std::string path = flags.config.value_or(kDefaultConfigFile);
    auto text = read_file(path);
    if (text) {
        auto read = read_config(*text, path, settings);
        if (!read) return read;
        settings = std::move(*read);
    } else if (flags.config || text.error().code() != Errc::not_found) {
        return fail(std::move(text).error());
    }
    if (flags.state_dir) settings.state_dir = *flags.state_dir;
    if (flags.run_dir) settings.run_dir = *flags.run_dir;
    if (flags.socket) settings.socket = *flags.socket;
    if (flags.log_level) settings.log_level = *flags.log_level;
    if (!flags.upstreams.empty()) settings.upstreams.clear();
    for (const auto& upstream : flags.upstreams) {
        auto parsed = parse_upstream(upstream);
        if (!parsed) return fail(std::move(parsed).error());
        settings.upstreams.push_back(*parsed);
    }
    if (auto valid = check_log_level(settings.log_level); !valid) return fail(std::move(valid).error());
    if (settings.socket.empty()) settings.socket = settings.run_dir + "/ns-register.sock";
    settings.is_default_run_dir = settings.run_dir == kDefaultRunDir;
    for (const auto* directory : {&settings.state_dir, &settings.run_dir, &settings.socket}) {
        if (!directory->starts_with('/')) return fail(Errc::invalid, "'" + *directory + "' is not an absolute path");
    }
    return settings;
}

}  // namespace

Result<resolver::Upstream> parse_upstream(std::string_view text) {
    resolver::Upstream upstream;
    std::string_view host = text;
    std::string_view port;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos) return fail(Errc::invalid, "upstream '" + std::string(text) + "' is no address");
        host = text.substr(1, close - 1);
        port = text.substr(close + 1);
        if (!port.empty() && !port.starts_with(':')) {
            return fail(Errc::invalid, "upstream '" + std::string(text) + "' is no address");
        }
        if (!port.empty()) port.remove_prefix(1);
        if (port.empty() && text.ends_with(':')) return fail(parse_port(port, text).error());
    } else if (const auto colon = text.find(':'); colon != text.npos && text.find(':', colon + 1) == text.npos) {
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
        if (port.empty()) return fail(parse_port(port, text).error());
    }
    if (const auto percent = host.find('%'); percent != std::string_view::npos) {
        upstream.zone = host.substr(percent + 1);
        host = host.substr(0, percent);
    }
    const auto address = IpAddress::parse(host);
    if (!address || (address->is_v4() && !upstream.zone.empty())) {
        return fail(Errc::invalid, "upstream '" + std::string(text) + "' is no IP address");
    }
    upstream.address = *address;
    upstream.from_host = address->is_loopback();
    if (!port.empty()) {
        auto number = parse_port(port, text);
        if (!number) return fail(std::move(number).error());
        upstream.port = *number;
    }
    return upstream;
}

Result<Options> read_options(int argc, const char* const* argv) {
    Flags flags;
    CLI::App app{kAbout, "ns-registerd"};
    app.set_version_flag("--version", std::string("ns-registerd ") + kVersion + " (" + kGitCommit + ")");
    app.add_option("--config", flags.config, std::string("configuration file (default ") + kDefaultConfigFile + ")");
    app.add_option("--state-dir", flags.state_dir, "what must outlive a reboot (default /var/lib/ns-register)");
    app.add_option("--run-dir", flags.run_dir, "socket and namespaces (default /run/ns-register)");
    app.add_option("--socket", flags.socket, "path of the API socket (default RUN_DIR/ns-register.sock)");
    app.add_option("--upstream", flags.upstreams,
                   "DNS server for outside names, IP[:PORT]; repeatable (default: those of the host's resolv.conf)")
        ->allow_extra_args(false);
    app.add_option("--log-level", flags.log_level, "trace, debug, info, warn, error or off (default info)");
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        return Options{{}, app.help()};
    } catch (const CLI::CallForVersion& version) {
        return Options{{}, std::string(version.what()) + "\n"};
    } catch (const CLI::ParseError& error) {
        return fail(Errc::invalid, error.what());
    }
    auto settings = merge(flags);
    if (!settings) return fail(std::move(settings).error());
    return Options{std::move(*settings), std::nullopt};
}

}  // namespace nsr::daemon
