// The limit for a DNS server in user space: looks the name up in a hash table and answers, and does nothing else.
//
//     nsr_reflector ADDRESS PORT THREADS NAMES      NAMES: a file with lines `name address`; `*` is every other name
//
// One thread: blocking recvmmsg and sendmmsg in batches. More threads: one pinned to each CPU, with sockets in a
// reuseport group that is steered by the CPU on which the query arrives, so that client and server stay on one CPU.

#include <arpa/inet.h>
#include <linux/filter.h>
#include <sched.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "bench/batch.h"

namespace {

constexpr std::size_t kBatch = 32;
constexpr std::size_t kDatagramMax = 512;
constexpr std::size_t kHeader = 12;
constexpr std::size_t kAnswer = 16;
constexpr std::size_t kQuestionTail = 4;  // type and class

struct Entry {
    std::string wire;  // lower-case wire form, with the root label
    std::uint32_t address = 0;
};

/// Open addressing; a power of two of slots, at most half of them used.
class Table {
public:
    explicit Table(const std::vector<Entry>& entries) {
        std::size_t size = 64;
        while (size < entries.size() * 2) size *= 2;
        slots_.resize(size);
        for (const auto& entry : entries) {
            if (entry.wire == std::string("\1*\0", 3)) other_ = entry;
            std::size_t slot = hash(entry.wire.data(), entry.wire.size()) & (size - 1);
            while (!slots_[slot].wire.empty()) slot = (slot + 1) & (size - 1);
            slots_[slot] = entry;
        }
    }

    const Entry* find(const char* wire, std::size_t size) const {
        std::size_t slot = hash(wire, size) & (slots_.size() - 1);
        while (!slots_[slot].wire.empty()) {
            if (slots_[slot].wire.size() == size && std::memcmp(slots_[slot].wire.data(), wire, size) == 0) {
                return &slots_[slot];
            }
            slot = (slot + 1) & (slots_.size() - 1);
        }
        return other_.wire.empty() ? nullptr : &other_;
    }

private:
    static std::size_t hash(const char* bytes, std::size_t size) {
        std::uint64_t value = 14695981039346656037ULL;
        for (std::size_t i = 0; i < size; ++i)
            value = (value ^ static_cast<unsigned char>(bytes[i])) * 1099511628211ULL;
        return value ^ (value >> 32);
    }

    std::vector<Entry> slots_;
    Entry other_;  // of names that are not in the table
};

std::string wire_form(const std::string& name) {
    std::string wire;
    std::size_t start = 0;
    while (start < name.size()) {
        const std::size_t end = std::min(name.find('.', start), name.size());
        wire += static_cast<char>(end - start);
        wire.append(name, start, end - start);
        start = end + 1;
    }
    wire += '\0';
    return wire;
}

std::vector<Entry> read_names(const char* path) {
    std::vector<Entry> entries;
    std::ifstream file(path);
    std::string name;
    std::string address;
    while (file >> name >> address) {
        Entry entry{wire_form(name), 0};
        if (::inet_pton(AF_INET, address.c_str(), &entry.address) == 1) entries.push_back(std::move(entry));
    }
    return entries;
}

/// Turns a query into its reply, in place. Returns the reply's size, 0 for what is no query of ours.
std::size_t reflect(const Table& table, unsigned char* datagram, std::size_t size) {
    if (size < kHeader + 1 + kQuestionTail) return 0;
    std::array<char, 256> name{};
    std::size_t length = 0;
    for (std::size_t at = kHeader; at < size && length < name.size(); ++at) {
        const unsigned char byte = datagram[at];
        name[length++] = static_cast<char>(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
        if (byte == 0) break;
    }
    std::size_t end = kHeader + length + kQuestionTail;
    if (end > size) return 0;
    const Entry* entry = table.find(name.data(), length);
    datagram[2] = static_cast<unsigned char>(0x84 | (datagram[2] & 0x01));
    datagram[3] = static_cast<unsigned char>(entry != nullptr ? 0x80 : 0x83);
    std::memset(datagram + 6, 0, 6);
    if (entry == nullptr) return end;
    datagram[7] = 1;
    static constexpr unsigned char kFixed[12] = {0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 2, 88, 0, 4};
    std::memcpy(datagram + end, kFixed, sizeof kFixed);
    std::memcpy(datagram + end + sizeof kFixed, &entry->address, 4);
    return end + kAnswer;
}

using Batch = nsr::bench::Batch<kBatch, kDatagramMax, kAnswer>;

void serve(int socket, const Table& table) {
    Batch batch;
    for (;;) {
        batch.make_ready_to_receive();
        const int received = ::recvmmsg(socket, batch.messages.data(), kBatch, MSG_WAITFORONE, nullptr);
        if (received <= 0) return;
        std::size_t replies = 0;
        for (std::size_t i = 0; i < static_cast<std::size_t>(received); ++i) {
            const std::size_t size = reflect(table, batch.buffers[i].data(), batch.messages[i].msg_len);
            if (size == 0) continue;
            batch.parts[i].iov_len = size;
            batch.messages[replies++] = batch.messages[i];
        }
        if (replies > 0) ::sendmmsg(socket, batch.messages.data(), static_cast<unsigned>(replies), 0);
    }
}

void steer_by_cpu(int socket, unsigned threads) {
    sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(SKF_AD_OFF + SKF_AD_CPU)),
                          BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, threads), BPF_STMT(BPF_RET | BPF_A, 0)};
    const sock_fprog program{3, code};
    ::setsockopt(socket, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program);
}

int listener(const sockaddr_in& address) {
    const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
    const int on = 1;
    const int buffer = 4 << 20;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    ::setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
    std::perror("bind");
    return -1;
}

void pin_to(unsigned cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    ::sched_setaffinity(0, sizeof set, &set);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fprintf(stderr, "usage: nsr_reflector ADDRESS PORT THREADS NAMES\n");
        return 2;
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[2])));
    if (::inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) return 2;
    const auto threads = static_cast<unsigned>(std::atoi(argv[3]));
    const Table table(read_names(argv[4]));

    std::vector<int> sockets;
    for (unsigned i = 0; i < threads; ++i) {
        sockets.push_back(listener(address));
        if (sockets.back() < 0) return 1;
    }
    if (threads > 1) steer_by_cpu(sockets.front(), threads);
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < threads; ++i) {
        workers.emplace_back([&table, socket = sockets[i], i, threads] {
            if (threads > 1) pin_to(i);
            serve(socket, table);
        });
    }
    return 0;
}
