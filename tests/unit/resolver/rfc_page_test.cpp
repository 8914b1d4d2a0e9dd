#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <set>
#include <string>

#include "common/files.h"
#include "tests/support/golden.h"

namespace nsr {
namespace {

/// "Suite.Name" of every test in the tree, whichever program it is in.
std::set<std::string> all_tests() {
    static const std::regex kTest(R"(\nTEST(?:_F|_P)?\((\w+),\s*(\w+)\))");
    std::set<std::string> tests;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(test::source_file("tests"))) {
        if (!entry.path().string().ends_with("_test.cpp")) continue;
        const auto text = read_file(entry.path().string());
        if (!text) continue;
        for (std::sregex_iterator test(text->begin(), text->end(), kTest), end; test != end; ++test) {
            tests.insert((*test)[1].str() + "." + (*test)[2].str());
        }
    }
    return tests;
}

/// Checks the tables of a page of docs/: every row that begins with `mark` ends with a test that exists.
void check_page(const std::string& name, const std::string& mark) {
    const auto page = read_file(test::source_file("docs/" + name));
    ASSERT_TRUE(page.has_value()) << page.error().message();
    const std::regex row_pattern("\n\\| " + mark + "\\d[^\n]*");
    static const std::regex kTest(R"(`(\w+\.\w+|tests/[\w./-]+)` \|$)");
    const auto tests = all_tests();
    int rows = 0;
    for (std::sregex_iterator row(page->begin(), page->end(), row_pattern), end; row != end; ++row, ++rows) {
        const std::string line = row->str();
        std::smatch found;
        ASSERT_TRUE(std::regex_search(line, found, kTest)) << "a line without a test:" << line;
        const std::string test = found[1];
        const bool is_there =
            test.starts_with("tests/") ? std::filesystem::exists(test::source_file(test)) : tests.contains(test);
        EXPECT_TRUE(is_there) << "no such test:" << line;
    }
    EXPECT_GT(rows, 0);
}

TEST(RfcPage, NamesTestsThatExist) { check_page("rfc-compliance.md", ""); }

TEST(BehaviourPage, NamesTestsThatExist) { check_page("dns-behaviour.md", "D-"); }

}  // namespace
}  // namespace nsr
