#include "tests/support/golden.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "common/files.h"

namespace nsr::test {

void expect_golden(const std::string& name, const std::string& text) {
    // __FILE__ is tests/support/golden.cpp, wherever the source tree is.
    const std::string path = (std::filesystem::path(__FILE__).parent_path().parent_path() / "golden" / name).string();
    if (std::getenv("NSR_UPDATE_GOLDEN") != nullptr) {
        ASSERT_TRUE(write_file_atomic(path, text).has_value()) << path;
        return;
    }
    const auto golden = read_file(path);
    ASSERT_TRUE(golden.has_value()) << golden.error().message();
    EXPECT_EQ(*golden, text) << "tests/golden/" << name << "; NSR_UPDATE_GOLDEN=1 rewrites it";
}

}  // namespace nsr::test
