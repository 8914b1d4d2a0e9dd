#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "cli/commands/ordered_reader.h"
#include "common/result.h"

namespace nsr::cli {

using Json = nlohmann::ordered_json;

/// A reply of the daemon; never throws.
inline Result<Json> parse_reply(Result<std::string> reply) {
    if (!reply) return fail(std::move(reply).error());
    Json parsed = read_ordered(*reply);
    if (parsed.is_discarded()) return fail(Errc::system, "the daemon's reply is not JSON");
    return parsed;
}

/// A body to send. Arguments need not be UTF-8, which JSON must be: what is not is replaced.
inline std::string body_text(const Json& body) { return body.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// A text of an object, "" if it is not there.
inline std::string text_at(const Json& object, const char* field) {
    const auto found = object.find(field);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace nsr::cli
