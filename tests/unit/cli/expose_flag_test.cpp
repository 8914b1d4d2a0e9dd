#include "cli/commands/expose_flag.h"

#include <gtest/gtest.h>

namespace nsr::cli {
namespace {

TEST(ExposeFlag, TakesPortsAndRanges) {
    for (const char* text : {"80", "80/udp", "0", "8000-8010/tcp", "8000-8000"}) {
        EXPECT_TRUE(check_expose(text)) << text;
    }
}

// docker/cli, cli/command/container/opts_test.go (TestParseWithExpose)
TEST(ExposeFlag, RefusesInDockersWords) {
    const auto refusal = [](const char* text) { return check_expose(text).error().message(); };
    const std::string prefix = "invalid range format for --expose: ";
    EXPECT_EQ(refusal("8080:9090"), "invalid port format for --expose: 8080:9090");
    EXPECT_EQ(refusal("/tcp"), prefix + "/tcp, error: empty string specified for ports");
    EXPECT_EQ(refusal("NaN/tcp"), prefix + "NaN/tcp, error: strconv.ParseUint: parsing \"NaN\": invalid syntax");
    EXPECT_EQ(refusal("80-"), prefix + "80-, error: strconv.ParseUint: parsing \"\": invalid syntax");
    EXPECT_EQ(refusal("80000"), prefix + "80000, error: strconv.ParseUint: parsing \"80000\": value out of range");
    EXPECT_EQ(refusal("82-80"), prefix + "82-80, error: invalid range specified for port: 82-80");
}

}  // namespace
}  // namespace nsr::cli
