#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

namespace nsr::cli {

/// JSON as nlohmann::ordered_json::parse(text, nullptr, false) reads it: in its order, discarded if it is not JSON. But
/// that looks for each key among all before it, which takes seconds for an object of 10 000 ports; this keeps what
/// comes. Of a key that stands twice find() sees the first.
nlohmann::ordered_json read_ordered(std::string_view text);

}  // namespace nsr::cli
