#pragma once

#include "cli/commands/create.h"
#include "common/result.h"

namespace nsr::cli {

/// The flags with what the files of --env-file and --label-file say in front of what the flags themselves say, which
/// wins. A line each: NAME=VALUE, or NAME for the caller's value (a label: for none); empty lines and those that begin
/// with '#' do not count.
Result<CreateFlags> with_flag_files(CreateFlags flags);

}  // namespace nsr::cli
