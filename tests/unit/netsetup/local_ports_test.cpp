#include "netsetup/proxy/local_ports.h"

#include <gtest/gtest.h>

namespace nsr::net {
namespace {

TEST(LocalPorts, RangeLessTheReservedOnes) {
    const auto ports = parse_local_ports("32768\t60999\n", "40000,50000-50010\n");
    ASSERT_TRUE(ports);
    EXPECT_TRUE(ports->contains(32768));
    EXPECT_TRUE(ports->contains(60999));
    EXPECT_FALSE(ports->contains(61000));
    EXPECT_FALSE(ports->contains(40000));
    EXPECT_FALSE(ports->contains(50010));
    EXPECT_TRUE(parse_local_ports("1024\t1024\n", "\n")->contains(1024));
}

TEST(LocalPorts, NonsenseIsRefused) {
    EXPECT_FALSE(parse_local_ports("", ""));
    EXPECT_FALSE(parse_local_ports("9\t8\n", ""));
    EXPECT_FALSE(parse_local_ports("1\t70000\n", ""));
    EXPECT_FALSE(parse_local_ports("1\t2\n", "x\n"));
}

}  // namespace
}  // namespace nsr::net
