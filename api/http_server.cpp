#include "api/http_server.h"

#include <grp.h>
#include <malloc.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <set>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "api/json.h"

namespace nsr::api {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Socket = asio::local::stream_protocol;
using boost::system::error_code;

constexpr const char* kGroup = "ns-register";
constexpr int kSocketMode = 0660;
constexpr std::chrono::milliseconds kAcceptRetry{100};

/// What a large JSON text was taken apart into is many small pieces, which the C library would keep for the next one.
void give_back_memory() {
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(asio::io_context& control, std::string socket_path, Router& router, Metrics& metrics, Post post)
        : control_(control),
          acceptor_(control),
          path_(std::move(socket_path)),
          router_(router),
          metrics_(metrics),
          post_(std::move(post)) {}

    Result<> listen();
    void stop();

private:
    class Session;

    void accept();
    void admit(Socket::socket socket);
    void forget(Session* session);

    asio::io_context& control_;
    Socket::acceptor acceptor_;
    std::string path_;
    Router& router_;
    Metrics& metrics_;
    Post post_;
    asio::steady_timer retry_{control_};
    std::set<Session*> sessions_;  ///< each keeps itself alive by its pending operation
    bool stopping_ = false;
};

/// One connection: read a request, have it handled, write the answer, again.
class HttpServer::Impl::Session : public std::enable_shared_from_this<Session> {
public:
    Session(Socket::socket socket, std::shared_ptr<Impl> server)
        : socket_(std::move(socket)), timer_(socket_.get_executor()), server_(std::move(server)) {}
    ~Session() { server_->forget(this); }

    /// Waits for the first byte of the next request, so that idling and reading slowly have limits of their own.
    void await_request() {
        if (server_->stopping_) return close();
        is_idle_ = true;
        if (buffer_.size() > 0) return read_header();
        arm(std::chrono::seconds(kIdleTimeoutSeconds));
        auto self = shared_from_this();
        socket_.async_wait(Socket::socket::wait_read, [self](error_code error) {
            if (error) return self->close();
            self->read_header();
        });
    }

    /// Closes at once unless a request has come in whole: that one is answered first.
    void stop() {
        if (is_idle_) close();
    }

private:
    void read_header() {
        parser_.emplace();
        parser_->body_limit(boost::none);  // how large it may be is known when the header is
        parser_->header_limit(kHeaderMax);
        arm(std::chrono::seconds(kReadTimeoutSeconds));
        auto self = shared_from_this();
        http::async_read_header(socket_, buffer_, *parser_,
                                [self](error_code error, std::size_t) { self->on_header(error); });
    }

    void on_header(error_code error) {
        if (error) return on_bad_request(error);
        const auto& header = parser_->get();
        body_max_ = Router::body_max(header.method_string(), header.target());
        parser_->body_limit(body_max_);  // which the parser compares with what is to come, not with what was announced
        if (parser_->content_length().value_or(0) > body_max_) return on_bad_request(http::error::body_limit);
        auto self = shared_from_this();
        if (parser_->get()[http::field::expect] == "100-continue") {
            continue_.emplace(http::status::continue_, 11);
            return http::async_write(socket_, *continue_, [self](error_code failed, std::size_t) {
                if (!failed) self->read_body();
            });
        }
        read_body();
    }

    void read_body() {
        auto self = shared_from_this();
        http::async_read(socket_, buffer_, *parser_, [self](error_code error, std::size_t) {
            if (error) return self->on_bad_request(error);
            self->dispatch();
        });
    }

    void on_bad_request(error_code error) {
        if (error == http::error::body_limit) {
            return refuse(413, "the request body is larger than " + std::to_string(body_max_) + " bytes");
        }
        if (error == http::error::header_limit) return refuse(431, "the request header is too large");
        const bool is_malformed = error.category() == http::make_error_code(http::error::bad_method).category() &&
                                  error != http::error::end_of_stream && error != http::error::partial_message;
        if (is_malformed) return refuse(400, "the request is not HTTP/1.1: " + error.message());
        close();
    }

    void refuse(int status, const std::string& message) {
        is_idle_ = false;
        keep_alive_ = false;
        server_->metrics_.api_requests.add();
        reply(Response{status, write_error(message)});
    }

    void dispatch() {
        timer_.cancel();
        is_idle_ = false;
        server_->metrics_.api_requests.add();
        keep_alive_ = parser_->get().keep_alive();
        auto message = parser_->release();
        is_head_ = message.method() == http::verb::head;
        Request request{std::string(message.method_string()), std::string(message.target()), std::move(message.body())};
        if (Router::is_immediate(request)) return reply(handle(request));
        hand_over(std::move(request));
    }

    /// Has the request handled on the operations thread. The guard keeps the control thread's context running
    /// meanwhile: after stop() nothing else may be left that does. The session is moved, not copied, into the way back:
    /// its last reference must fall on the control thread.
    void hand_over(Request request) {
        auto work = asio::make_work_guard(server_->control_);
        server_->post_([self = shared_from_this(), work, request = std::move(request)]() mutable {
            asio::io_context& control = self->server_->control_;
            Response response = self->handle(request);
            if (request.body.size() > kBodyMax) give_back_memory();
            Router& router = self->server_->router_;
            router.when_ready(std::move(response), [self = std::move(self), work, &control](Response ready) mutable {
                auto shared = std::make_shared<Response>(std::move(ready));
                asio::post(control, [self = std::move(self), shared] { self->reply(std::move(*shared)); });
            });
        });
    }

