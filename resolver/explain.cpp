#include "resolver/explain.h"

#include <algorithm>
#include <iterator>

#include "resolver/dns/chain.h"
#include "resolver/forward/routes.h"

namespace nsr::resolver {
namespace {

/// "192.0.2.1#53", "fe80::1%eth0#53"
std::string server_text(const Upstream& server) {
    return server.address.text() + (server.zone.empty() ? "" : "%" + server.zone) + "#" + std::to_string(server.port);
}

std::string servers_text(const std::vector<Upstream>& servers) {
    std::string text;
    for (const Upstream& server : servers) {
        text += (text.empty() ? "" : " ") + server_text(server);
        if (server.from_host) text += " (from the host)";
    }
    return text;
}

/// Which servers an internal network keeps away from, and that it does (D-88); "" if there are none.
std::string withheld_text(const View& view, const std::vector<Upstream>& all) {
    std::vector<Upstream> withheld;
    std::ranges::copy_if(all, std::back_inserter(withheld),
                         [&view](const Upstream& server) { return server.from_host && !view.outside; });
    if (withheld.empty()) return "";
    return "its networks are internal: " + servers_text(withheld) + (withheld.size() == 1 ? " is" : " are") +
           " not asked";
}

/// What is said of a name that is not ours, and whether there is anybody to ask.
struct Destination {
    std::string text;
    bool has_servers = false;
};

Destination where_to(const View& view, const dns::Query& query) {
    const std::string text = "'" + query.name.text() + "' is not ours: ";
    const std::size_t domain = domain_of(view, query.name);
    const bool is_of_domain = domain < view.domains.size();
    const std::string whose = is_of_domain ? " for '" + view.domains[domain].first.text() + "'" : "";
    const auto servers = servers_of(view, domain);
    const auto withheld = withheld_text(view, is_of_domain ? view.domains[domain].second : view.upstreams);
    if (servers.empty()) return {text + (withheld.empty() ? "no upstream to ask" + whose : withheld), false};
    return {text + "to be asked" + whose + " of " + servers_text(servers) + (withheld.empty() ? "" : "; " + withheld),
            true};
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
            return "answered by " + server_text(source.server) + " in " + milliseconds_text(source.elapsed);
        case AnswerSource::Kind::cache:
            return "answered from the cache, " + age_text(source.elapsed);
        case AnswerSource::Kind::stale:
            return "no upstream answered: from the cache past its time, " + age_text(source.elapsed);
        case AnswerSource::Kind::cached_failure:
            return "not asked again: asking has failed a moment ago";
        case AnswerSource::Kind::refused:
            return server_text(source.server) + " answered " + std::string(dns::rcode_name(source.rcode)) +
                   ", and nobody anything better, in " + milliseconds_text(source.elapsed);
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

namespace {

/// An answer with its trace, and what else is known of it.
struct Explained {
    Explanation explanation;
    Outcome outcome;
    dns::Query query;
    std::vector<std::uint8_t> datagram;
};

Result<Explained> ask(const Snapshot& snapshot, Slot view, FastRandom& random, const std::string& name,
                      const std::string& type) {
    auto datagram = explain_query(name, type);
    if (!datagram) return fail(std::move(datagram).error());
    Explained it;
    it.datagram = std::move(*datagram);
    auto& reply = it.explanation.reply;
    reply.resize(dns::kMessageMax);
    it.outcome =
        answer(it.datagram, dns::Transport::tcp, snapshot, view, random, reply, it.query, &it.explanation.trace);
    reply.resize(it.outcome.size);
    return it;
}

/// What is asked outside: what the CNAME records lead to, if there are any.
dns::Query outside_query(const Explained& it) {
    dns::Query query = it.query;
    if (it.outcome.verdict != Verdict::forward_target) return query;
    const auto target = dns::write_target_query(it.datagram, it.query, it.explanation.reply);
    dns::read_query(target, query);
    return query;
}

}  // namespace

Result<Explanation> explain_answer(const Snapshot& snapshot, Slot view, FastRandom& random, const std::string& name,
                                   const std::string& type) {
    auto it = ask(snapshot, view, random, name, type);
    if (!it) return fail(std::move(it).error());
    if (it->outcome.verdict == Verdict::forward || it->outcome.verdict == Verdict::forward_target) {
        auto destination = where_to(*snapshot.view(view), outside_query(*it));
        it->explanation.trace.push_back(std::move(destination.text));
        it->explanation.nobody_to_ask = !destination.has_servers;
        it->explanation.reply.clear();
    }
    return std::move(it->explanation);
}

Result<Explanation> explain_zone(const std::shared_ptr<const Zone>& zone, FastRandom& random, const std::string& name,
                                 const std::string& type) {
    View view;
    view.networks.push_back({0, {}});
    Snapshot snapshot;
    snapshot.zones.push_back(zone);
    snapshot.views.push_back(std::make_shared<const View>(std::move(view)));
    auto it = ask(snapshot, 0, random, name, type);
    if (!it) return fail(std::move(it).error());
    if (it->outcome.verdict == Verdict::forward_target) {
        it->explanation.trace.push_back("'" + outside_query(*it).name.text() + "' is asked of servers outside");
    }
    return std::move(it->explanation);
}

}  // namespace nsr::resolver
