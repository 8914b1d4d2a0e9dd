#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/session.h"
#include "common/result.h"

namespace CLI {
class App;
}

namespace nsr::cli {

/// What describes a container, as `create`, `attach` and `run` take it.
struct CreateFlags {
    std::string name;
    std::vector<std::string> networks;
    std::vector<std::string> aliases;
    std::vector<std::string> exclusive_aliases;
    std::string ip;
    std::string ip6;
    std::string mac;
    std::string hostname;
    std::string domainname;
    std::vector<std::string> env;
    std::vector<std::string> env_files;
    std::vector<std::string> expose;
    std::vector<std::string> publish;
    bool publish_all = false;
    std::vector<std::string> links;
    std::vector<std::string> dns;
    std::vector<std::string> dns_search;
    std::vector<std::string> dns_options;
    std::vector<std::string> extra_hosts;
    std::vector<std::string> labels;
    std::vector<std::string> label_files;
    std::string netns;
    std::string pid;
    bool no_files = false;
    std::string image;
    std::vector<std::string> command;
    std::string user;
    std::string directory;
    std::string stop_signal;
    std::optional<int> stop_timeout;
};

/// Adds its flags to a verb. `flags` must live until the line has been parsed.
void add_create_flags(CLI::App& verb, CreateFlags& flags);

/// What `-e` came to: `-e NAME` alone takes the caller's value; without one there it is left out, as Docker does.
std::vector<std::string> variables_of(const std::vector<std::string>& env);

/// Registers the container and prints the daemon's warnings. Returns its id.
Result<std::string> create_container(Session& session, const CreateFlags& flags);

/// The same for a container that is started next: if the daemon dies before that, its next start forgets the container.
Result<std::string> create_for_start(Session& session, CreateFlags flags);

}  // namespace nsr::cli
