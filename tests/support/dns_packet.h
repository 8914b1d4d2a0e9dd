#pragma once

#include <string>
#include <vector>

#include "resolver/dns/types.h"

/// DNS messages for tests, written and read without our own code.
namespace nsr::testing {

using Packet = std::vector<std::uint8_t>;

struct Ask {
    std::string name;
    std::uint16_t type = 1;
    std::uint16_t klass = 1;
    std::uint16_t flags = 0x0100;
    std::uint16_t id = 0x1234;
    int edns_size = -1;  ///< -1: no OPT
    std::uint8_t edns_version = 0;
    bool dnssec_ok = false;
    Packet options;
};

inline void append16(Packet& packet, unsigned value) {
    packet.push_back(static_cast<std::uint8_t>(value >> 8));
    packet.push_back(static_cast<std::uint8_t>(value));
}

/// "a.b" as labels; every other byte is taken as it is.
inline void append_name(Packet& packet, const std::string& name) {
    for (std::size_t from = 0; from < name.size();) {
        const std::size_t dot = std::min(name.find('.', from), name.size());
        packet.push_back(static_cast<std::uint8_t>(dot - from));
        packet.insert(packet.end(), name.begin() + static_cast<long>(from), name.begin() + static_cast<long>(dot));
        from = dot + 1;
    }
    packet.push_back(0);
}

inline Packet query_packet(const Ask& ask) {
    Packet packet;
    append16(packet, ask.id);
    append16(packet, ask.flags);
    append16(packet, 1);
    append16(packet, 0);
    append16(packet, 0);
    append16(packet, ask.edns_size >= 0 ? 1 : 0);
    append_name(packet, ask.name);
    append16(packet, ask.type);
    append16(packet, ask.klass);
    if (ask.edns_size < 0) return packet;
    packet.push_back(0);
    append16(packet, 41);
    append16(packet, static_cast<unsigned>(ask.edns_size));
    packet.push_back(0);
    packet.push_back(ask.edns_version);
    append16(packet, ask.dnssec_ok ? 0x8000 : 0);
    append16(packet, static_cast<unsigned>(ask.options.size()));
    packet.insert(packet.end(), ask.options.begin(), ask.options.end());
    return packet;
}

struct Record {
    std::string name;
    unsigned type = 0;
    unsigned ttl = 0;
    std::string data;  ///< address text for A and AAAA, a name for PTR and CNAME, else hex
};

/// A reply taken apart. `ok` is false if it does not parse to its last byte.
struct Reply {
    bool ok = false;
    unsigned id = 0;
    unsigned flags = 0;
    unsigned rcode = 0;  ///< with the upper bits of the OPT
    std::string question;
    std::vector<Record> answers;
    std::vector<Record> authorities;
    std::vector<Record> additionals;  ///< without the OPT
    bool has_opt = false;
    unsigned opt_size = 0;
    std::string opt_options;  ///< hex
    std::size_t size = 0;

    bool flag(unsigned bit) const { return (flags & bit) != 0; }
    std::vector<std::string> data() const {
        std::vector<std::string> all;
        for (const auto& record : answers) all.push_back(record.data);
        return all;
    }
};

Reply parse_reply(const Packet& packet);

}  // namespace nsr::testing