    /// Whatever a handler throws is our fault, not the client's, and must not take the daemon down.
    Response handle(const Request& request) const {
        try {
            return server_->router_.handle(request);
        } catch (const std::exception& error) {
            return {500, write_error(std::string("internal error: ") + error.what())};
        }
    }

    void reply(Response response) {
        if (response.status >= 400) server_->metrics_.api_errors.add();
        answer_.emplace();
        answer_->version(11);
        answer_->result(static_cast<unsigned>(response.status));
        answer_->set("Api-Version", kApiVersion);
        answer_->set("Docker-Experimental", "false");
        answer_->set("Ostype", "linux");
        answer_->set(http::field::server, "ns-register");
        const bool has_body = response.status != 204 && response.status != 304;
        if (has_body) answer_->set(http::field::content_type, response.content_type);
        answer_->body() = std::move(response.body);
        answer_->keep_alive(keep_alive_ && !server_->stopping_);
        if (has_body) answer_->prepare_payload();
        if (is_head_) answer_->body().clear();
        arm(std::chrono::seconds(kReadTimeoutSeconds));
        auto self = shared_from_this();
        http::async_write(socket_, *answer_, [self](error_code error, std::size_t) {
            if (error) return self->close();
            if (!self->answer_->keep_alive()) return self->linger();
            self->await_request();
        });
    }

    /// Closing with bytes unread would reset the connection and take the answer with it: read what the client still
    /// sends (a body that was too large) and throw it away, until it has closed or the time is up.
    void linger() {
        error_code ignored;
        is_idle_ = true;
        socket_.shutdown(Socket::socket::shutdown_send, ignored);
        buffer_.clear();
        auto self = shared_from_this();
        socket_.async_read_some(buffer_.prepare(kHeaderMax), [self](error_code error, std::size_t) {
            if (error) return self->close();
            self->linger();
        });
    }

    void arm(std::chrono::seconds limit) {
        timer_.expires_after(limit);
        auto weak = weak_from_this();
        timer_.async_wait([weak](error_code error) {
            if (error) return;
            if (auto self = weak.lock()) self->close();
        });
    }

    void close() {
        error_code ignored;
        timer_.cancel();
        socket_.shutdown(Socket::socket::shutdown_both, ignored);
        socket_.close(ignored);
    }

    Socket::socket socket_;
    asio::steady_timer timer_;
    std::shared_ptr<Impl> server_;
    boost::beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    std::optional<http::response<http::string_body>> answer_;
    std::optional<http::response<http::empty_body>> continue_;
    std::size_t body_max_ = 0;  ///< of the request that is being read
    bool keep_alive_ = true;
    bool is_head_ = false;
    bool is_idle_ = true;  ///< no whole request is waiting for its answer
};

Result<> HttpServer::Impl::listen() {
    sockaddr_un limit{};
    if (path_.size() >= sizeof limit.sun_path) {
        return fail(Errc::invalid, "socket path '" + path_ + "' is longer than 107 characters");
    }
    struct stat status{};
    if (::lstat(path_.c_str(), &status) == 0) {
        // The instance lock has told that no other daemon serves it.
        if (!S_ISSOCK(status.st_mode)) return fail(Errc::conflict, "'" + path_ + "' exists and is not a socket");
        if (::unlink(path_.c_str()) != 0) return fail_errno("remove the stale socket '" + path_ + "'");
    }
    error_code error;
    acceptor_.open(Socket(), error);
    const mode_t mask = ::umask(0777);  // nobody may connect before owner and mode are right
    if (!error) acceptor_.bind(Socket::endpoint(path_), error);
    ::umask(mask);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return fail(Errc::system, "listen on '" + path_ + "': " + error.message());
    const group* owner = ::getgrnam(kGroup);
    if (owner != nullptr && ::chown(path_.c_str(), 0, owner->gr_gid) != 0)
        return fail_errno("give '" + path_ + "' a group");
    if (::chmod(path_.c_str(), kSocketMode) != 0) return fail_errno("set the mode of '" + path_ + "'");
    accept();
    return {};
}

void HttpServer::Impl::accept() {
    auto self = shared_from_this();
    acceptor_.async_accept([self](error_code error, Socket::socket socket) {
        if (error == asio::error::operation_aborted || self->stopping_) return;
        if (!error) self->admit(std::move(socket));
        if (!error) return self->accept();
        // Out of descriptors, most likely: not again at once.
        self->retry_.expires_after(kAcceptRetry);
        self->retry_.async_wait([self](error_code cancelled) {
            if (!cancelled) self->accept();
        });
    });
}

void HttpServer::Impl::admit(Socket::socket socket) {
    if (sessions_.size() >= kConnectionsMax) {
        metrics_.api_errors.add();
        return;  // closed at once
    }
    auto session = std::make_shared<Session>(std::move(socket), shared_from_this());
    sessions_.insert(session.get());
    metrics_.api_connections.set(sessions_.size());
    session->await_request();
}

void HttpServer::Impl::forget(Session* session) {
    sessions_.erase(session);
    metrics_.api_connections.set(sessions_.size());
}

void HttpServer::Impl::stop() {
    stopping_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    retry_.cancel();
    ::unlink(path_.c_str());
    const auto sessions = sessions_;
    for (Session* session : sessions) session->stop();
}

HttpServer::HttpServer(asio::io_context& control, std::string socket_path, Router& router, Metrics& metrics, Post post)
    : impl_(std::make_shared<Impl>(control, std::move(socket_path), router, metrics, std::move(post))) {}
HttpServer::~HttpServer() = default;
Result<> HttpServer::listen() { return impl_->listen(); }
void HttpServer::stop() { impl_->stop(); }

}  // namespace nsr::api
