#include "cli/session.h"

#include <algorithm>
#include <cstdio>

#include <nlohmann/json.hpp>

namespace nsr::cli {
namespace {

Errc code_of(int status) {
    switch (status) {
        case 400:
            return Errc::invalid;
        case 403:
            return Errc::forbidden;
        case 404:
            return Errc::not_found;
        case 409:
            return Errc::conflict;
        case 501:
            return Errc::unsupported;
        case 503:
            return Errc::unavailable;
        default:
            return Errc::system;
    }
}

/// {"message": "..."} of the daemon, else the body as it is.
std::string message_of(const api::Reply& reply) {
    const auto body = nlohmann::json::parse(reply.body, nullptr, false);
    if (body.is_object() && body.contains("message") && body["message"].is_string()) return body["message"];
    return reply.body.empty() ? "the daemon answered with status " + std::to_string(reply.status) : reply.body;
}

int status_of(const Error& error, Verb verb) {
    if (verb == Verb::dockers) return kFailed;
    switch (error.code()) {
        case Errc::invalid:
            return kUsage;
        case Errc::not_found:
            return kNotFound;
        case Errc::conflict:
        case Errc::forbidden:
            return kConflict;
        default:
            return kFailed;
    }
}

/// "container" of "/containers//json": what a path lacks the name of. Empty: it lacks nothing.
std::string_view nameless_in(std::string_view target) {
    std::string_view rest = target.substr(0, target.find('?'));
    std::string_view previous;
    while (rest.starts_with('/')) {
        rest.remove_prefix(1);
        const auto segment = rest.substr(0, rest.find('/'));
        if (segment.empty() && previous == "containers") return "container";
        if (segment.empty() && previous == "networks") return "network";
        previous = segment;
        rest.remove_prefix(segment.size());
    }
    return {};
}

}  // namespace

Error empty_name(std::string_view kind) {
    return {Errc::invalid, "invalid " + std::string(kind) + " name or ID: value is empty"};
}

Result<std::string> Session::ask(std::string_view method, std::string_view target, std::string_view body) {
    if (const auto kind = nameless_in(target); !kind.empty()) return fail(empty_name(kind));
    if (!client_) {
        auto client = api::Client::connect(socket_);
        if (!client) {
            status_ = kUnreachable;
            return fail(std::move(client).error());
        }
        client_.emplace(std::move(*client));
    }
    auto reply = client_->request(method, target, body);
    if (!reply) {
        status_ = kUnreachable;
        client_.reset();
        return fail(std::move(reply).error());
    }
    if (reply->status >= 400) return fail(code_of(reply->status), message_of(*reply));
    return std::move(reply->body);
}

void Session::report(const Error& error, Verb verb) { report(error.message(), status_of(error, verb)); }

void Session::report(std::string_view message, int status) {
    std::string line(message);
    std::ranges::replace(line, '\n', ' ');  // a refusal is one line, also where Docker's has several
    std::fprintf(stderr, "Error: %s\n", line.c_str());
    if (status_ == kOk) status_ = status;
}

}  // namespace nsr::cli
