#include "resolver/forward/datagrams.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/unique_fd.h"
#include "tests/support/command.h"
#include "tests/support/netns_fixture.h"

namespace nsr::resolver {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAreArray;

/// A socket on the loopback that takes datagrams.
class Receiver {
public:
    explicit Receiver(int family = AF_INET) : fd_(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_storage any{};
        any.ss_family = static_cast<sa_family_t>(family);
        EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(sockaddr_in6)), 0);
        socklen_t size = sizeof bound_;
        ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&bound_), &size);
        if (family == AF_INET) address().sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (family == AF_INET6) reinterpret_cast<sockaddr_in6&>(bound_).sin6_addr = in6addr_loopback;
    }

    sockaddr_in& address() { return reinterpret_cast<sockaddr_in&>(bound_); }
    void connect_from(int fd) const {
        EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&bound_), sizeof(sockaddr_in6)), 0);
    }

    std::vector<std::string> arrived() const {
        std::vector<std::string> texts;
        std::string text(2048, '\0');
        for (ssize_t size = 0; (size = ::recv(fd_.get(), text.data(), text.size(), MSG_DONTWAIT)) >= 0;) {
            texts.push_back(text.substr(0, static_cast<std::size_t>(size)));
        }
        return texts;
    }

private:
    UniqueFd fd_;
    sockaddr_storage bound_{};
};

