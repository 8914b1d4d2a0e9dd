#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "daemon/settings.h"

namespace nsr::daemon {

/// What the command line asks for.
struct Options {
    Settings settings;
    std::optional<std::string> message;  ///< of --help or --version: to be printed instead of running
};

/// Flags and the configuration file (TOML), checked and merged; flags win. Errc::invalid with one sentence otherwise.
Result<Options> read_options(int argc, const char* const* argv);

/// "IP", "IP:PORT" (IPv4), "[IP]:PORT" (IPv6).
Result<hosts::NameServer> parse_upstream(std::string_view text);

/// The settings in a configuration file, on top of `base`. Unknown keys are refused.
Result<Settings> read_config(std::string_view toml_text, const std::string& path, Settings base);

}  // namespace nsr::daemon
