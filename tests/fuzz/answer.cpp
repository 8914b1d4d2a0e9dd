#include <cstdint>
#include <cstdlib>
#include <vector>

#include "resolver/answer.h"
#include "resolver/dns/message.h"
#include "resolver/zone/book.h"

namespace {

using namespace nsr;
using namespace nsr::resolver;

/// A fixed world: two networks, shared and dotted names, a stopped container, records, a wildcard, a link.
struct World {
    World() : book(ServiceTable("http 80/tcp\n")) {
        for (const char* name : {"n1", "dotted.net"}) {
            ZoneSpec zone;
            zone.network_id = zone.network_name = name;
            zone.reverse_subnets = {*IpPrefix::parse(name[0] == 'n' ? "10.77.0.0/24" : "fd00:79::/64")};
            zone.records = {{name, "text", "TXT", "\"x\"", {}},      {name, "*.app", "A", "192.0.2.1", {}},
                            {name, "z.y.app", "A", "192.0.2.2", {}}, {name, "w", "CNAME", "c2", {}},
                            {name, "l", "CNAME", "l", {}},           {name, "o", "CNAME", "out.example", {}},
                            {name, "m", "MX", "1 c2", {}},           {name, "m", "MX", "2 pool", {}},
                            {name, "_x._udp", "SRV", "0 0 1 c3", {}}};
            book.put_network(zone);
        }
        for (int index = 0; index < 60; ++index) {
            EndpointNames endpoint;
            endpoint.container_id = endpoint.container_name = "c" + std::to_string(index);
            endpoint.names = {"pool", "a.b"};
            if (index > 0) endpoint.ipv4 = IpAddress::parse("10.77.0." + std::to_string(index + 1));
            endpoint.ports = {{80, registry::Protocol::tcp}};
            book.put_endpoint("n1", endpoint);
        }
        ViewSpec view;
        view.container_id = "c1";
        view.networks = {{"n1", {{"pool", "db"}}}, {"dotted.net", {}}};
        book.put_view(view);
        snapshot.apply(book.take_changes());
    }

    Book book;
    Snapshot snapshot;
};

void check(dns::Bytes datagram, dns::Transport transport) {
    static const World kWorld;
    static std::vector<std::uint8_t> out(dns::kMessageMax);
    FastRandom random(1);
    dns::Query query;
    const Outcome outcome =
        answer(datagram, transport, kWorld.snapshot, kWorld.book.view_slot("c1"), random, out, query);
    if (outcome.verdict == Verdict::drop || outcome.verdict == Verdict::forward) return;
    if (outcome.size < dns::kHeaderSize || outcome.size > query.reply_limit(transport)) std::abort();
    if (out[0] != datagram[0] || out[1] != datagram[1] || (out[2] & 0x80) == 0) std::abort();
    if (dns::read16(&out[4]) == 1 && !std::equal(&out[dns::kHeaderSize], &out[dns::kHeaderSize] + query.question_size,
                                                 &datagram[dns::kHeaderSize])) {
        std::abort();  // the question is echoed byte for byte
    }
    dns::RecordWalk walk({out.data(), outcome.size});
    std::size_t end = dns::kHeaderSize + (dns::read16(&out[4]) == 1 ? query.question_size : 0U);
    while (const auto record = walk.next()) end = record->end();
    if (!walk.ok() || end != outcome.size) std::abort();  // what we write parses to its last byte
}

}  // namespace

/// Any datagram to a fixed snapshot, over UDP and TCP.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    check({data, size}, nsr::dns::Transport::udp);
    check({data, size}, nsr::dns::Transport::tcp);
    return 0;
}
