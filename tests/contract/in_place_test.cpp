#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "common/files.h"
#include "hosts/hosts_file.h"

// What readers see of a hosts file while it is written (nothing of ours holds them back).
namespace nsr {
namespace {

constexpr unsigned kUpdates = 1000;
constexpr unsigned kReaders = 4;
constexpr unsigned kReadsMin = 1000;

std::string hosts_with(int lines, const char* network) {
    hosts::HostsInputs inputs;
    for (int line = 1; line <= lines; ++line) {
        const auto address = IpAddress::parse(network + std::to_string(line));
        inputs.own.push_back({.address = *address, .names = {"app-" + std::to_string(line)}});
    }
    return render_hosts(inputs);
}

struct Seen {
    unsigned reads = 0;
    unsigned mixed = 0;
    std::string wrong;  ///< the first that should not be
};

/// Judges what was read while `longer` and `shorter` replaced each other.
void judge(Seen& seen, const std::string& text, const std::string& longer, const std::string& shorter) {
    ++seen.reads;
    std::string padded = shorter;
    padded.resize(longer.size(), '\n');
    if (text == longer) return;
    if (text.size() >= shorter.size() && padded.starts_with(text))
        return;  // the shorter one, maybe with newlines behind
    bool known = text.size() == longer.size();
    for (std::size_t index = 0; known && index < text.size(); ++index) {
        const bool is_cleared = index >= shorter.size() && text[index] == '\0';  // the kernel clears what it cuts off
        known = text[index] == longer[index] || text[index] == padded[index] || is_cleared;
    }
    if (known) ++seen.mixed;
    if (!known && seen.wrong.empty()) seen.wrong = text.empty() ? "(an empty file)" : text;
}

TEST(WriteInPlace, ShowsReadersNoEmptyCutOrStaleFile) {
    char path[] = "/tmp/nsr-hosts-XXXXXX";
    ::close(::mkstemp(path));
    const std::string longer = hosts_with(90, "10.77.0.");
    const std::string shorter = hosts_with(3, "10.9.0.");
    ASSERT_TRUE(write_in_place(path, longer));

    std::atomic<bool> done = false;
    std::atomic<unsigned> reads = 0;
    std::vector<Seen> seen(kReaders);
    {
        std::vector<std::jthread> readers;
        for (Seen& mine : seen) {
            readers.emplace_back([&] {
                while (!done) {
                    judge(mine, read_file(path).value(), longer, shorter);
                    ++reads;
                }
            });
        }
        for (unsigned update = 0; update < kUpdates || reads < kReadsMin; ++update) {
            EXPECT_TRUE(write_in_place(path, update % 2 == 0 ? shorter : longer));
        }
        done = true;
    }
    ::unlink(path);
    unsigned mixed = 0;
    for (const Seen& each : seen) {
        mixed += each.mixed;
        EXPECT_EQ(each.wrong, "");
    }
    std::printf("%u reads during %u updates, %u of them mixed\n", reads.load(), kUpdates, mixed);
    EXPECT_GE(reads, kReadsMin);
}

}  // namespace
}  // namespace nsr
