#include "resolver/server/tcp.h"

#include <sys/socket.h>

#include <set>
#include <thread>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "tests/unit/resolver/answer_fixture.h"

namespace nsr::resolver {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::Packet;
using Endpoint = asio::ip::tcp::endpoint;

/// A listener on the loopback with a thread of its own, and clients that do as they like. Limits of time are short, and
/// every test waits for what happens, not for time.
class TcpTest : public AnswerTest {
protected:
    void SetUp() override {
        for (int index = 0; index < 200; ++index) {
            add("n1", "pool" + std::to_string(index), "10.77.1." + std::to_string(index), {"pool"});
        }
        book_.put_view(spec_);
        state_.snapshot.apply(book_.take_changes());
        auto container = std::make_shared<ServedContainer>();
        container->view = book_.view_slot("cl");
        container->forward = std::make_shared<ForwardClient>(netns_);
        asio::ip::tcp::acceptor acceptor(io_, Endpoint(asio::ip::address_v4::loopback(), 0));
        endpoint_ = acceptor.local_endpoint();
        listener_ = std::make_shared<TcpListener>(state_, container, UniqueFd(acceptor.release()));
    }

    void serve() {
        listener_->start();
        thread_ = std::thread([this] { io_.run(); });
    }

    void TearDown() override {
        asio::post(io_, [this] { listener_->close(); });
        if (thread_.joinable()) thread_.join();
    }

    static Packet frame(const Packet& packet) {
        Packet framed;
        testing::append16(framed, static_cast<unsigned>(packet.size()));
        framed.insert(framed.end(), packet.begin(), packet.end());
        return framed;
    }
    static Packet question(const std::string& name, std::uint16_t id = 1) {
        return frame(query_packet({.name = name, .id = id, .options = {}}));
    }

    asio::ip::tcp::socket connect() {
        asio::ip::tcp::socket socket(clients_);
        socket.connect(endpoint_);
        // A test that waits in vain fails instead of hanging.
        const timeval patience{10, 0};
        ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        return socket;
    }
    static void send(asio::ip::tcp::socket& socket, const Packet& bytes) { asio::write(socket, asio::buffer(bytes)); }

    /// The next reply; one that is not `ok` if the connection ends.
    static testing::Reply receive(asio::ip::tcp::socket& socket) {
        boost::system::error_code error;
        Packet length(2);
        asio::read(socket, asio::buffer(length), error);
        if (error) return {};
        Packet bytes(static_cast<std::size_t>(length[0] << 8 | length[1]));
        asio::read(socket, asio::buffer(bytes), error);
        return error ? testing::Reply{} : testing::parse_reply(bytes);
    }
    /// Waits for the server to close the connection.
    static bool is_closed(asio::ip::tcp::socket& socket) {
        boost::system::error_code error;
        Packet rest(65536);
        while (!error) socket.read_some(asio::buffer(rest), error);
        return error == asio::error::eof || error == asio::error::connection_reset;
    }

