#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <thread>

#include "resolver/server/worker.h"
#include "tests/netns/resolver/fixture.h"

namespace nsr::resolver {
namespace {

using testing::HasSubstr;

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/// A UDP server on the loopback of a namespace. It listens from the start, so nobody has to wait for it.
class LoopbackServer {
public:
    LoopbackServer(const NetNs& netns, std::uint16_t port) : address_(loopback(port)) {
        auto opened = netns.call([this]() -> Result<UniqueFd> {
            UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
            if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address_), sizeof address_) != 0) {
                return fail_errno("bind");
            }
            return fd;
        });
        if (opened) socket_ = std::move(*opened);
    }
    LoopbackServer(const LoopbackServer&) = delete;
    LoopbackServer& operator=(const LoopbackServer&) = delete;
    ~LoopbackServer() {
        // An empty datagram ends the thread.
        ::sendto(socket_.get(), "", 0, 0, reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
    }

    /// Answers every query with A 192.0.2.7.
    void answer_all() { thread_ = std::jthread(&LoopbackServer::run, this); }
    unsigned asked() const { return asked_; }

private:
    void run() {
        std::array<std::uint8_t, 1024> message;
        for (;;) {
            sockaddr_in client{};
            socklen_t length = sizeof client;
            auto* name = reinterpret_cast<sockaddr*>(&client);
            const ssize_t size = ::recvfrom(socket_.get(), message.data(), 512, 0, name, &length);
            if (size <= 12) return;
            ++asked_;
            std::size_t at = 12;
            while (message[at] != 0) at += 1U + message[at];
            at += 5;
            message[2] = static_cast<std::uint8_t>(message[2] | 0x80);  // QR
            message[7] = 1;                                             // one answer
            message[11] = 0;                                            // no OPT
            for (const int byte : {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7}) {
                message[at++] = static_cast<std::uint8_t>(byte);
            }
            ::sendto(socket_.get(), message.data(), at, 0, name, length);
        }
    }

    sockaddr_in address_;
    UniqueFd socket_;
    std::atomic<unsigned> asked_{0};
    std::jthread thread_;
};

Upstream upstream(std::uint16_t port) {
    Upstream server;
    server.address = *IpAddress::parse("127.0.0.1");
    server.port = port;
    return server;
}

TEST_F(ResolverTest, AsksTheContainersOwnServerForANameThatIsNotOurs) {
    LoopbackServer server(sandbox(), 5301);
    server.answer_all();
    auto view = app_view();
    view.upstreams = {upstream(5301)};
    put(view);
    EXPECT_EQ(dig("+short outside.example A"), "192.0.2.7\n");
    EXPECT_EQ(dig("+tcp +short other.example A"), "192.0.2.7\n");
    EXPECT_EQ(dig("+short web A"), "10.1.0.2\n");
    EXPECT_EQ(server.asked(), 2U);
}

TEST_F(ResolverTest, AnswersOnOneConnectionInTheOrderThatAnswersAreThere) {
    const LoopbackServer silent(sandbox(), 5308);
    auto view = app_view();
    view.upstreams = {upstream(5308)};
    put(view);
    // A question for the silent server, then one that needs no server, in one piece; the ids of the replies as they
    // come.
    const auto ids = test::run_command(
        "python3 -c '\n"
        "import socket, struct\n"
        "def query(number, *labels):\n"
        "    name = b\"\".join(bytes([len(label)]) + label for label in labels)\n"
        "    message = struct.pack(\">6H\", number, 256, 1, 0, 0, 0) + name + struct.pack(\">B2H\", 0, 1, 1)\n"
        "    return struct.pack(\">H\", len(message)) + message\n"
        "stream = socket.create_connection((\"127.0.0.11\", 53))\n"
        "stream.sendall(query(1, b\"outside\", b\"example\") + query(2, b\"web\"))\n"
        "file = stream.makefile(\"rb\")\n"
        "for _ in range(2):\n"
        "    size, = struct.unpack(\">H\", file.read(2))\n"
        "    print(struct.unpack(\">H\", file.read(size)[:2])[0])\n"
        "'",
        sandbox());
    EXPECT_EQ(ids.output, "2\n1\n");
}

TEST_F(ResolverTest, AsksTheNextServerWhenTheFirstIsSilent) {
    const LoopbackServer silent(sandbox(), 5302);
    LoopbackServer server(sandbox(), 5303);
    server.answer_all();
    auto view = app_view();
    view.upstreams = {upstream(5302), upstream(5303)};
    put(view);
    EXPECT_EQ(dig("+short outside.example A"), "192.0.2.7\n");
}

TEST_F(ResolverTest, AsksTheNextServerWhenNobodyListensAtTheFirst) {
    LoopbackServer server(sandbox(), 5305);
    server.answer_all();
    auto view = app_view();
    view.upstreams = {upstream(5304), upstream(5305)};
    put(view);
    EXPECT_EQ(dig("+short outside.example A"), "192.0.2.7\n");
}

