#include <gtest/gtest.h>

#include "netsetup/bridge.h"

namespace nsr::net {
namespace {

TEST(BridgeMac, IsTheSameForTheSameNetwork) { EXPECT_EQ(bridge_mac("0123abcd"), bridge_mac("0123abcd")); }

TEST(BridgeMac, IsLocalAndUnicastLikeDockers) { EXPECT_TRUE(bridge_mac("0123abcd").text().starts_with("02:42:")); }

TEST(BridgeMac, DiffersBetweenNetworks) { EXPECT_NE(bridge_mac("0123abcd"), bridge_mac("0123abce")); }

}  // namespace
}  // namespace nsr::net
