#pragma once

#include <initializer_list>
#include <string>

#include "resolver/dns/query.h"
#include "tests/support/dns_packet.h"

/// Replies of upstreams, written without our own code.
namespace nsr::testing {

struct Answer {
    std::string name;
    unsigned type = 1;
    unsigned ttl = 60;
    Packet data;
    unsigned section = 0;
};

inline Packet bytes(std::initializer_list<int> values) {
    Packet packet;
    for (const int value : values) packet.push_back(static_cast<std::uint8_t>(value));
    return packet;
}

inline Answer address(const std::string& name, unsigned ttl, int last = 1) {
    return {name, 1, ttl, bytes({192, 0, 2, last}), 0};
}

/// SOA of `zone`, with the names of its data in two bytes each.
inline Answer soa(const std::string& zone, unsigned ttl, unsigned minimum) {
    Packet data = bytes({0, 0});
    for (const unsigned number : {1U, 2U, 3U, 4U, minimum}) {
        append16(data, number >> 16);
        append16(data, number & 0xffff);
    }
    return {zone, 6, ttl, data, 1};
}

inline void append_record(Packet& packet, const Answer& record) {
    append_name(packet, record.name);
    append16(packet, record.type);
    append16(packet, 1);
    append16(packet, record.ttl >> 16);
    append16(packet, record.ttl & 0xffff);
    append16(packet, static_cast<unsigned>(record.data.size()));
    packet.insert(packet.end(), record.data.begin(), record.data.end());
}

/// A reply to a query packet: with its id and question, an OPT if it has one.
inline Packet reply_packet(const Ask& ask, unsigned rcode, const std::vector<Answer>& records,
                           unsigned flags = 0x8180) {
    Ask bare = ask;
    bare.edns_size = -1;
    bare.flags = static_cast<std::uint16_t>(flags | rcode);
    Packet packet = query_packet(bare);
    for (unsigned section = 0; section < 3; ++section) {
        for (const auto& record : records) {
            if (record.section != section) continue;
            append_record(packet, record);
            if (++packet[7 + 2 * section] == 0) ++packet[6 + 2 * section];
        }
    }
    if (ask.edns_size < 0) return packet;
    const Packet opt = bytes({0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0});
    packet.insert(packet.end(), opt.begin(), opt.end());
    ++packet[11];
    return packet;
}

inline dns::Query read(const Packet& packet) {
    dns::Query query;
    dns::read_query(packet, query);
    return query;
}

}  // namespace nsr::testing
