#include "resolver/dns/cookie.h"

#include <numeric>

#include <gtest/gtest.h>

#include "tests/unit/resolver/answer_fixture.h"

namespace nsr::dns {
namespace {

// RFC 9018, appendix A.1: a new client.
constexpr CookieKey kKey{0xe5, 0xe9, 0x73, 0xe5, 0xa6, 0xb2, 0xa4, 0x3f,
                         0x48, 0xe7, 0xdc, 0x84, 0x9e, 0x37, 0xbf, 0xcf};
constexpr ClientCookie kClient{0x24, 0x64, 0xc4, 0xab, 0xcf, 0x10, 0xc9, 0x57};
constexpr std::uint8_t kAddress[] = {198, 51, 100, 100};
constexpr std::uint32_t kNow = 1559731985;
constexpr ServerCookie kServer{1, 0, 0, 0, 0x5c, 0xf7, 0x9f, 0x11, 0x1f, 0x81, 0x30, 0xc3, 0xee, 0xe2, 0x94, 0x80};

TEST(Cookie, HashesAsThePaperDoes) {
    CookieKey key;
    std::iota(key.begin(), key.end(), std::uint8_t{0});
    std::array<std::uint8_t, 15> message;
    std::iota(message.begin(), message.end(), std::uint8_t{0});
    EXPECT_EQ(siphash24(key, message), 0xa129ca6149be45e5U);
    EXPECT_EQ(siphash24(key, {}), 0x726fdb47dd0e0e31U);
}

TEST(Cookie, IsTheOneOfTheRfc) { EXPECT_EQ(make_server_cookie(kClient, kAddress, kNow, kKey), kServer); }

TEST(Cookie, IsGoodForAnHourAndRenewedAfterHalfOfOne) {
    const auto check = [](std::uint32_t now) { return check_server_cookie(kServer, kClient, kAddress, now, kKey); };
    EXPECT_EQ(check(kNow), CookieVerdict::good);
    EXPECT_EQ(check(kNow + 1800), CookieVerdict::good);
    EXPECT_EQ(check(kNow + 1801), CookieVerdict::renew);
    EXPECT_EQ(check(kNow + 3600), CookieVerdict::renew);
    EXPECT_EQ(check(kNow + 3601), CookieVerdict::bad);
    EXPECT_EQ(check(kNow - 300), CookieVerdict::good) << "a clock that was set back";
    EXPECT_EQ(check(kNow - 301), CookieVerdict::bad);
}

TEST(Cookie, IsOfOneClientAndOneKey) {
    EXPECT_EQ(check_server_cookie(kServer, {1}, kAddress, kNow, kKey), CookieVerdict::bad);
    EXPECT_EQ(check_server_cookie(kServer, kClient, Bytes(kAddress).first(3), kNow, kKey), CookieVerdict::bad);
    EXPECT_EQ(check_server_cookie(kServer, kClient, kAddress, kNow, {1}), CookieVerdict::bad);
    for (std::size_t index = 0; index < kServer.size(); ++index) {
        auto changed = kServer;
        changed[index] ^= 1;
        EXPECT_EQ(check_server_cookie(changed, kClient, kAddress, kNow, kKey), CookieVerdict::bad) << index;
    }
}

}  // namespace
}  // namespace nsr::dns

namespace nsr::resolver {
namespace {

/// What a client does with cookies, and what it gets.
class CookieTest : public AnswerTest {
protected:
    CookieTest() {
        snapshot_.cookie_key = {1, 2, 3};
        snapshot_.now = 1000000;
    }

    static testing::Packet option(const testing::Packet& cookie) {
        testing::Packet bytes{0, 10, 0, static_cast<std::uint8_t>(cookie.size())};
        bytes.insert(bytes.end(), cookie.begin(), cookie.end());
        return bytes;
    }

    testing::Reply send(const testing::Packet& cookie) {
        return ask(Ask{.name = "web1", .edns_size = 1232, .options = option(cookie)});
    }

