#include "cli/commands/ordered_reader.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace nsr::cli {
namespace {

using Json = nlohmann::ordered_json;

TEST(OrderedReader, ReadsWhatTheParserReads) {
    const std::string text =
        R"({"b": [1, -2, 2.5, true, null, "x\u00e4", [], {}], "a": {"d": {"e": [[1], {"f": 2}]}, "c": ""}})";
    const Json read = read_ordered(text);
    EXPECT_EQ(read, Json::parse(text));
    EXPECT_EQ(read.dump(), Json::parse(text).dump());
    EXPECT_EQ(read_ordered("[]"), Json::array());
    EXPECT_EQ(read_ordered(" 7 "), Json(7));
}

TEST(OrderedReader, WhatIsNoJsonIsDiscarded) {
    for (const char* text : {"", "{", "[1,", "{\"a\"}", "nonsense", "{} {}"}) {
        EXPECT_TRUE(read_ordered(text).is_discarded()) << text;
    }
}

TEST(OrderedReader, ReadsAnObjectOfManyKeysInLinearTime) {
    const auto time_of = [](int keys) {
        std::string text = "{\"0/tcp\":[]";
        for (int key = 1; key < keys; ++key) text += ",\"" + std::to_string(key) + "/tcp\":[{\"HostPort\":\"1\"}]";
        const auto start = std::chrono::steady_clock::now();
        EXPECT_EQ(read_ordered(text + "}").size(), static_cast<std::size_t>(keys));
        return std::chrono::steady_clock::now() - start;
    };
    const auto few = time_of(5'000);
    // Twenty times as much; looking for each key would take four hundred times as long.
    EXPECT_LT(time_of(100'000), 150 * few);
}

}  // namespace
}  // namespace nsr::cli
