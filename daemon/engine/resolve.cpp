#include "daemon/engine/engine.h"
#include "daemon/engine/names.h"
#include "resolver/dns/name.h"
#include "resolver/dns/text.h"
#include "resolver/explain.h"

/// What containers see: names, variables, resolv.conf.
namespace nsr::daemon {
namespace {

api::ResolveResult resolved(const resolver::Explanation& explanation) {
    const auto message = dns::message_text(explanation.reply);
    api::ResolveResult result;
    result.rcode = message.rcode;
    result.trace = explanation.trace;
    for (const auto& record : message.answers) {
        result.records.push_back({"", record.name, record.type, record.data, record.ttl});
    }
    return result;
}

/// Adds what one network has answered. Any network that knows the name is enough.
void add_answer(const resolver::Explanation& explanation, const std::string& network, const std::string& asked,
                api::ResolveResult& result) {
    for (const auto& step : explanation.trace) result.trace.push_back(network + ": " + step);
    if (explanation.reply.empty()) return;
    const auto said = resolved(explanation);
    if (said.rcode != dns::rcode_name(dns::Rcode::nxdomain) && result.rcode != dns::rcode_name(dns::Rcode::noerror)) {
        result.rcode = said.rcode;
    }
    const auto asked_name = dns::Name::from_text(asked);
    for (auto record : said.records) {
        if (asked_name == dns::Name::from_text(record.name)) record.name = asked;
        record.network = network;
        result.records.push_back(std::move(record));
    }
}

}  // namespace

void Engine::resolve(const api::ResolveQuery& query, api::Resolved then) {
    if (query.from.empty()) return then(resolve_everywhere(query));
    resolve_from(query, std::move(then));
}

/// Without an asker: what each network says to those who are on it alone, each answer with its network. Nobody outside
/// is asked: whom, is each container's own matter.
Result<api::ResolveResult> Engine::resolve_everywhere(const api::ResolveQuery& query) {
    if (auto valid = resolver::explain_query(query.name, query.type); !valid) return fail(std::move(valid).error());
    api::ResolveResult result;
    result.rcode = dns::rcode_name(dns::Rcode::nxdomain);
    for (const auto* network : registry_.networks()) {
        if (!has_names(*network)) continue;
        if (!has_server(*network)) {
            result.trace.push_back(network->name + ": its containers have no DNS server of ours (ns-register.dns=off)");
            continue;
        }
        auto explained = resolver_->explain_on(network->id, query.name, query.type);
        if (!explained) return fail(std::move(explained).error());
        add_answer(*explained, network->name, query.name, result);
    }
    if (result.trace.empty()) result.trace.emplace_back("there is no network with names");
    return result;
}

/// The container from whose view a container is answered.
Result<const registry::Container*> Engine::find_asker(const std::string& ref) const {
    auto found = registry_.find_container(ref);
    if (!found) return found;
    if ((*found)->state != registry::ContainerState::running) {
        return fail(Errc::conflict, "container " + (*found)->name + " is not running");
    }
    // Who has joined another's network is answered there, as the other is.
    const registry::Container& server_owner = file_owner(**found);
    if (!served_.contains(server_owner.id)) {
        return fail(Errc::conflict, "container " + (*found)->name +
                                        " is on no network with a DNS server: it asks the servers of its resolv.conf");
    }
    return &server_owner;
}

/// As the container is answered, by the function that answers it. What servers outside say comes later.
void Engine::resolve_from(const api::ResolveQuery& query, api::Resolved then) {
    auto asker = find_asker(query.from);
    if (!asker) return then(fail(std::move(asker).error()));
    const std::uint64_t lookup = ++last_lookup_;
    lookups_.emplace(lookup, Lookup{(*asker)->id, std::move(then)});
    resolver_->explain((*asker)->id, query.name, query.type, [this, lookup](Result<resolver::Explanation> explanation) {
        post_([this, lookup, explanation = std::move(explanation)] { explained(lookup, explanation); });
    });
}

void Engine::explained(std::uint64_t lookup, const Result<resolver::Explanation>& explanation) {
    const auto waiting = lookups_.extract(lookup);
    if (waiting)
        waiting.mapped().then(explanation ? Result<api::ResolveResult>(resolved(*explanation))
                                          : fail(explanation.error()));
}

void Engine::dismiss_lookups(const std::string& container_id, const Error& why) {
    for (auto next = lookups_.begin(); next != lookups_.end();) {
        const auto lookup = next++;
        if (!container_id.empty() && lookup->second.container_id != container_id) continue;
        lookups_.extract(lookup).mapped().then(fail(why));
    }
}

Result<std::string> Engine::resolv_conf(const std::string& ref) {
    auto found = registry_.find_container(ref);
    if (!found) return fail(std::move(found).error());
    return resolv_conf_of(file_owner(**found));
}

}  // namespace nsr::daemon
