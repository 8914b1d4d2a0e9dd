#pragma once

#include <string>

namespace nsr::net {

/// What `doctor` has looked at.
struct Finding {
    std::string check;  ///< "IPv4 forwarding"
    bool ok = true;
    std::string text;  ///< a sentence
    std::string fix;   ///< a command or a change of the configuration; empty if nothing is wrong

    bool operator==(const Finding&) const = default;
};

}  // namespace nsr::net
