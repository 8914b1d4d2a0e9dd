#include "resolver/explain.h"

#include <algorithm>

#include "resolver/dns/chain.h"
#include "resolver/forward/routes.h"

namespace nsr::resolver {
namespace {

std::string where_to(const View& view, const dns::Query& query) {
    std::string text = "'" + query.name.text() + "' is not ours: ";
    const std::size_t domain = domain_of(view, query.name);
    const auto upstreams = servers_of(view, domain);
    const bool is_of_domain = domain < view.domains.size();
    const std::string whose = is_of_domain ? " for '" + view.domains[domain].first.text() + "'" : "";
    if (upstreams.empty()) return text + "no upstream to ask" + whose;
    text += "to be asked" + whose + " of";
    for (const Upstream& upstream : upstreams) {
        text += " " + upstream.address.text() + "#" + std::to_string(upstream.port);
        if (upstream.from_host) text += " (from the host)";
    }
    return text;
}

std::string milliseconds_text(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) + " ms";
}

std::string age_text(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s old";
}

}  // namespace

std::string source_text(const AnswerSource& source) {
    switch (source.kind) {
        case AnswerSource::Kind::none:
            return "";
        case AnswerSource::Kind::upstream:
            return "answered by " + source.server.address.text() + "#" + std::to_string(source.server.port) + " in " +
                   milliseconds_text(source.elapsed);
        case AnswerSource::Kind::cache:
            return "answered from the cache, " + age_text(source.elapsed);
        case AnswerSource::Kind::stale:
            return "no upstream answered: from the cache past its time, " + age_text(source.elapsed);
        case AnswerSource::Kind::cached_failure:
            return "not asked again: asking has failed a moment ago";
        case AnswerSource::Kind::refused:
            return source.server.address.text() + "#" + std::to_string(source.server.port) + " answered " +
                   std::string(dns::rcode_name(source.rcode)) + ", and nobody anything better, in " +
                   milliseconds_text(source.elapsed);
        case AnswerSource::Kind::failure:
            break;
    }
    return "no upstream answered in " + milliseconds_text(source.elapsed);
}

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
        if (outcome.verdict == Verdict::forward_target) {
            // What is asked outside is what the CNAME records lead to.
            const auto target = dns::write_target_query(*datagram, query, explanation.reply);
            dns::read_query(target, query);
        }
        explanation.reply.clear();
        explanation.trace.push_back(where_to(*snapshot.view(view), query));
    }
    return explanation;
}

}  // namespace nsr::resolver
