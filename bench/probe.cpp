// What one application feels: one query in flight, and how long until its reply.
//
//     nsr_probe ADDRESS NAMES SECONDS kept|fresh RATE      NAMES: a file with lines `name address`
//
// kept: one socket for all queries; fresh: a socket for each, as the C library's resolver has it. RATE: queries per
// second, 0 for as many as possible. Every reply's id and address is checked. Prints `queries_per_second p50_us p99_us
// lost`.

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Query {
    std::vector<unsigned char> datagram;
    std::array<unsigned char, 4> address{};
};

std::vector<Query> read_queries(const char* path) {
    std::vector<Query> queries;
    std::ifstream file(path);
    std::string name;
    std::string address;
    while (file >> name >> address) {
        Query query{{0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, {}};
        query.datagram.push_back(static_cast<unsigned char>(name.size()));
        query.datagram.insert(query.datagram.end(), name.begin(), name.end());
        query.datagram.insert(query.datagram.end(), {0, 0, 1, 0, 1});
        ::inet_pton(AF_INET, address.c_str(), query.address.data());
        queries.push_back(std::move(query));
    }
    return queries;
}

int connected(const sockaddr_in& server) {
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const timeval timeout{1, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    ::connect(socket, reinterpret_cast<const sockaddr*>(&server), sizeof server);
    return socket;
}

/// Whether the right reply came within a second.
bool ask(int socket, Query& query, std::uint16_t id) {
    query.datagram[0] = static_cast<unsigned char>(id >> 8);
    query.datagram[1] = static_cast<unsigned char>(id);
    ::send(socket, query.datagram.data(), query.datagram.size(), 0);
    std::array<unsigned char, 4096> reply{};
    const auto size = ::recv(socket, reply.data(), reply.size(), 0);
    std::size_t at =
        query.datagram.size();  // the answer's owner: a pointer, or from a server that compresses nothing a name
    while (at < query.datagram.size() + 255 && reply[at] != 0 && reply[at] < 0xc0) at += reply[at] + 1U;
    at += reply[at] >= 0xc0 ? 2 : 1;
    if (size < static_cast<ssize_t>(at + 14) || std::memcmp(reply.data(), query.datagram.data(), 2) != 0) return false;
    return std::memcmp(&reply[at + 10], query.address.data(), 4) == 0;
}

struct Plan {
    sockaddr_in server{};
    std::chrono::seconds duration{};
    bool fresh = false;
    std::chrono::nanoseconds pause{};
};

int probe(const Plan& plan, std::vector<Query> queries) {
    std::vector<double> latencies;
    std::size_t lost = 0;
    int socket = connected(plan.server);
    const auto start = Clock::now();
    auto next = start;
    for (std::size_t i = 0; Clock::now() - start < plan.duration; ++i) {
        if (plan.pause.count() > 0) std::this_thread::sleep_until(next += plan.pause);
        const auto sent = Clock::now();
        if (plan.fresh) {
            ::close(socket);
            socket = connected(plan.server);
        }
        if (!ask(socket, queries[i % queries.size()], static_cast<std::uint16_t>(i))) ++lost;
        latencies.push_back(std::chrono::duration<double, std::micro>(Clock::now() - sent).count());
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    std::ranges::sort(latencies);
    std::printf("%.0f %.1f %.1f %zu\n", static_cast<double>(latencies.size()) / seconds,
                latencies[latencies.size() / 2], latencies[latencies.size() * 99 / 100], lost);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) return 2;
    Plan plan;
    plan.server.sin_family = AF_INET;
    plan.server.sin_port = htons(53);
    if (::inet_pton(AF_INET, argv[1], &plan.server.sin_addr) != 1) return 2;
    plan.duration = std::chrono::seconds(std::atoi(argv[3]));
    plan.fresh = std::string_view(argv[4]) == "fresh";
    if (const int rate = std::atoi(argv[5]); rate > 0) plan.pause = std::chrono::nanoseconds(1'000'000'000 / rate);
    return probe(plan, read_queries(argv[2]));
}
