#include "resolver/explain.h"

#include <array>
#include <cstring>

namespace nsr::resolver {
namespace {

std::size_t build_query(const dns::Name& name, std::uint16_t type, dns::Buffer out) {
    std::memset(out.data(), 0, dns::kHeaderSize);
    dns::write16(out.data() + 2, dns::kFlagRd);
    dns::write16(out.data() + 4, 1);
    std::uint8_t* at = out.data() + dns::kHeaderSize;
    std::memcpy(at, name.wire().data(), name.size());
    at += name.size();
    *at++ = 0;
    dns::write16(at, type);
    dns::write16(at + 2, static_cast<std::uint16_t>(dns::RrClass::in));
    return static_cast<std::size_t>(at + 4 - out.data());
}

std::string where_to(const View& view, const dns::Query& query) {
    std::string text = "'" + query.name.text() + "' is not ours: ";
    if (view.upstreams.empty()) return text + "no upstream to ask";
    text += "asked of";
    for (const Upstream& upstream : view.upstreams) {
        text += " " + upstream.address.text() + "#" + std::to_string(upstream.port);
        if (upstream.from_host) text += " (from the host)";
    }
    return text;
}

}  // namespace

Result<Explanation> explain_answer(const Snapshot& snapshot, Slot view, FastRandom& random, const std::string& name,
                                   const std::string& type) {
    const auto wire = dns::Name::from_text(name);
    if (!wire) return fail(Errc::invalid, "'" + name + "' is not a domain name");
    const std::uint16_t number = dns::parse_type(type);
    if (number == 0) return fail(Errc::invalid, "'" + type + "' is not a record type");

    std::array<std::uint8_t, dns::kHeaderSize + dns::kNameSizeMax + 4> datagram;
    const std::size_t size = build_query(*wire, number, datagram);
    Explanation explanation;
    explanation.reply.resize(dns::kMessageMax);
    dns::Query query;
    const Outcome outcome = answer(dns::Bytes(datagram.data(), size), dns::Transport::tcp, snapshot, view, random,
                                   explanation.reply, query, &explanation.trace);
    explanation.reply.resize(outcome.size);
    if (outcome.verdict == Verdict::forward) {
        explanation.reply.clear();
        explanation.trace.push_back(where_to(*snapshot.view(view), query));
    }
    return explanation;
}

}  // namespace nsr::resolver
