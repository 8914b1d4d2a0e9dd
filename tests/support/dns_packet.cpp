#include "tests/support/dns_packet.h"

#include <arpa/inet.h>

namespace nsr::testing {
namespace {

/// Reads with bounds; after a step too far everything is zero and `ok` false.
struct Reader {
    const Packet& packet;
    std::size_t at = 0;
    bool ok = true;

    unsigned byte() {
        if (at >= packet.size()) return ok = false, 0U;
        return packet[at++];
    }
    unsigned word() {
        const unsigned high = byte();
        return high << 8 | byte();
    }

    std::string name() {
        std::string text;
        std::size_t back = 0;
        for (int steps = 0; steps < 130 && ok; ++steps) {
            const unsigned length = byte();
            if (length == 0) break;
            if (length >= 0xc0) {
                const std::size_t target = (length & 0x3fU) << 8 | byte();
                if (back == 0) back = at;
                at = target;
                continue;
            }
            for (unsigned index = 0; index < length; ++index) text += static_cast<char>(byte());
            text += '.';
        }
        if (back != 0) at = back;
        return text;
    }
};

std::string hex(const Packet& packet, std::size_t from, std::size_t size) {
    std::string text;
    for (std::size_t index = from; index < from + size && index < packet.size(); ++index) {
        constexpr char kDigits[] = "0123456789abcdef";
        text += kDigits[packet[index] >> 4];
        text += kDigits[packet[index] & 15];
    }
    return text;
}

std::string data_text(Reader& reader, unsigned type, std::size_t size) {
    const std::size_t end = reader.at + size;
    if (end > reader.packet.size()) return reader.ok = false, "";
    char buffer[INET6_ADDRSTRLEN];
    std::string text;
    if (type == 1 && size == 4)
        text = inet_ntop(AF_INET, &reader.packet[reader.at], buffer, sizeof buffer);
    else if (type == 28 && size == 16)
        text = inet_ntop(AF_INET6, &reader.packet[reader.at], buffer, sizeof buffer);
    else if (type == 12 || type == 5)
        text = reader.name();
    else
        text = hex(reader.packet, reader.at, size);
    reader.at = end;
    return text;
}

void read_record(Reader& reader, Reply& reply, std::vector<Record>& section) {
    Record record;
    record.name = reader.name();
    record.type = reader.word();
    const unsigned klass = reader.word();
    record.ttl = reader.word() << 16;
    record.ttl |= reader.word();
    const unsigned size = reader.word();
    if (record.type == 41) {
        reply.has_opt = true;
        reply.opt_size = klass;
        reply.rcode |= record.ttl >> 24 << 4;
        reply.opt_options = hex(reader.packet, reader.at, size);
        reader.at += size;
        return;
    }
    record.data = data_text(reader, record.type, size);
    section.push_back(record);
}

}  // namespace

Reply parse_reply(const Packet& packet) {
    Reply reply;
    Reader reader{packet};
    reply.size = packet.size();
    reply.id = reader.word();
    reply.flags = reader.word();
    reply.rcode = reply.flags & 15;
    const unsigned questions = reader.word();
    const unsigned counts[] = {reader.word(), reader.word(), reader.word()};
    if (questions == 1) {
        reply.question = reader.name();
        reader.word();
        reader.word();
    }
    std::vector<Record>* sections[] = {&reply.answers, &reply.authorities, &reply.additionals};
    for (int section = 0; section < 3; ++section) {
        for (unsigned index = 0; index < counts[section] && reader.ok; ++index) {
            read_record(reader, reply, *sections[section]);
        }
    }
    reply.ok = reader.ok && reader.at == packet.size() && questions <= 1;
    return reply;
}

}  // namespace nsr::testing
