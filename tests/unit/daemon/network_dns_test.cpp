#include "daemon/engine/network_dns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nsr::daemon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

registry::Network with(const std::string& key, const std::string& value) {
    registry::Network network;
    network.name = "net1";
    network.options[key] = value;
    return network;
}

resolver::Upstream upstream(const std::string& address, std::uint16_t port = 53, bool from_host = false) {
    return {*IpAddress::parse(address), port, "", from_host};
}

TEST(NetworkDns, HasACacheUnlessOff) {
    EXPECT_EQ(cache_bytes_of(registry::Network{}), resolver::kCacheBytes);
    EXPECT_EQ(cache_bytes_of(with("ns-register.dns.cache", "16")), 16UL * 1024 * 1024);
    EXPECT_EQ(cache_bytes_of(with("ns-register.dns.cache", "0")), 0U);
    EXPECT_EQ(cache_bytes_of(with("ns-register.dns.cache", "off")), 0U);
}

TEST(NetworkDns, HasServersOfItsOwn) {
    EXPECT_THAT(servers_of(registry::Network{}), IsEmpty());
    const auto servers = servers_of(with("ns-register.dns.upstream", "192.0.2.1,[2001:db8::1]:5353"));
    std::vector<hosts::NameServer> own;
    EXPECT_THAT(without_own(servers, own), ElementsAre(upstream("192.0.2.1"), upstream("2001:db8::1", 5353)));
    EXPECT_THAT(own, IsEmpty());
}

TEST(NetworkDns, HasServersForDomainsWithoutItself) {
    const auto network = with("ns-register.dns.forward.corp.example", "127.0.0.11,192.0.2.1:5353,127.0.0.1");
    EXPECT_THAT(domains_of(network),
                ElementsAre(resolver::DomainUpstreams{"corp.example",
                                                      {upstream("192.0.2.1", 5353), upstream("127.0.0.1", 53, true)}}));
}

}  // namespace
}  // namespace nsr::daemon
