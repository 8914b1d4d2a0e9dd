#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/limits.h"
#include "api/service.h"

namespace nsr::api {

/// An HTTP request as the routes see it.
struct Request {
    std::string method;
    std::string target;  ///< path and query string, as sent
    std::string body;
};

struct LateResponse;

struct Response {
    int status = 200;
    std::string body;
    std::string content_type = "application/json";
    std::string awaited = {};                 ///< not to be sent before the command of this container has ended
    std::shared_ptr<LateResponse> late = {};  ///< what is to be sent in its place, when that is known
};

/// A response that may be known only after its handler has returned.
struct LateResponse {
    std::optional<Response> known = {};
    std::function<void(Response)> send = {};  ///< who waits for it

    void deliver(Response response) {
        if (send) return std::exchange(send, nullptr)(std::move(response));
        known = std::move(response);
    }
};

/// What the routes need besides the service.
struct Hooks {
    std::string version;
    std::string git_commit;
    std::function<std::string()> metrics_text;            ///< called on the operations thread
    std::function<void(bool done)> count_operation = {};  ///< told of each request that changes something
};

/// A target taken apart, percent-decoded.
struct Target {
    std::string path;  ///< without the version prefix
    std::map<std::string, std::string> query;
    std::string version;  ///< "1.48", or "" if there is no prefix

    std::string parameter(const std::string& name) const {
        const auto found = query.find(name);
        return found == query.end() ? "" : found->second;
    }
    /// "1" and "true" as Docker reads them.
    bool flag(const std::string& name) const;
};

Target parse_target(std::string_view target);

/// The table of routes: method and path to what is done. No sockets, no threads.
class Router {
public:
    Router(Service& service, Hooks hooks) : service_(service), hooks_(std::move(hooks)) {}

    /// Whether the request is answered at once on the control thread: it asks the service nothing.
    static bool is_immediate(const Request& request);

    /// How large a body may come with the request.
    static std::size_t body_max(std::string_view method, std::string_view target);

    /// Operations thread, or any thread if is_immediate().
    Response handle(const Request& request);

    /// Operations thread. Calls `send` there with `response` when what it awaits has happened, or with a refusal; or
    /// with what takes its place.
    void when_ready(Response response, std::function<void(Response)> send);

private:
    Service& service_;
    Hooks hooks_;
};

/// Every route as "METHOD /path/{id}", for the documentation's test.
std::vector<std::string> route_list();

}  // namespace nsr::api
