#pragma once

namespace nsr::cli {

/// Reads the command line, does what it says and returns the exit status. `NS_REGISTER_SOCKET` names the socket unless
/// --socket does.
int run(int argc, char** argv);

}  // namespace nsr::cli
