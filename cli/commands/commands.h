#pragma once

#include "cli/session.h"

namespace CLI {
class App;
}

/// The verbs: each function adds one or several to the command line; what they do happens when the line has been
/// parsed.
namespace nsr::cli {

void add_network_commands(CLI::App& app, Session& session);
/// plan, verify and repair, below `network`.
void add_kernel_state_commands(CLI::App& network, Session& session);
void add_doctor_command(CLI::App& app, Session& session);
void add_create_commands(CLI::App& app, Session& session);
void add_lifecycle_commands(CLI::App& app, Session& session);
void add_inspect_commands(CLI::App& app, Session& session);
void add_name_commands(CLI::App& app, Session& session);
void add_record_commands(CLI::App& app, Session& session);
void add_env_command(CLI::App& app, Session& session);
void add_run_command(CLI::App& app, Session& session);
void add_oci_command(CLI::App& app, Session& session);
void add_exec_command(CLI::App& app, Session& session);

}  // namespace nsr::cli
