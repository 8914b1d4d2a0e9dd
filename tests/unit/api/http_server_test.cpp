#include "api/http_server.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "api/client.h"
#include "tests/unit/api/fake_service.h"

namespace nsr::api {
namespace {

namespace asio = boost::asio;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

/// A thread that runs a context until it is told to end.
class Loop {
public:
    ~Loop() { end(); }
    /// From now on it runs only as long as there is something to do.
    void release() { guard_.reset(); }
    void end() {
        release();
        if (thread_.joinable()) thread_.join();
    }
    asio::io_context context{1};

private:
    asio::executor_work_guard<asio::io_context::executor_type> guard_{context.get_executor()};
    std::thread thread_{[this] { context.run(); }};
};

/// A connection that says exactly what it is told to.
class RawConnection {
public:
    explicit RawConnection(const std::string& path) { socket_.connect(asio::local::stream_protocol::endpoint(path)); }

    void send(const std::string& text) { asio::write(socket_, asio::buffer(text)); }
    /// Everything up to the server's end of the connection.
    std::string read_all() {
        std::string text;
        boost::system::error_code end;
        asio::read(socket_, asio::dynamic_buffer(text), end);
        return text;
    }

private:
    asio::io_context context_;
    asio::local::stream_protocol::socket socket_{context_};
};

class HttpServerTest : public ::testing::Test {
protected:
    HttpServerTest() {
        char directory[] = "/tmp/nsr-http-XXXXXX";
        directory_ = ::mkdtemp(directory);
        path_ = directory_ + "/api.sock";
    }
    ~HttpServerTest() override {
        stop();
        control_.end();
        std::filesystem::remove_all(directory_);
    }

    void start(HttpServer::Post post) {
        server_.emplace(control_.context, path_, router_, metrics_, std::move(post));
        ASSERT_TRUE(server_->listen());
    }
    void start() {
        start([this](std::function<void()> task) { asio::post(operations_.context, std::move(task)); });
    }
    /// Stops the server on its thread and waits until it has heard it; once.
    void stop() {
        if (!server_) return;
        std::promise<void> stopped;
        asio::post(control_.context, [&] {
            server_->stop();
            stopped.set_value();
        });
        stopped.get_future().wait();
        server_.reset();
    }
    Reply request(std::string_view method, std::string_view target, std::string_view body = {}) {
        auto client = Client::connect(path_);
        if (!client) return {0, client.error().message()};
        auto reply = client->request(method, target, body);
        return reply ? *reply : Reply{0, reply.error().message()};
    }
    std::string raw(const std::string& text) {
        RawConnection connection(path_);
        connection.send(text);
        return connection.read_all();
    }

