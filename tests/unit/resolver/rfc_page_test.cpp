#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <string>

#include "common/files.h"

namespace nsr {
namespace {

bool is_test(const std::string& suite, const std::string& name) {
    const auto& all = *::testing::UnitTest::GetInstance();
    for (int index = 0; index < all.total_test_suite_count(); ++index) {
        const auto& tests = *all.GetTestSuite(index);
        if (suite != tests.name()) continue;
        for (int at = 0; at < tests.total_test_count(); ++at) {
            if (name == tests.GetTestInfo(at)->name()) return true;
        }
    }
    return false;
}

TEST(RfcPage, NamesTestsThatExist) {
    // __FILE__ is tests/unit/resolver/rfc_page_test.cpp, wherever the source tree is.
    const auto root = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path().parent_path();
    const auto page = read_file((root / "docs" / "rfc-compliance.md").string());
    ASSERT_TRUE(page.has_value()) << page.error().message();
    static const std::regex kRow(R"(\n\| \d[^\n]*)");
    static const std::regex kTest(R"(`(\w+)\.(\w+)` \|$)");
    int rows = 0;
    for (std::sregex_iterator row(page->begin(), page->end(), kRow), end; row != end; ++row, ++rows) {
        const std::string line = row->str();
        std::smatch found;
        ASSERT_TRUE(std::regex_search(line, found, kTest)) << "a line without a test:" << line;
        EXPECT_TRUE(is_test(found[1], found[2])) << "no such test:" << line;
    }
    EXPECT_GT(rows, 0);
}

}  // namespace
}  // namespace nsr
