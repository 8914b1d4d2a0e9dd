#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/result.h"

namespace nsr::api {

/// What came back: the status and the body as they were sent.
struct Reply {
    int status = 0;
    std::string body;
};

/// Asks the daemon over its unix socket, one request after another on one connection. Used by the command line and the
/// tests; one thread.
class Client {
public:
    /// Errc::unavailable if nothing answers at `socket_path`.
    static Result<Client> connect(const std::string& socket_path);

    Client(Client&&) noexcept;
    Client& operator=(Client&&) noexcept;
    ~Client();

    /// `target` is a path with its query, percent-encoded. A refusal of the daemon is a reply, not a failure; a failure
    /// (Errc::unavailable) is a connection that broke.
    Result<Reply> request(std::string_view method, std::string_view target, std::string_view body = {});

private:
    struct Connection;
    explicit Client(std::unique_ptr<Connection> connection);
    std::unique_ptr<Connection> connection_;
};

/// One segment of a path, or a value of a query, percent-encoded (RFC 3986 §2.1).
std::string encode(std::string_view text);

}  // namespace nsr::api
