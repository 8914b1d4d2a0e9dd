#include "tests/support/golden.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "common/files.h"

namespace nsr::test {

std::string source_file(const std::string& name) { return std::string(NSR_SOURCE_DIR) + "/" + name; }

void expect_golden(const std::string& name, const std::string& text) {
    const std::string path = source_file("tests/golden/" + name);
    if (std::getenv("NSR_UPDATE_GOLDEN") != nullptr) {
        ASSERT_TRUE(write_file_atomic(path, text).has_value()) << path;
        return;
    }
    const auto golden = read_file(path);
    ASSERT_TRUE(golden.has_value()) << golden.error().message();
    EXPECT_EQ(*golden, text) << "tests/golden/" << name << "; NSR_UPDATE_GOLDEN=1 rewrites it";
}

}  // namespace nsr::test
