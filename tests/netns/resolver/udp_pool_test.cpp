#include "resolver/forward/udp_pool.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <filesystem>
#include <iterator>
#include <set>

#include <gtest/gtest.h>

#include "tests/support/command.h"
#include "tests/support/netns_fixture.h"

namespace nsr::resolver {
namespace {

using namespace std::chrono_literals;

/// A server on the loopback that takes what it is sent and knows from which port.
class UdpPoolTest : public test::NetNsFixture {
protected:
    void SetUp() override {
        NetNsFixture::SetUp();
        if (IsSkipped()) return;
        auto home = NetNs::current();
        ASSERT_TRUE(home);
        sandbox_ = std::make_shared<const NetNs>(std::move(*home));
        server_ = UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_ANY);
        ASSERT_EQ(::bind(server_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        socklen_t size = sizeof address;
        ::getsockname(server_.get(), reinterpret_cast<sockaddr*>(&address), &size);
        upstream_.address = *IpAddress::parse("127.0.0.1");
        upstream_.port = ntohs(address.sin_port);
    }

    struct Seen {
        std::uint16_t port = 0;
        std::uint16_t id = 0;
        bool operator<(const Seen& other) const { return port < other.port; }
    };

    /// Sends a query and takes it as the server does.
    Seen ask(UdpPool& pool, TimePoint now) {
        std::array<std::uint8_t, 12> query{};
        EXPECT_TRUE(pool.send({1, 0}, query, now));
        sockaddr_in client{};
        socklen_t size = sizeof client;
        std::array<std::uint8_t, 512> got{};
        EXPECT_EQ(::recvfrom(server_.get(), got.data(), got.size(), 0, reinterpret_cast<sockaddr*>(&client), &size),
                  12);
        client_ = client;
        return {ntohs(client.sin_port), dns::read16(got.data())};
    }

    boost::asio::io_context io_;
    DnsCounters counters_;
    Outbox outbox_{counters_};
    std::shared_ptr<const NetNs> sandbox_;
    UniqueFd server_;
    Upstream upstream_;
    sockaddr_in client_{};
    TimePoint now_ = std::chrono::steady_clock::now();
};

TEST_F(UdpPoolTest, UsesSeveralPortsAndRenewsThem) {
    UdpPool pool(io_, outbox_, sandbox_, upstream_, [](const Try&, std::uint16_t, dns::Bytes) { return true; });
    std::set<std::uint16_t> ports;
    std::set<std::uint16_t> ids;
    for (unsigned index = 0; index < 8 * kUdpPoolSize * kUdpTurn; ++index) {
        const Seen seen = ask(pool, now_);
        ports.insert(seen.port);
        ids.insert(seen.id);
    }
    EXPECT_EQ(ports.size(), kUdpPoolSize);
    EXPECT_GT(ids.size(), 900U) << "ids are random";
    for (unsigned index = 0; index < 2 * kUdpPoolSize * kUdpTurn; ++index) {
        EXPECT_FALSE(ports.contains(ask(pool, now_ + kUdpSocketAge).port)) << "a port of before";
    }
}

/// What has arrived at a socket, without waiting.
unsigned arrived(int fd) {
    std::array<std::uint8_t, 512> got{};
    unsigned count = 0;
    while (::recv(fd, got.data(), got.size(), MSG_DONTWAIT) >= 0) ++count;
    return count;
}

TEST_F(UdpPoolTest, WhatIsCollectedLeavesTogether) {
    UdpPool pool(io_, outbox_, sandbox_, upstream_, [](const Try&, std::uint16_t, dns::Bytes) { return true; });
    std::array<std::uint8_t, 12> query{};
    {
        const Outbox::Collection collection(outbox_);
        for (unsigned index = 0; index < 4; ++index) EXPECT_TRUE(pool.send({1, index}, query, now_));
        EXPECT_EQ(arrived(server_.get()), 1U) << "the first, whose errors must be known";
    }
    EXPECT_EQ(arrived(server_.get()), 3U);
    EXPECT_TRUE(pool.send({1, 4}, query, now_));
    EXPECT_EQ(arrived(server_.get()), 1U) << "nobody collects";
}

TEST_F(UdpPoolTest, WhatIsCollectedLeavesBeforeItsSocketIsClosed) {
    UdpPool pool(io_, outbox_, sandbox_, upstream_, [](const Try&, std::uint16_t, dns::Bytes) { return true; });
    std::array<std::uint8_t, 12> query{};
    const Outbox::Collection collection(outbox_);
    for (unsigned index = 0; index < 4; ++index) EXPECT_TRUE(pool.send({1, index}, query, now_));
    pool.close();
    EXPECT_EQ(arrived(server_.get()), 4U);
}

TEST_F(UdpPoolTest, MoreThanOneTurnLeavesBySeveralSockets) {
    UdpPool pool(io_, outbox_, sandbox_, upstream_, [](const Try&, std::uint16_t, dns::Bytes) { return true; });
    std::array<std::uint8_t, 12> query{};
    {
        const Outbox::Collection collection(outbox_);
        for (unsigned index = 0; index < 3 * kUdpTurn; ++index) EXPECT_TRUE(pool.send({1, index}, query, now_));
    }
    EXPECT_EQ(arrived(server_.get()), 3 * kUdpTurn);
    EXPECT_EQ(counters_.send_errors.value(), 0U);
}

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator descriptors("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(descriptors), end(descriptors)));
}

TEST_F(UdpPoolTest, SocketsThatCannotSendDoNotPileUp) {
    ASSERT_TRUE(test::run_command("nft add table ip t; nft 'add chain ip t o { type filter hook output priority 0; }';"
                                  "nft add rule ip t o udp dport " +
                                  std::to_string(upstream_.port) + " numgen inc mod 4 lt 2 drop")
                    .ok());
    UdpPool pool(io_, outbox_, sandbox_, upstream_, [](const Try&, std::uint16_t, dns::Bytes) { return true; });
    const auto before = open_descriptors();
    std::array<std::uint8_t, 12> query{};
    for (unsigned index = 0; index < 1000; ++index) pool.send({1, index}, query, now_);
    EXPECT_GT(counters_.send_errors.value(), 0U);
    const std::size_t of_the_loop = 4;
    EXPECT_LE(open_descriptors(), before + of_the_loop + kUdpPoolSize + kUdpRetiredMax);
}

TEST_F(UdpPoolTest, RepliesComeToSocketsThatAreNotUsedAnyMore) {
    int replies = 0;
    UdpPool pool(io_, outbox_, sandbox_, upstream_, [&replies](const Try&, std::uint16_t, dns::Bytes) {
        ++replies;
        return true;
    });
    const Seen first = ask(pool, now_);
    const sockaddr_in first_client = client_;
    pool.retire();
    EXPECT_NE(ask(pool, now_).port, first.port);
    std::array<std::uint8_t, 12> reply{};
    dns::write16(reply.data(), first.id);
    ::sendto(server_.get(), reply.data(), reply.size(), 0, reinterpret_cast<const sockaddr*>(&first_client),
             sizeof first_client);
    io_.run_one();
    EXPECT_EQ(replies, 1);
}

TEST_F(UdpPoolTest, TakesOneReplyForEachTry) {
    int replies = 0;
    UdpPool pool(io_, outbox_, sandbox_, upstream_, [&replies](const Try&, std::uint16_t, dns::Bytes) {
        ++replies;
        return replies > 1;  // the first is none to its question
    });
    const Seen seen = ask(pool, now_);
    std::array<std::uint8_t, 12> reply{};
    dns::write16(reply.data(), seen.id);
    for (int index = 0; index < 4; ++index) {
        ::sendto(server_.get(), reply.data(), reply.size(), 0, reinterpret_cast<const sockaddr*>(&client_),
                 sizeof client_);
    }
    io_.run_one();
    EXPECT_EQ(replies, 2) << "what comes after the reply is not looked at";
}

// The kernel sends a handful of ICMP errors to one receiver and then one a second (net.ipv4.icmp_ratelimit).
TEST_F(UdpPoolTest, ABurstToAServerThatRefusesFailsWhole) {
    const NetNs other = make_namespace();
    connect({"up0", "192.0.2.1/24", "up1", "192.0.2.2/24"}, other);
    upstream_.address = *IpAddress::parse("192.0.2.2");
    std::set<unsigned> failed;
    Outbox apart(counters_, false);
    UdpPool pool(io_, apart, sandbox_, upstream_, [&failed](const Try& which, std::uint16_t, dns::Bytes reply) {
        if (reply.empty()) failed.insert(static_cast<unsigned>(which.flight));
        return true;
    });
    std::array<std::uint8_t, 12> query{};
    constexpr unsigned kMany = 30;
    {
        const Outbox::Collection collection(apart);
        for (unsigned index = 0; index < kMany; ++index) EXPECT_TRUE(pool.send({index, 0}, query, now_));
    }
    const auto end = std::chrono::steady_clock::now() + 5s;
    while (failed.size() < kMany && std::chrono::steady_clock::now() < end) io_.run_one_for(1s);
    EXPECT_EQ(failed.size(), kMany);
}

// `unreachable` is answered by ICMP host unreachable, which passes; `prohibit` by administratively prohibited.
TEST_F(UdpPoolTest, ARouteThatIsGoneForAMomentFailsNothing) {
    const NetNs router = make_namespace();
    connect({"up0", "192.0.2.1/24", "up1", "192.0.2.2/24"}, router);
    ASSERT_TRUE(test::run_command("ip route add 203.0.113.0/24 via 192.0.2.2").ok());
    ASSERT_TRUE(test::run_command("sysctl -qw net.ipv4.ip_forward=1 && ip route add unreachable 203.0.113.1 && "
                                  "ip route add prohibit 203.0.113.2",
                                  router)
                    .ok());
    for (const auto& [address, fails] : {std::pair{"203.0.113.1", 0U}, {"203.0.113.2", 1U}}) {
        upstream_.address = *IpAddress::parse(address);
        unsigned failed = 0;
        UdpPool pool(io_, outbox_, sandbox_, upstream_, [&failed](const Try&, std::uint16_t, dns::Bytes) {
            ++failed;
            return true;
        });
        std::array<std::uint8_t, 12> query{};
        EXPECT_TRUE(pool.send({1, 0}, query, now_));
        io_.restart();
        EXPECT_EQ(io_.run_one_for(5s), 1U) << "the error has come";
        EXPECT_EQ(failed, fails) << address;
        pool.close();
        io_.poll();
    }
}

TEST_F(UdpPoolTest, GoesOnFromTheNewAddressWhenItsOwnIsGone) {
    const auto ip = [](const std::string& command) {
        const auto done = test::run_command("ip " + command);
        ASSERT_TRUE(done.ok()) << done.output;
    };
    ip("address add 192.0.2.1/32 dev lo");
    ip("route add local 203.0.113.0/24 dev lo src 192.0.2.1");
    upstream_.address = *IpAddress::parse("203.0.113.9");
    UdpPool pool(io_, outbox_, sandbox_, upstream_, [](const Try&, std::uint16_t, dns::Bytes) { return true; });
    ask(pool, now_);
    EXPECT_EQ(client_.sin_addr.s_addr, ::inet_addr("192.0.2.1"));
    ip("address delete 192.0.2.1/32 dev lo");
    ip("address add 192.0.2.2/32 dev lo");
    ip("route replace local 203.0.113.0/24 dev lo src 192.0.2.2");
    ask(pool, now_);
    EXPECT_EQ(client_.sin_addr.s_addr, ::inet_addr("192.0.2.2"));
}

}  // namespace
}  // namespace nsr::resolver