class DatagramsTest : public test::NetNsFixture {
protected:
    void SetUp() override {
        NetNsFixture::SetUp();
        if (IsSkipped()) return;
        sender_ = UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        wire_ = UniqueFd(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ALL)));
        ASSERT_TRUE(sender_ && wire_);
        receiver_.emplace();
    }

    /// `count` texts of one size that differ.
    static std::vector<std::string> texts(unsigned count, std::size_t size) {
        std::vector<std::string> made;
        for (unsigned index = 0; index < count; ++index) {
            made.emplace_back(size, 'x');
            made.back().replace(0, 3, std::to_string(100 + index));
        }
        return made;
    }

    static void add(Datagrams& datagrams, Receiver& to, const std::string& text) {
        datagrams.add(&to.address(), {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    }
    static void add(Datagrams& datagrams, Receiver& to, const std::vector<std::string>& texts) {
        for (const auto& text : texts) add(datagrams, to, text);
    }

    /// Sizes of what has passed the loopback's device as UDP's payload, in order.
    std::vector<std::size_t> packets() const {
        std::vector<std::size_t> sizes;
        std::array<std::uint8_t, 65536> packet;
        sockaddr_ll from{};
        socklen_t length = sizeof from;
        for (ssize_t size = 0; (size = ::recvfrom(wire_.get(), packet.data(), packet.size(), MSG_DONTWAIT,
                                                  reinterpret_cast<sockaddr*>(&from), &length)) >= 0;) {
            const std::size_t headers = from.sll_protocol == htons(ETH_P_IP) ? 28 : 48;
            if (from.sll_pkttype == PACKET_HOST) sizes.push_back(static_cast<std::size_t>(size) - headers);
        }
        return sizes;
    }

    UniqueFd sender_;
    UniqueFd wire_;
    std::optional<Receiver> receiver_;  // opened in the test's namespace
};

TEST_F(DatagramsTest, ManyOfOneSizeLeaveAsOnePacket) {
    const auto sent = texts(10, 60);
    Datagrams datagrams;
    add(datagrams, *receiver_, sent);
    EXPECT_EQ(datagrams.send(sender_.get()), 0U);
    EXPECT_EQ(receiver_->arrived(), sent);
    EXPECT_THAT(packets(), ElementsAre(600));
    EXPECT_EQ(datagrams.send(sender_.get()), 0U);
    EXPECT_TRUE(receiver_->arrived().empty()) << "nothing is sent twice";
}

TEST_F(DatagramsTest, AsManyAsItHoldsAndOfTheLargestSize) {
    const auto sent = texts(Datagrams::kMax, dns::kEdnsLimit);
    Datagrams datagrams;
    add(datagrams, *receiver_, sent);
    EXPECT_TRUE(datagrams.is_full());
    EXPECT_EQ(datagrams.send(sender_.get()), 0U);
    EXPECT_EQ(receiver_->arrived(), sent);
    EXPECT_EQ(packets().size(), 1U);
}

TEST_F(DatagramsTest, FewLeaveAlone) {
    const auto sent = texts(Datagrams::kMergeMin - 1, 60);
    Datagrams datagrams;
    add(datagrams, *receiver_, sent);
    EXPECT_EQ(datagrams.send(sender_.get()), 0U);
    EXPECT_EQ(receiver_->arrived(), sent);
    EXPECT_THAT(packets(), ElementsAre(60, 60, 60));
}

TEST_F(DatagramsTest, EachReceiverGetsItsOwnOfEverySize) {
    Receiver other;
    const auto small = texts(6, 40);
    const auto large = texts(2, 41);
    const auto others = texts(5, 40);
    Datagrams datagrams;
    for (std::size_t index = 0; index < small.size(); ++index) {
        add(datagrams, *receiver_, small[index]);
        if (index < others.size()) add(datagrams, other, others[index]);
        if (index < large.size()) add(datagrams, *receiver_, large[index]);
    }
    EXPECT_EQ(datagrams.send(sender_.get()), 0U);
    auto all = small;
    all.insert(all.end(), large.begin(), large.end());
    EXPECT_THAT(receiver_->arrived(), UnorderedElementsAreArray(all));
    EXPECT_THAT(other.arrived(), UnorderedElementsAreArray(others));
    EXPECT_THAT(packets(), ::testing::UnorderedElementsAre(240, 41, 41, 200));
}

TEST_F(DatagramsTest, AConnectedSocketSendsToItsPeerOverIpv6Too) {
    Receiver server(AF_INET6);
    const UniqueFd client(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    server.connect_from(client.get());
    const auto sent = texts(8, 50);
    Datagrams datagrams;
    for (const auto& text : sent) {
        datagrams.add(nullptr, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    }
    EXPECT_EQ(datagrams.send(client.get()), 0U);
    EXPECT_EQ(server.arrived(), sent);
    EXPECT_THAT(packets(), ElementsAre(400));
}

TEST_F(DatagramsTest, NothingIsMergedIfNotWanted) {
    const auto sent = texts(10, 60);
    Datagrams datagrams(false);
    add(datagrams, *receiver_, sent);
    EXPECT_EQ(datagrams.send(sender_.get()), 0U);
    EXPECT_EQ(receiver_->arrived(), sent);
    EXPECT_EQ(packets().size(), 10U);
}

// A socket without checksums is what every kernel refuses to cut packets of.
TEST_F(DatagramsTest, WhatMayNotLeaveAsOnePacketLeavesAsMany) {
    const int on = 1;
    ASSERT_EQ(::setsockopt(sender_.get(), SOL_SOCKET, SO_NO_CHECK, &on, sizeof on), 0);
    const auto sent = texts(10, 60);
    Datagrams datagrams;
    add(datagrams, *receiver_, sent);
    EXPECT_EQ(datagrams.send(sender_.get()), 0U);
    EXPECT_EQ(receiver_->arrived(), sent);
    EXPECT_EQ(packets().size(), 10U);
}

TEST_F(DatagramsTest, WhatAFirewallRefusesIsLostAndTheRestIsNot) {
    Receiver other;
    const auto closed = std::to_string(ntohs(receiver_->address().sin_port));
    for (const std::string& command :
         {std::string("table ip t"), std::string("chain ip t out { type filter hook output priority 0; }"),
          "rule ip t out udp dport " + closed + " drop"}) {
        ASSERT_TRUE(test::run_command("nft 'add " + command + "'").ok()) << command;
    }
    const auto sent = texts(5, 60);
    Datagrams datagrams;
    add(datagrams, *receiver_, sent);
    add(datagrams, other, sent);
    EXPECT_EQ(datagrams.send(sender_.get()), 5U);
    EXPECT_TRUE(receiver_->arrived().empty());
    EXPECT_EQ(other.arrived(), sent);
}

}  // namespace
}  // namespace nsr::resolver
