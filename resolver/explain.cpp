#include "resolver/explain.h"

#include <algorithm>

namespace nsr::resolver {
namespace {

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

Result<std::vector<std::uint8_t>> explain_query(const std::string& name, const std::string& type) {
    const auto wire = dns::Name::from_text(name);
    if (!wire) return fail(Errc::invalid, "'" + name + "' is not a domain name");
    const std::uint16_t number = dns::parse_type(type);
    if (number == 0) return fail(Errc::invalid, "'" + type + "' is not a record type");
    std::vector<std::uint8_t> datagram(dns::kHeaderSize + wire->size() + 5);
    dns::write16(&datagram[2], dns::kFlagRd);
    dns::write16(&datagram[4], 1);
    std::ranges::copy(wire->wire(), &datagram[dns::kHeaderSize]);
    dns::write16(&datagram[datagram.size() - 4], number);
    dns::write16(&datagram[datagram.size() - 2], static_cast<std::uint16_t>(dns::RrClass::in));
    return datagram;
}

Result<Explanation> explain_answer(const Snapshot& snapshot, Slot view, FastRandom& random, const std::string& name,
                                   const std::string& type) {
    auto datagram = explain_query(name, type);
    if (!datagram) return fail(std::move(datagram).error());
    Explanation explanation;
    explanation.reply.resize(dns::kMessageMax);
    dns::Query query;
    const Outcome outcome =
        answer(*datagram, dns::Transport::tcp, snapshot, view, random, explanation.reply, query, &explanation.trace);
    explanation.reply.resize(outcome.size);
    if (outcome.verdict == Verdict::forward || outcome.verdict == Verdict::forward_target) {
        explanation.reply.clear();
        explanation.trace.push_back(where_to(*snapshot.view(view), query));
    }
    return explanation;
}

}  // namespace nsr::resolver
