#include "daemon/options.h"

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
    if (!flags.upstreams.empty()) settings.dns.servers.clear();
    for (const auto& upstream : flags.upstreams) {
        auto parsed = parse_upstream(upstream);
        if (!parsed) return fail(std::move(parsed).error());
        settings.dns.servers.push_back(std::move(*parsed));
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

Result<hosts::NameServer> parse_upstream(std::string_view text) {
    auto server = hosts::parse_name_server(text);
    if (!server)
        return fail(Errc::invalid, "upstream '" + std::string(text) + "' is not an IP address, or has no valid port");
    return server;
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
