#include <gmock/gmock.h>

#include "tests/netns/resolver/fixture.h"

namespace nsr::resolver {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(ResolverTest, AnswersANameOverUdp) {
    EXPECT_EQ(dig("+short web A"), "10.1.0.2\n");
    EXPECT_EQ(dig("+short www.front A"), "10.1.0.2\n");
    EXPECT_EQ(dig("+short -x 10.1.0.2"), "web.front.\n");
}

TEST_F(ResolverTest, AnswersSeveralQueriesOnOneConnection) {
    EXPECT_EQ(dig("+tcp +keepopen +short web A www A web.front A"), "10.1.0.2\n10.1.0.2\n10.1.0.2\n");
    EXPECT_EQ(counters(0).tcp_connections.value() + counters(1).tcp_connections.value(), 0U);
}

TEST_F(ResolverTest, TellsTheClientThatTheServerIsPort53) {
    EXPECT_THAT(dig("web A"), HasSubstr("SERVER: 127.0.0.11#53(127.0.0.11)"));
}

TEST_F(ResolverTest, APublishedNameIsThereAtOnce) {
    EXPECT_EQ(dig("+short db A"), "");
    resolver().put_endpoint("n1", endpoint("c2", "db", "10.1.0.3"));
    resolver().publish();
    EXPECT_EQ(dig("+short db A"), "10.1.0.3\n");
    resolver().remove_endpoint("n1", "c2");
    resolver().publish();
    EXPECT_EQ(dig("+short db A"), "");
}

/// Asks for h0 to h99 and for as many names that are not there, all before it reads a reply; prints how many were
/// right.
constexpr const char* kAskAtOnce = R"(
import socket, struct
def query(number, name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">6H", number, 0x100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(5)
client.connect(("127.0.0.11", 53))
for number in range(100):
    client.send(query(number, f"h{number}"))
    client.send(query(number + 1000, f"{number + 100}.0.1.10.in-addr.arpa"))
right = 0
for _ in range(200):
    reply = client.recv(512)
    number, flags, _, answers = struct.unpack(">4H", reply[:8])
    if number < 1000:
        right += answers == 1 and reply[-4:] == bytes([10, 1, 4, number])
    else:
        right += answers == 0 and flags & 15 == 3
print(right)
)";

TEST_F(ResolverTest, AnswersManyAtOnceOnALargeNetwork) {
    for (int number = 0; number < 1200; ++number) {
        const std::string text = std::to_string(number);
        const std::string address = "10.1." + std::to_string(4 + number / 250) + "." + std::to_string(number % 250);
        resolver().put_endpoint("n1", endpoint("h" + text, "h" + text, address));
    }
    resolver().publish();
    const auto asked = test::run_command("python3 -c '" + std::string(kAskAtOnce) + "'", sandbox());
    EXPECT_EQ(asked.output, "200\n");
}

TEST_F(ResolverTest, EveryQueryAfterPublishingIsAnsweredFromIt) {
    for (int round = 10; round < 40; ++round) {
        const std::string address = "10.1.0." + std::to_string(round);
        resolver().put_endpoint("n1", endpoint("c2", "db", address));
        resolver().publish();
        ASSERT_EQ(dig("+short db A"), address + "\n");
        ASSERT_EQ(dig("+tcp +short db A"), address + "\n");
    }
}

TEST_F(ResolverTest, RefusesTheNamesOfContainersThatAreClosed) {
    resolver().close("app");
    EXPECT_THAT(dig("+time=1 web A"), Not(HasSubstr("10.1.0.2")));
    const auto again = resolver().open("app", sandbox());
    ASSERT_TRUE(again.has_value()) << again.error().message();
    EXPECT_EQ(dig("+short web A"), "10.1.0.2\n");
}

TEST_F(ResolverTest, OpeningTwiceReplaces) {
    for (int round = 0; round < 3; ++round) {
        const auto again = resolver().open("app", sandbox());
        ASSERT_TRUE(again.has_value()) << again.error().message();
        EXPECT_EQ(dig("+short web A"), "10.1.0.2\n");
        EXPECT_EQ(dig("+tcp +short web A"), "10.1.0.2\n");
    }
}

TEST_F(ResolverTest, AViewThatIsPutAgainAfterItsRemovalIsServed) {
    resolver().remove_view("app");
    resolver().publish();
    EXPECT_THAT(dig("web A"), HasSubstr("SERVFAIL"));
    put(app_view());
    EXPECT_EQ(dig("+short web A"), "10.1.0.2\n");
}

TEST_F(ResolverTest, LeavesPort53ToTheContainersOwnServer) {
    const auto bound = test::run_command(
        "python3 -c 'import "
        "socket;socket.socket(2,2).bind((\"0.0.0.0\",53));socket.socket(2,1).bind((\"0.0.0.0\",53))'",
        sandbox());
    EXPECT_TRUE(bound.ok()) << bound.output;
}

TEST_F(ResolverTest, ExplainsAnAnswer) {
    const auto explain = [this](const std::string& container, const std::string& name, const std::string& type) {
        Result<Explanation> explained = fail(Errc::unavailable, "not at once");
        resolver().explain(container, name, type, [&](Result<Explanation> it) { explained = std::move(it); });
        return explained;
    };
    const auto explained = explain("app", "web", "A");
    ASSERT_TRUE(explained.has_value());
    EXPECT_FALSE(explained->reply.empty());
    EXPECT_FALSE(explained->trace.empty());
    EXPECT_EQ(explain("nobody", "web", "A").error().code(), Errc::not_found);
    EXPECT_EQ(explain("app", "a..b", "A").error().code(), Errc::invalid);
    EXPECT_EQ(explain("app", "web", "NOSUCH").error().code(), Errc::invalid);
}

}  // namespace
}  // namespace nsr::resolver