    std::string directory_;
    std::string path_;
    testing::FakeService service_;
    std::function<std::string()> metrics_text_ = [] { return std::string("nsr_x 1\n"); };
    Router router_{service_, {"1.2.3", "abc", [this] { return metrics_text_(); }}};
    Metrics metrics_{1};
    Loop operations_;
    Loop control_;
    std::optional<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersSeveralRequestsOfOneConnection) {
    start();
    auto client = Client::connect(path_);
    ASSERT_TRUE(client);
    EXPECT_EQ(client->request("GET", "/_ping")->body, "OK");
    EXPECT_EQ(client->request("POST", "/containers/web/start")->status, 204);
    service_.changed = false;
    EXPECT_EQ(client->request("POST", "/containers/web/start")->status, 304);
    EXPECT_EQ(client->request("GET", "/metrics")->body, "nsr_x 1\n");
    EXPECT_EQ(client->request("GET", "/nosuch")->status, 404);
    EXPECT_EQ(metrics_.api_requests.value(), 5U);
    EXPECT_EQ(metrics_.api_errors.value(), 1U);
}

TEST_F(HttpServerTest, SendsTheHeadersThatClientsLookAt) {
    start();
    const auto head = raw("HEAD /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(head, HasSubstr("Api-Version: 1.48\r\n"));
    EXPECT_THAT(head, HasSubstr("Ostype: linux\r\n"));
    EXPECT_THAT(head, HasSubstr("Docker-Experimental: false\r\n"));
    EXPECT_THAT(head, EndsWith("\r\n\r\n"));
    EXPECT_THAT(raw("GET /networks HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
                HasSubstr("Content-Type: application/json\r\n"));
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
    start();
    const auto replies =
        raw("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
            "GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_LT(replies.find("nsr_x 1"), replies.find("\r\n\r\nOK"));
    EXPECT_THAT(replies, EndsWith("OK"));
}

TEST_F(HttpServerTest, RefusesWhatIsTooLargeOrNotHttp) {
    start();
    const std::string large = std::to_string(kBodyMax + 1);
    EXPECT_THAT(raw("POST /networks/create HTTP/1.1\r\nHost: x\r\nContent-Length: " + large + "\r\n\r\n{"),
                StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(raw("GET /_ping HTTP/1.1\r\nHost: x\r\nX: " + std::string(HttpServer::kHeaderMax, 'x') + "\r\n\r\n"),
                StartsWith("HTTP/1.1 431 "));
    EXPECT_THAT(raw("hello\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
    EXPECT_EQ(request("GET", "/_ping").body, "OK");
    EXPECT_THAT(service_.calls, IsEmpty());
    EXPECT_EQ(metrics_.api_errors.value(), 3U);
}

TEST_F(HttpServerTest, TakesTheLargestBodyThatIsAllowed) {
    start();
    std::string body = R"({"Name":"net1"})";
    body.resize(kBodyMax, ' ');
    EXPECT_EQ(request("POST", "/networks/create", body).status, 201);
    body += ' ';
    const auto refused = request("POST", "/networks/create", body);
    EXPECT_EQ(refused.status, 413) << refused.body;
    EXPECT_EQ(refused.body, R"({"message":"the request body is larger than 1048576 bytes"})");
}

/// Where ports are listed a body may be larger; announced or in chunks, it has the limit of its route.
TEST_F(HttpServerTest, TakesALargerBodyWhereThereAreManyPorts) {
    start();
    std::string body = R"({"Image":"x"})";
    body.resize(kPortsBodyMax, ' ');
    EXPECT_EQ(request("POST", "/containers/create?name=web", body).status, 201);
    EXPECT_EQ(request("POST", "/v1.43/containers/create", body).status, 201);
    EXPECT_EQ(request("POST", "/containers/web/start", body).status, 413);
    EXPECT_EQ(request("PUT", "/containers/create", body).status, 413);
    body += ' ';
    const auto refused = request("POST", "/containers/create", body);
    EXPECT_EQ(refused.status, 413);
    EXPECT_EQ(refused.body, R"({"message":"the request body is larger than 16777216 bytes"})");
    EXPECT_THAT(raw("POST /networks/create HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n{"),
                StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(raw("POST /networks/create HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n{"),
                HasSubstr("larger than 1048576 bytes"))
        << "the limit of the route, and not of the largest one";
}

TEST_F(HttpServerTest, TakesALargerBodyWhereRecordsAreImported) {
    start();
    std::string body = "; ";
    body.resize(kRecordsBodyMax, 'x');
    EXPECT_EQ(request("POST", "/ns-register/networks/net1/records/import", body).status, 201);
    EXPECT_EQ(request("POST", "/ns-register/networks/net1/records", body).status, 413);
    body += 'x';
    EXPECT_EQ(request("POST", "/ns-register/networks/net1/records/import", body).status, 413);
}

TEST_F(HttpServerTest, WaitsForTheBodyThatAClientAnnounces) {
    start();
    EXPECT_THAT(raw("POST /networks/create HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\n"
                    "Content-Length: 15\r\n\r\n{\"Name\":\"net1\"}"),
                AllOf(StartsWith("HTTP/1.1 100 Continue\r\n"), HasSubstr("HTTP/1.1 201 Created")));
}

TEST_F(HttpServerTest, SurvivesAHandlerThatThrows) {
    metrics_text_ = []() -> std::string { throw std::runtime_error("broken"); };
    start();
    EXPECT_EQ(request("GET", "/metrics").status, 500);
    EXPECT_EQ(request("GET", "/_ping").body, "OK");
}

TEST_F(HttpServerTest, PingsWhileAnOperationRuns) {
    std::promise<std::function<void()>> posted;
    start([&](std::function<void()> task) { posted.set_value(std::move(task)); });
    auto slow = std::async(std::launch::async, [&] { return request("GET", "/networks"); });
    const auto task = posted.get_future().get();
    EXPECT_EQ(request("GET", "/_ping").body, "OK");
    task();
    EXPECT_EQ(slow.get().status, 200);
}

TEST_F(HttpServerTest, StopAnswersWhatRunsAndThenLetsTheThreadEnd) {
    std::promise<std::function<void()>> posted;
    start([&](std::function<void()> task) { posted.set_value(std::move(task)); });
    RawConnection idle(path_);
    auto running = std::async(std::launch::async, [&] { return request("GET", "/networks"); });
    auto task = posted.get_future().get();
    stop();
    EXPECT_EQ(idle.read_all(), "");
    EXPECT_FALSE(std::filesystem::exists(path_));
    EXPECT_FALSE(Client::connect(path_));
    control_.release();
    task();
    task = nullptr;
    EXPECT_EQ(running.get().status, 200);
    control_.end();
    EXPECT_EQ(metrics_.api_connections.value(), 0U);
}

TEST_F(HttpServerTest, StopDoesNotWaitForHalfARequest) {
    start();
    RawConnection half(path_);
    half.send("POST /networks/create HTTP/1.1\r\nHost: x\r\nContent-Length: 15\r\n\r\n{");
    EXPECT_EQ(request("GET", "/_ping").body, "OK");
    stop();
    control_.end();
    EXPECT_EQ(half.read_all(), "");
    EXPECT_THAT(service_.calls, IsEmpty());
}

TEST_F(HttpServerTest, ReplacesAStaleSocketAndSetsTheMode) {
    {
        asio::io_context context;
        asio::local::stream_protocol::acceptor stale(context, asio::local::stream_protocol::endpoint(path_));
    }
    ASSERT_TRUE(std::filesystem::exists(path_));
    start();
    EXPECT_EQ(request("GET", "/_ping").body, "OK");
    struct stat status{};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0660U);
}

TEST_F(HttpServerTest, RefusesAPathThatItCannotListenOn) {
    const HttpServer::Post post = [](const std::function<void()>& task) { task(); };
    std::ofstream(path_) << "precious";
    HttpServer taken(control_.context, path_, router_, metrics_, post);
    EXPECT_EQ(taken.listen().error().message(), "'" + path_ + "' exists and is not a socket");
    EXPECT_TRUE(std::filesystem::is_regular_file(path_));
    HttpServer lost(control_.context, directory_ + "/nosuch/api.sock", router_, metrics_, post);
    EXPECT_THAT(lost.listen().error().message(), HasSubstr("No such file or directory"));
    HttpServer longer(control_.context, "/tmp/" + std::string(sizeof(sockaddr_un), 'x'), router_, metrics_, post);
    EXPECT_EQ(longer.listen().error().code(), Errc::invalid);
}

}  // namespace
}  // namespace nsr::api