    /// The cookie option of a reply, client's and server's half.
    static testing::Packet cookie_of(const testing::Reply& reply) {
        EXPECT_EQ(reply.opt_options.substr(0, 8), "000a0018");
        testing::Packet bytes;
        for (std::size_t at = 8; at + 1 < reply.opt_options.size() && bytes.size() < 24; at += 2) {
            bytes.push_back(static_cast<std::uint8_t>(std::stoul(reply.opt_options.substr(at, 2), nullptr, 16)));
        }
        return bytes;
    }

    /// A query without a question.
    testing::Reply send_alone(const testing::Packet& cookie) {
        auto packet = query_packet({.name = "x", .edns_size = 1232, .options = option(cookie)});
        packet[5] = 0;
        packet.erase(packet.begin() + dns::kHeaderSize, packet.begin() + dns::kHeaderSize + 7);
        const Outcome outcome = decide(packet);
        return testing::parse_reply({out_.begin(), out_.begin() + static_cast<long>(outcome.size)});
    }

    const testing::Packet kClient{1, 2, 3, 4, 5, 6, 7, 8};
};

TEST_F(CookieTest, GivesACookieAndKnowsItAgain) {
    const auto first = send(kClient);
    EXPECT_THAT(first.data(), ::testing::ElementsAre("10.77.0.11"));
    const auto cookie = cookie_of(first);
    EXPECT_TRUE(std::equal(kClient.begin(), kClient.end(), cookie.begin()));
    snapshot_.now += 60;
    EXPECT_EQ(cookie_of(send(cookie)), cookie) << "good for half an hour";
    snapshot_.now += 1800;
    EXPECT_NE(cookie_of(send(cookie)), cookie) << "then there is a new one";
    EXPECT_EQ(ask(Ask{.name = "web1", .edns_size = 1232, .options = {}}).opt_options, "") << "only for those who ask";
}

TEST_F(CookieTest, AnswersInSpiteOfABadCookie) {
    auto cookie = cookie_of(send(kClient));
    cookie.back() ^= 1;
    const auto reply = send(cookie);
    EXPECT_THAT(reply.data(), ::testing::ElementsAre("10.77.0.11"));
    EXPECT_NE(cookie_of(reply), cookie);
    testing::Packet of_another_server(40, 7);
    EXPECT_THAT(send(of_another_server).data(), ::testing::ElementsAre("10.77.0.11"));
    EXPECT_EQ(cookie_of(send(of_another_server)).size(), 24U);
}

TEST_F(CookieTest, RefusesImpossibleLengths) {
    for (const std::size_t size : {0U, 7U, 9U, 15U, 41U}) {
        SCOPED_TRACE(size);
        EXPECT_EQ(send(testing::Packet(size, 1)).rcode, kFormErr);
    }
    for (const std::size_t size : {8U, 16U, 24U, 40U}) EXPECT_EQ(send(testing::Packet(size, 1)).rcode, kNoError);
}

TEST_F(CookieTest, TellsItsCookieToAQueryWithoutAQuestion) {
    const auto reply = send_alone(kClient);
    EXPECT_TRUE(reply.ok);
    EXPECT_EQ(reply.rcode, kNoError);
    EXPECT_EQ(reply.question, "");
    const auto cookie = cookie_of(reply);
    EXPECT_EQ(send_alone(cookie).rcode, kNoError);
    EXPECT_EQ(cookie_of(send(cookie)), cookie);
    auto bad = cookie;
    bad.back() ^= 1;
    EXPECT_EQ(send_alone(bad).rcode, 23U) << "BADCOOKIE";
    EXPECT_EQ(cookie_of(send_alone(bad)), cookie);
}

TEST_F(CookieTest, IsSentWithErrorsToo) {
    const auto packet = [&](std::uint16_t klass, std::uint8_t version) {
        return ask(Ask{
            .name = "web1", .klass = klass, .edns_size = 1232, .edns_version = version, .options = option(kClient)});
    };
    EXPECT_EQ(packet(3, 0).rcode, kRefused);
    EXPECT_EQ(cookie_of(packet(3, 0)).size(), 24U);
    EXPECT_EQ(packet(1, 1).rcode, kBadVers);
    EXPECT_EQ(cookie_of(packet(1, 1)).size(), 24U);
}

}  // namespace
}  // namespace nsr::resolver
