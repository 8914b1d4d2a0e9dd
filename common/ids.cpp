#include "common/ids.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "common/random.h"

namespace nsr {
namespace {

constexpr std::array kAdjectives = {
    "agile",  "amber",  "bold",   "brave",   "bright", "calm",   "clever", "cosmic", "crisp", "daring",
    "eager",  "early",  "fair",   "fancy",   "gentle", "glad",   "golden", "grand",  "happy", "hidden",
    "humble", "jolly",  "keen",   "kind",    "lively", "loyal",  "lucid",  "mellow", "merry", "modest",
    "neat",   "nimble", "noble",  "patient", "polite", "proud",  "quick",  "quiet",  "rapid", "royal",
    "serene", "sharp",  "silent", "silver",  "simple", "sleepy", "smart",  "snowy",  "solid", "steady",
    "still",  "strong", "sunny",  "swift",   "tidy",   "tender", "vivid",  "warm",   "wise",  "witty"};

// People of networking and computing.
constexpr std::array kSurnames = {
    "abramson",  "albitz",   "allman",   "baran",     "berners",  "boggs",     "cerf",        "clark",   "crocker",
    "davies",    "deering",  "dijkstra", "dyson",     "elz",      "engel",     "feinler",     "floyd",   "hamilton",
    "hopper",    "jacobson", "kahn",     "karels",    "karn",     "kernighan", "kleinrock",   "knuth",   "lamport",
    "liskov",    "liu",      "lottor",   "lovelace",  "metcalfe", "mills",     "mockapetris", "naur",    "pouzin",
    "perlman",   "postel",   "rekhter",  "ritchie",   "roberts",  "sammet",    "shannon",     "stevens", "sussman",
    "tanenbaum", "taylor",   "thompson", "tomlinson", "turing",   "vixie",     "zimmermann"};

std::string hex_of(std::span<const std::uint8_t> bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        text.push_back(kDigits[byte >> 4]);
        text.push_back(kDigits[byte & 15]);
    }
    return text;
}

}  // namespace

std::string random_hex(std::size_t count) {
    std::vector<std::uint8_t> bytes((count + 1) / 2);
    random_bytes(bytes);
    std::string text = hex_of(bytes);
    text.resize(count);
    return text;
}

std::string make_id() {
    for (;;) {
        std::string id = random_hex(kIdSize);
        const auto is_digit = [](unsigned char c) { return std::isdigit(c) != 0; };
        if (!std::ranges::all_of(short_id(id), is_digit)) return id;
    }
}

std::string make_name() {
    FastRandom random;
    const auto adjective = kAdjectives[random.below(static_cast<std::uint32_t>(kAdjectives.size()))];
    const auto surname = kSurnames[random.below(static_cast<std::uint32_t>(kSurnames.size()))];
    return std::string(adjective) + "_" + surname;
}

}  // namespace nsr
