#include "common/ip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nsr {
namespace {

TEST(IpAddressParse, TakesBothFamiliesAndPrintsThemCanonically) {
    EXPECT_EQ(IpAddress::parse("10.1.2.3")->text(), "10.1.2.3");
    EXPECT_EQ(IpAddress::parse("FD00:0::1")->text(), "fd00::1");
}

TEST(IpAddressParse, RefusesEverythingElse) {
    for (const char* text : {"", "10.1.2", "10.1.2.256", "010.1.2.3", "10.1.2.3 ", "fe80::1%eth0", "bogus", "1:2"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(IpAddress::parse(text));
    }
}

TEST(IpAddressPlus, CarriesOverBytesAndWrapsAround) {
    EXPECT_EQ(IpAddress::parse("10.0.0.255")->plus(1).text(), "10.0.1.0");
    EXPECT_EQ(IpAddress::parse("255.255.255.255")->plus(1).text(), "0.0.0.0");
    EXPECT_EQ(IpAddress::parse("fd00::ffff")->plus(2).text(), "fd00::1:1");
}

TEST(IpPrefix, KnowsItsBordersAndWhatItContains) {
    const auto subnet = *IpPrefix::parse("10.77.0.0/23");
    EXPECT_EQ(subnet.first().text(), "10.77.0.0");
    EXPECT_EQ(subnet.last().text(), "10.77.1.255");
    EXPECT_TRUE(subnet.contains(*IpAddress::parse("10.77.1.7")));
    EXPECT_FALSE(subnet.contains(*IpAddress::parse("10.77.2.0")));
    EXPECT_FALSE(subnet.contains(*IpAddress::parse("::a4d:1")));
    EXPECT_TRUE(subnet.overlaps(*IpPrefix::parse("10.0.0.0/8")));
    EXPECT_FALSE(subnet.overlaps(*IpPrefix::parse("10.77.2.0/24")));
}

TEST(IpPrefix, SeesHostBits) {
    EXPECT_TRUE(IpPrefix::parse("10.90.0.0/24")->is_network());
    EXPECT_FALSE(IpPrefix::parse("10.90.0.7/24")->is_network());
    EXPECT_EQ(IpPrefix::parse("10.90.0.7/24")->network().text(), "10.90.0.0/24");
    EXPECT_EQ(IpPrefix::parse("fd00:1::7/64")->network().text(), "fd00:1::/64");
}

TEST(IpPrefix, RefusesWhatIsNoPrefix) {
    for (const char* text :
         {"10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1", "fd00::/129", "/8"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(IpPrefix::parse(text));
    }
}

TEST(MacAddress, ComesFromTheIpv4Address) {
    EXPECT_EQ(MacAddress::from_v4(*IpAddress::parse("10.77.0.2")).text(), "02:42:0a:4d:00:02");
}

TEST(MacAddress, ParsesColonsAndDashesButNotBoth) {
    EXPECT_EQ(MacAddress::parse("02-42-AC-11-00-02")->text(), "02:42:ac:11:00:02");
    EXPECT_FALSE(MacAddress::parse("02:42-ac:11:00:02"));
    EXPECT_FALSE(MacAddress::parse("02:42:ac:11:00"));
    EXPECT_FALSE(MacAddress::parse("02:42:ac:11:00:zz"));
}

}  // namespace
}  // namespace nsr
