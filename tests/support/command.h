#pragma once

#include <nlohmann/json.hpp>

#include <string>

#include "common/netns.h"

namespace nsr::test {

/// How a command ended and what it printed.
struct Outcome {
    int status = -1;     ///< exit status; -1: killed
    std::string output;  ///< standard output and standard error

    bool ok() const { return status == 0; }
};

/// Runs `command` by /bin/sh, here or in `netns`, and waits for its end.
Outcome run_command(const std::string& command);
Outcome run_command(const std::string& command, const NetNs& netns);

/// The JSON that a command prints ("ip -j link"); a failing command fails the test and gives null.
nlohmann::json run_json(const std::string& command);
nlohmann::json run_json(const std::string& command, const NetNs& netns);

/// A process that runs beside the test in a namespace, killed and reaped at the end of its scope.
class Background {
public:
    /// `command` by /bin/sh in `netns`; what it prints is thrown away.
    Background(const std::string& command, const NetNs& netns);
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;
    ~Background();

private:
    int pid_;
};

}  // namespace nsr::test
