#include "api/client.h"

#include <fcntl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace nsr::api {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

/// More than any reply of the daemon: `network inspect` of a full /16 has some 20 MB.
constexpr std::uint64_t kReplyMax = 256ULL << 20;

/// Opened without close-on-exec by Asio: a command that replaces this program must not inherit the way to the daemon.
void open_socket(asio::local::stream_protocol::socket& socket, boost::system::error_code& error) {
    socket.open(asio::local::stream_protocol(), error);
    if (error || ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC) == 0) return;
    error.assign(errno, boost::system::system_category());
}

}  // namespace

struct Client::Connection {
    asio::io_context context{1};
    asio::local::stream_protocol::socket socket{context};
    beast::flat_buffer buffer;
    std::string path;
};

Client::Client(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::connect(const std::string& socket_path) {
    auto connection = std::make_unique<Connection>();
    connection->path = socket_path;
    if (socket_path.size() >= sizeof(sockaddr_un::sun_path)) {
        return fail(Errc::invalid, "'" + socket_path + "' is too long for the path of a socket");
    }
    boost::system::error_code error;
    open_socket(connection->socket, error);
    if (!error) connection->socket.connect(asio::local::stream_protocol::endpoint(socket_path), error);
    if (!error) return Client(std::move(connection));
    return fail(Errc::unavailable, "cannot connect to ns-registerd at '" + socket_path + "': " + error.message() +
                                       ". Is the daemon running?");
}

Result<Reply> Client::request(std::string_view method, std::string_view target, std::string_view body) {
    http::request<http::string_body> request;
    request.version(11);
    request.method_string(method);
    request.target(std::string(target));
    request.set(http::field::host, "ns-register");
    if (!body.empty()) request.set(http::field::content_type, "application/json");
    request.body() = body;
    request.prepare_payload();

    boost::system::error_code error;
    // A daemon that refuses early (a body that is too large) has answered before it has read all: look for that first.
    boost::system::error_code unsent;
    http::write(connection_->socket, request, unsent);
    http::response_parser<http::string_body> parser;
    parser.body_limit(kReplyMax);
    http::read(connection_->socket, connection_->buffer, parser, error);
    if (error) {
        return fail(Errc::unavailable,
                    "the connection to ns-registerd at '" + connection_->path + "' broke: " + error.message());
    }
    auto response = parser.release();
    return Reply{static_cast<int>(response.result_int()), std::move(response.body())};
}

std::string encode(std::string_view text) {
    static constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    static constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string encoded;
    for (const char letter : text) {
        if (kPlain.find(letter) != std::string_view::npos) {
            encoded += letter;
            continue;
        }
        const auto byte = static_cast<unsigned char>(letter);
        encoded += '%';
        encoded += kDigits[byte >> 4];
        encoded += kDigits[byte & 15U];
    }
    return encoded;
}

}  // namespace nsr::api