TEST_F(ResolverTest, SaysServfailAtOnceWhenNobodyListensAnywhere) {
    auto view = app_view();
    view.upstreams = {upstream(5306)};
    put(view);
    EXPECT_THAT(dig("+time=2 outside.example A"), HasSubstr("SERVFAIL"));
}

TEST_F(ResolverTest, DoesNotAskTheHostsServersForAnInternalNetwork) {
    auto view = app_view();
    view.upstreams = {upstream(5307)};
    view.upstreams[0].from_host = true;
    view.outside = false;
    put(view);
    const auto said = dig("+time=2 outside.example A");
    EXPECT_THAT(said, HasSubstr("SERVFAIL"));
    EXPECT_THAT(said, HasSubstr("EDE: 17 (Filtered)"));
}

/// Where the explanation of a name comes that has to be asked outside; broken if it is forgotten.
std::future<Result<Explanation>> explain(Resolver& resolver, const std::string& name) {
    auto promise = std::make_shared<std::promise<Result<Explanation>>>();
    auto future = promise->get_future();
    resolver.explain("app", name, "A", [promise](Result<Explanation> it) { promise->set_value(std::move(it)); });
    return future;
}

TEST_F(ResolverTest, ExplainsWhatAServerOutsideAnswers) {
    LoopbackServer server(sandbox(), 5309);
    server.answer_all();
    auto view = app_view();
    view.upstreams = {upstream(5309)};
    put(view);
    const auto explained = explain(resolver(), "outside.example").get();
    ASSERT_TRUE(explained.has_value());
    EXPECT_FALSE(explained->reply.empty());
    EXPECT_THAT(explained->trace.back(), HasSubstr("answered by 127.0.0.1#5309 in "));
}

TEST_F(ResolverTest, DoesNotWaitForAnExplanationThatASilentServerKeepsBack) {
    const LoopbackServer silent(sandbox(), 5310);
    auto view = app_view();
    view.upstreams = {upstream(5310)};
    put(view);
    auto explained = explain(resolver(), "outside.example");
    resolver().put_endpoint("n1", endpoint("c2", "db", "10.1.0.3"));
    resolver().publish();
    EXPECT_EQ(dig("+short db A"), "10.1.0.3\n");
    EXPECT_EQ(explained.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
    // Whoever closes the container does not wait for it either, and nobody is told.
    resolver().close("app");
    resolver().settle();
    EXPECT_THROW(explained.get(), std::future_error);
}

TEST_F(ResolverTest, AWorkerGivesWhatAnotherHasKeptWhenNobodyAnswers) {
    const auto ask = [this](const std::string& arguments) {
        const std::string taskset = "taskset -c " + std::to_string(usable_cpus().front());
        return test::run_command(taskset + " dig @127.0.0.11 +tries=1 +time=6 " + arguments, sandbox()).output;
    };
    const auto worker_of = [&](Counter DnsCounters::* queries, const std::string& transport) {
        const auto before = (counters(0).*queries).value();
        ask(transport + " web A");
        return (counters(0).*queries).value() == before ? 1 : 0;
    };
    auto view = app_view();
    view.upstreams = {upstream(5311)};
    put(view);
    // Which worker has the TCP listener depends on the container's id; UDP goes to the one of the CPU.
    unsigned tried = 0;
    while (worker_of(&DnsCounters::queries_udp, "+notcp") == worker_of(&DnsCounters::queries_tcp, "+tcp")) {
        ASSERT_LT(++tried, 64U);
        resolver().close(view.container_id);
        view.container_id = "app" + std::to_string(tried);
        put(view);
        ASSERT_TRUE(resolver().open(view.container_id, sandbox()).has_value());
    }
    {
        LoopbackServer server(sandbox(), 5311);
        server.answer_all();
        EXPECT_THAT(ask("outside.example A"), HasSubstr("192.0.2.7"));
        EXPECT_EQ(server.asked(), 1U);
    }
    EXPECT_THAT(ask("+tcp outside.example A"), HasSubstr("192.0.2.7"));
    EXPECT_EQ(counters(0).cache_entries.value(), 1U);
    EXPECT_EQ(counters(1).cache_entries.value(), 1U) << "adopted: it is not looked for again";
    EXPECT_THAT(ask("+tcp outside.example A"), HasSubstr("192.0.2.7"));
    EXPECT_EQ(counters(0).forwarded.value() + counters(1).forwarded.value(), 2U);
    // What nobody has kept fails as before.
    EXPECT_THAT(dig("other.example A"), HasSubstr("SERVFAIL"));
}

}  // namespace
}  // namespace nsr::resolver
