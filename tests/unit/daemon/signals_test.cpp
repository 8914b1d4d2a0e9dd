#include "daemon/engine/signals.h"

#include <csignal>

#include <gtest/gtest.h>

namespace nsr::daemon {
namespace {

TEST(ParseSignal, TakesNamesAndNumbersAsDockerDoes) {
    EXPECT_EQ(*parse_signal("SIGTERM"), SIGTERM);
    EXPECT_EQ(*parse_signal("term"), SIGTERM);
    EXPECT_EQ(*parse_signal("9"), SIGKILL);
    EXPECT_EQ(*parse_signal("RTMIN"), SIGRTMIN);
    EXPECT_EQ(*parse_signal("SIGRTMIN+3"), SIGRTMIN + 3);
    EXPECT_EQ(*parse_signal("RTMAX-1"), SIGRTMAX - 1);
}

TEST(ParseSignal, RefusesTheRestInDockersWords) {
    for (const char* text :
         {"", "0", "-1", "65", "SIG", "NOSUCH", "RTMIN-1", "RTMAX+1", "RTMIN+99", "9x", "RTMIN+-1"}) {
        const auto signal = parse_signal(text);
        ASSERT_FALSE(signal) << text;
        EXPECT_EQ(signal.error().message(), std::string("Invalid signal: ") + text);
    }
}

}  // namespace
}  // namespace nsr::daemon
