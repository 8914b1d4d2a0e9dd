#include "netsetup/ipam/allocator.h"

#include <gtest/gtest.h>

#include <set>

namespace nsr::net {
namespace {

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

registry::IpamConfig config(const char* subnet, const char* gateway) {
    return {.subnet = *IpPrefix::parse(subnet), .gateway = ip(gateway), .ip_range = {}, .aux = {}};
}

TEST(AddressAllocator, GivesTheLowestFreeAddressFirst) {
    AddressAllocator allocator(config("10.77.0.0/24", "10.77.0.1"));
    EXPECT_EQ(allocator.allocate()->text(), "10.77.0.2");
    EXPECT_EQ(allocator.allocate()->text(), "10.77.0.3");
    EXPECT_EQ(allocator.allocate()->text(), "10.77.0.4");
    allocator.release(ip("10.77.0.3"));
    EXPECT_EQ(allocator.allocate()->text(), "10.77.0.3");
    EXPECT_EQ(allocator.allocate()->text(), "10.77.0.5");
}

TEST(AddressAllocator, FixedAddressesDoNotMoveTheLowest) {
    AddressAllocator allocator(config("10.77.0.0/24", "10.77.0.1"));
    EXPECT_TRUE(allocator.take(ip("10.77.0.200")));
    EXPECT_TRUE(allocator.take(ip("10.77.0.3")));
    EXPECT_EQ(allocator.allocate()->text(), "10.77.0.2");
    EXPECT_EQ(allocator.allocate()->text(), "10.77.0.4");
}

TEST(AddressAllocator, RefusesWhatIsTakenOrReserved) {
    auto reserving = config("10.92.0.0/24", "10.92.0.1");
    reserving.aux["a"] = ip("10.92.0.9");
    AddressAllocator allocator(reserving);
    ASSERT_TRUE(allocator.take(ip("10.92.0.7")));
    for (const char* text : {"10.92.0.0", "10.92.0.1", "10.92.0.7", "10.92.0.9", "10.92.0.255"}) {
        SCOPED_TRACE(text);
        const auto taken = allocator.take(ip(text));
        ASSERT_FALSE(taken);
        EXPECT_EQ(taken.error(), Error(Errc::forbidden, "Address already in use"));
    }
}

TEST(AddressAllocator, NeverReleasesWhatIsReserved) {
    AddressAllocator allocator(config("10.77.0.0/30", "10.77.0.1"));
    for (const char* text : {"10.77.0.0", "10.77.0.1", "10.77.0.3"}) allocator.release(ip(text));
    EXPECT_EQ(allocator.allocate()->text(), "10.77.0.2");
    EXPECT_FALSE(allocator.allocate());
}

TEST(AddressAllocator, RefusesAnAddressOfAnotherSubnet) {
    AddressAllocator allocator(config("10.77.0.0/24", "10.77.0.1"));
    const auto taken = allocator.take(ip("10.78.0.5"));
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error(), Error(Errc::invalid, "no configured subnet contains IP address 10.78.0.5"));
    EXPECT_FALSE(allocator.take(ip("fd00::5")));
}

TEST(AddressAllocator, KeepsToTheRangeButTakesAddressesOutsideIt) {
    auto ranged = config("10.90.0.0/24", "10.90.0.128");
    ranged.ip_range = IpPrefix::parse("10.90.0.128/30");
    AddressAllocator allocator(ranged);
    EXPECT_TRUE(allocator.take(ip("10.90.0.7")));
    EXPECT_EQ(allocator.allocate()->text(), "10.90.0.129");
    EXPECT_EQ(allocator.allocate()->text(), "10.90.0.130");
    EXPECT_EQ(allocator.allocate()->text(), "10.90.0.131");
    EXPECT_FALSE(allocator.allocate());
}

TEST(AddressAllocator, UsesBothAddressesOfAPointToPointSubnet) {
    AddressAllocator allocator(config("10.95.0.0/31", "10.95.0.0"));
    EXPECT_EQ(allocator.allocate()->text(), "10.95.0.1");
    EXPECT_FALSE(allocator.allocate());
}

TEST(AddressAllocator, GivesOutALargeIpv6SubnetWithItsLastAddress) {
    AddressAllocator allocator(config("fd00:79::/64", "fd00:79::1"));
    EXPECT_EQ(allocator.allocate()->text(), "fd00:79::2");
    EXPECT_FALSE(allocator.take(ip("fd00:79::")));
    EXPECT_TRUE(allocator.take(ip("fd00:79::ffff:ffff:ffff:ffff")));
    EXPECT_FALSE(allocator.take(ip("fd00:79::ffff:ffff:ffff:ffff")));
    EXPECT_EQ(allocator.allocate()->text(), "fd00:79::3");
}

TEST(AddressAllocator, FillsAndRefillsAWholeSixteen) {
    AddressAllocator allocator(config("172.18.0.0/16", "172.18.0.1"));
    constexpr unsigned kUsable = 65536 - 3;
    IpAddress last;
    for (unsigned count = 0; count < kUsable; ++count) {
        const auto address = allocator.allocate();
        ASSERT_TRUE(address);
        ASSERT_TRUE(count == 0 || *address == last.plus(1));
        last = *address;
    }
    EXPECT_EQ(last.text(), "172.18.255.254");
    EXPECT_FALSE(allocator.allocate());
    // Every second one free: the worst case for intervals.
    std::set<IpAddress> freed;
    for (unsigned offset = 2; offset < 65535; offset += 2) {
        freed.insert(ip("172.18.0.0").plus(offset));
        allocator.release(ip("172.18.0.0").plus(offset));
    }
    for (const IpAddress& expected : freed) ASSERT_EQ(allocator.allocate(), expected);
    EXPECT_FALSE(allocator.allocate());
}

}  // namespace
}  // namespace nsr::net
