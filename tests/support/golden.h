#pragma once

#include <string>

namespace nsr::test {

/// The path of a file of the source tree, "docs/rfc-compliance.md".
std::string source_file(const std::string& name);

/// Expects `text` to be what tests/golden/`name` holds. With NSR_UPDATE_GOLDEN=1 in the environment the file is written
/// instead.
void expect_golden(const std::string& name, const std::string& text);

}  // namespace nsr::test