    Metrics metrics_{1};
    DnsCounters& counters_ = metrics_.dns[0];
    std::shared_ptr<const NetNs> netns_ = std::make_shared<const NetNs>(*NetNs::current());
    asio::io_context io_{1};
    asio::io_context clients_;
    ServerState state_{io_, 0, counters_, netns_};
    std::shared_ptr<TcpListener> listener_;
    Endpoint endpoint_;
    std::thread thread_;
};

TEST_F(TcpTest, AnswersWhatComesInOnePiece) {
    serve();
    auto client = connect();
    Packet all;
    for (std::uint16_t id = 1; id <= 300; ++id) {
        const auto one = question("web1", id);
        all.insert(all.end(), one.begin(), one.end());
    }
    send(client, all);
    std::set<unsigned> ids;
    for (int count = 0; count < 300; ++count) ids.insert(receive(client).id);
    EXPECT_EQ(ids.size(), 300U);
}

TEST_F(TcpTest, TakesABusyConnectionsQueriesByTurns) {
    listener_->start();  // its loop runs here, event by event
    auto busy = connect();
    auto other = connect();
    const auto run_until = [this](const auto& done) {
        for (int events = 0; !done() && events < 10000; ++events) io_.run_one_for(1s);
    };
    run_until([this] { return counters_.tcp_connections.value() == 2; });
    Packet all;
    for (std::uint16_t id = 1; id <= 120; ++id) {
        const auto one = question("web1", id);
        all.insert(all.end(), one.begin(), one.end());
    }
    send(busy, all);
    send(other, question("web2"));
    run_until([&other] { return other.available() > 0; });
    EXPECT_THAT(receive(other).data(), ::testing::ElementsAre("10.77.0.12"));
    EXPECT_LE(counters_.queries_tcp.value(), 65U) << "the other had to wait for two turns at most";
    run_until([this] { return counters_.queries_tcp.value() == 121; });
    for (int count = 0; count < 120; ++count) {
        run_until([&busy] { return busy.available() > 0; });
        EXPECT_TRUE(receive(busy).ok);
    }
    listener_->close();
    io_.restart();
    io_.poll();
}

TEST_F(TcpTest, AnswersWhatComesByteByByte) {
    serve();
    auto client = connect();
    client.set_option(asio::ip::tcp::no_delay(true));
    for (const std::uint8_t byte : question("web1")) send(client, {byte});
    EXPECT_THAT(receive(client).data(), ::testing::ElementsAre("10.77.0.11"));
}

TEST_F(TcpTest, AnswersAClientThatSendsNoMore) {
    serve();
    auto client = connect();
    send(client, question("web1"));
    client.shutdown(asio::ip::tcp::socket::shutdown_send);
    EXPECT_THAT(receive(client).data(), ::testing::ElementsAre("10.77.0.11"));
    EXPECT_TRUE(is_closed(client));
    EXPECT_EQ(counters_.tcp_timeouts.value(), 0U);
}

TEST_F(TcpTest, GoesOnAfterGarbage) {
    serve();
    auto client = connect();
    auto broken = query_packet({.name = "web1", .id = 7, .options = {}});
    broken[12] = 0xff;
    send(client, frame(broken));
    EXPECT_EQ(receive(client).rcode, kFormErr);
    send(client, frame({1, 2, 3}));                                                       // too short for a header
    send(client, frame(query_packet({.name = "web1", .flags = 0x8100, .options = {}})));  // a response
    send(client, {0, 0, 0, 0});                                                           // frames without content
    send(client, question("web1", 8));
    EXPECT_EQ(receive(client).id, 8U);
    EXPECT_EQ(counters_.dropped.value(), 2U);
}

TEST_F(TcpTest, ForgetsAQueryThatIsCutOff) {
    serve();
    auto client = connect();
    auto cut = question("web1");
    cut.pop_back();
    send(client, cut);
    client.shutdown(asio::ip::tcp::socket::shutdown_send);
    EXPECT_TRUE(is_closed(client));
    EXPECT_EQ(counters_.queries_tcp.value(), 0U);
}

TEST_F(TcpTest, ClosesAConnectionWithoutAFirstQuery) {
    state_.tcp_limits.first_query = 50ms;
    serve();
    auto silent = connect();
    auto empty = connect();
    send(empty, {0, 0});
    auto slow = connect();
    send(slow, {0, 30, 1});
    for (auto* client : {&silent, &empty, &slow}) EXPECT_TRUE(is_closed(*client));
    EXPECT_EQ(counters_.tcp_timeouts.value(), 3U);
    EXPECT_EQ(counters_.tcp_connections.value(), 0U);
}

TEST_F(TcpTest, ClosesAnIdleConnection) {
    state_.tcp_limits.first_query = state_.tcp_limits.idle = 300ms;
    serve();
    auto client = connect();
    send(client, question("web1"));
    EXPECT_TRUE(receive(client).ok);
    EXPECT_TRUE(is_closed(client));
    EXPECT_EQ(counters_.tcp_timeouts.value(), 1U);
}

TEST_F(TcpTest, ClosesABusyConnectionInTheEnd) {
    state_.tcp_limits.total = 100ms;
    serve();
    auto client = connect();
    boost::system::error_code error;
    unsigned answered = 0;
    for (; !error; ++answered) {
        asio::write(client, asio::buffer(question("web1")), error);
        if (!error && !receive(client).ok) break;
    }
    EXPECT_GT(answered, 1U);
    EXPECT_EQ(counters_.tcp_timeouts.value(), 1U);
}

TEST_F(TcpTest, TakesSoManyConnectionsAndNoMore) {
    state_.tcp_limits.connections = 2;
    serve();
    auto first = connect();
    send(first, question("web1"));
    EXPECT_TRUE(receive(first).ok);
    auto second = connect();
    send(second, question("web1"));
    EXPECT_TRUE(receive(second).ok);
    auto third = connect();
    EXPECT_TRUE(is_closed(third));
    EXPECT_EQ(counters_.tcp_refused.value(), 1U);
    first.shutdown(asio::ip::tcp::socket::shutdown_both);
    first.close();
    // The server sees the end of the first before it accepts the next: both are events of one loop, in this order.
    for (bool is_taken = false; !is_taken;) {
        auto fourth = connect();
        boost::system::error_code refused;
        asio::write(fourth, asio::buffer(question("web1")), refused);
        is_taken = !refused && receive(fourth).ok;
    }
}

TEST_F(TcpTest, WaitsForAClientThatDoesNotRead) {
    state_.tcp_limits.unsent = 4096;
    serve();
    auto lazy = connect();
    // Each of these answers has some 3 KiB; what the kernel's buffers do not take has to wait on our side.
    constexpr int kQuestions = 20000;
    std::thread asking([&] {
        const auto one = question("pool");
        for (int count = 0; count < kQuestions; ++count) send(lazy, one);
    });
    while (counters_.tcp_paused.value() == 0) std::this_thread::yield();
    auto other = connect();
    send(other, question("web1"));
    EXPECT_TRUE(receive(other).ok) << "nobody else has to wait";
    int answered = 0;
    for (; answered < kQuestions && receive(lazy).answers.size() == 200; ++answered) {}
    asking.join();
    EXPECT_EQ(answered, kQuestions) << "nothing is lost";
}

TEST_F(TcpTest, ClosesAClientThatNeverReads) {
    state_.tcp_limits.unsent = 4096;
    state_.tcp_limits.first_query = state_.tcp_limits.idle = 200ms;
    serve();
    auto lazy = connect();
    std::thread asking([&] {
        boost::system::error_code error;
        const auto one = question("pool");
        while (!error) asio::write(lazy, asio::buffer(one), error);
    });
    asking.join();
    EXPECT_GE(counters_.tcp_timeouts.value(), 1U);
    EXPECT_EQ(counters_.tcp_connections.value(), 0U);
}

}  // namespace
}  // namespace nsr::resolver
