// The least that a DNS forwarder can do: queries go to one server from sixteen connected sockets with fresh ids,
// replies go back with the id of the client. No cache, no limits, no second server.
//
//     nsr_forwarder ADDRESS PORT SERVER

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "bench/batch.h"

namespace {

constexpr unsigned kBatch = 32;
constexpr unsigned kSockets = 16;
constexpr std::size_t kDatagramMax = 1232;
constexpr std::size_t kHeader = 12;

int open_socket() {
    const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
    const int buffer = 4 << 20;
    ::setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
    return socket;
}

struct Batch : nsr::bench::Batch<kBatch, kDatagramMax> {
    unsigned receive(int socket) {
        make_ready_to_receive();
        const int count = ::recvmmsg(socket, messages.data(), kBatch, MSG_DONTWAIT, nullptr);
        return count > 0 ? static_cast<unsigned>(count) : 0;
    }

    void send(int socket, unsigned count) {
        for (unsigned sent = 0; sent < count;) {
            const int done = ::sendmmsg(socket, &messages[sent], count - sent, 0);
            sent += done > 0 ? static_cast<unsigned>(done) : 1;
        }
    }
};

/// Puts another id into a message; returns the one that it had.
std::uint16_t swap_id(unsigned char* message, std::uint16_t id) {
    const auto old = static_cast<std::uint16_t>((message[0] << 8) | message[1]);
    message[0] = static_cast<unsigned char>(id >> 8);
    message[1] = static_cast<unsigned char>(id);
    return old;
}

struct Flight {
    sockaddr_in client{};
    std::uint16_t id = 0;
    bool is_open = false;
};

struct Upstream {
    int socket = -1;
    std::uint16_t last_id = 0;
    std::array<Flight, 65536> flights{};
};

void ask(Batch& batch, int listener, Upstream& upstream) {
    const unsigned count = batch.receive(listener);
    for (unsigned i = 0; i < count; ++i) {
        upstream.last_id = static_cast<std::uint16_t>(upstream.last_id * 25173 + 13849);  // each id once per round
        upstream.flights[upstream.last_id] = {batch.peers[i], swap_id(batch.buffers[i].data(), upstream.last_id), true};
        batch.parts[i].iov_len = batch.messages[i].msg_len;
        batch.messages[i].msg_hdr.msg_name = nullptr;
        batch.messages[i].msg_hdr.msg_namelen = 0;
    }
    batch.send(upstream.socket, count);
}

void answer(Batch& batch, int listener, Upstream& upstream) {
    const unsigned received = batch.receive(upstream.socket);
    unsigned count = 0;
    for (unsigned i = 0; i < received; ++i) {
        if (batch.messages[i].msg_len < kHeader) continue;
        unsigned char* message = batch.buffers[i].data();
        Flight& flight = upstream.flights[static_cast<std::size_t>((message[0] << 8) | message[1])];
        if (!std::exchange(flight.is_open, false)) continue;
        swap_id(message, flight.id);
        batch.peers[count] = flight.client;
        batch.parts[count] = {message, batch.messages[i].msg_len};
        batch.messages[count].msg_hdr.msg_namelen = sizeof flight.client;
        ++count;
    }
    batch.send(listener, count);
}

bool parse(const char* address, int port, sockaddr_in& out) {
    out.sin_family = AF_INET;
    out.sin_port = htons(static_cast<std::uint16_t>(port));
    return ::inet_pton(AF_INET, address, &out.sin_addr) == 1;
}

}  // namespace

int main(int argc, char** argv) {
    sockaddr_in local{};
    sockaddr_in remote{};
    constexpr int kDnsPort = 53;
    if (argc != 4 || !parse(argv[1], std::atoi(argv[2]), local) || !parse(argv[3], kDnsPort, remote)) {
        std::fprintf(stderr, "usage: nsr_forwarder ADDRESS PORT SERVER\n");
        return 2;
    }
    std::vector<pollfd> ready{{open_socket(), POLLIN, 0}};
    if (::bind(ready[0].fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) return 1;
    std::vector<std::unique_ptr<Upstream>> upstreams;
    for (unsigned i = 0; i < kSockets; ++i) {
        upstreams.push_back(std::make_unique<Upstream>());
        upstreams.back()->socket = open_socket();
        if (::connect(upstreams.back()->socket, reinterpret_cast<const sockaddr*>(&remote), sizeof remote) != 0)
            return 1;
        ready.push_back({upstreams.back()->socket, POLLIN, 0});
    }
    Batch batch;
    unsigned next = 0;
    while (::poll(ready.data(), ready.size(), -1) > 0) {
        if ((ready[0].revents & POLLIN) != 0) ask(batch, ready[0].fd, *upstreams[next++ % kSockets]);
        for (unsigned i = 0; i < kSockets; ++i) {
            if ((ready[i + 1].revents & (POLLIN | POLLERR)) != 0) answer(batch, ready[0].fd, *upstreams[i]);
        }
    }
    return 0;
}
