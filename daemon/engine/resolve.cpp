#include <algorithm>

#include "daemon/engine/engine.h"
#include "daemon/engine/names.h"
#include "registry/validate.h"
#include "resolver/dns/text.h"

/// What containers see: names, variables, resolv.conf.
namespace nsr::daemon {
namespace {

/// Which reading of a name means this network: the name itself, or NAME.NETWORK.
bool names_endpoint(const std::vector<std::string>& names, const std::string& asked, const std::string& network) {
    return std::ranges::any_of(names, [&](const std::string& name) {
        const std::string known = registry::lower(name);
        return known == asked || known + "." + registry::lower(network) == asked;
    });
}

Result<api::ResolveResult> resolved(const resolver::Explanation& explanation) {
    const auto message = dns::message_text(explanation.reply);
    api::ResolveResult result;
    result.rcode = message.rcode;
    result.trace = explanation.trace;
    for (const auto& record : message.answers) {
        result.records.push_back({"", record.name, record.type, record.data, record.ttl});
    }
    return result;
}

}  // namespace

void Engine::resolve(const api::ResolveQuery& query, api::Resolved then) {
    if (query.from.empty()) return then(resolve_everywhere(query));
    resolve_from(query, std::move(then));
}

/// Without an asker: every network that knows the name, each answer with its network.
Result<api::ResolveResult> Engine::resolve_everywhere(const api::ResolveQuery& query) const {
    const auto type = dns::RrType{dns::parse_type(query.type)};
    if (type == dns::RrType{}) return fail(Errc::invalid, "'" + query.type + "' is not a record type");
    std::string asked = registry::lower(query.name);
    if (asked.ends_with('.')) asked.pop_back();
    api::ResolveResult result;
    bool known = false;
    for (const auto* network : registry_.networks()) {
        if (has_names(*network)) known |= resolve_on(*network, asked, type, query.name, result.records);
    }
    result.rcode = known ? "NOERROR" : "NXDOMAIN";
    return result;
}

/// Adds what containers and users' records on one network say; whether the name is known there.
bool Engine::resolve_on(const registry::Network& network, const std::string& asked, dns::RrType type,
                        const std::string& shown, std::vector<api::ResolvedRecord>& found) const {
    const auto ttl = zone_of(network, {}).ttl_seconds;
    const bool any = type == dns::RrType::any;
    bool is_container = false;
    for (const auto* endpoint : registry_.endpoints_on(network.id)) {
        const auto* container = registry_.container_by_id(endpoint->container_id);
        if (container == nullptr || !names_endpoint(names_of(*container, *endpoint), asked, network.name)) continue;
        is_container = true;
        if (endpoint->ipv4 && (any || type == dns::RrType::a)) {
            found.push_back({network.name, shown, "A", endpoint->ipv4->text(), ttl});
        }
        if (endpoint->ipv6 && (any || type == dns::RrType::aaaa)) {
            found.push_back({network.name, shown, "AAAA", endpoint->ipv6->text(), ttl});
        }
    }
    bool is_record = false;
    for (const auto& record : registry_.records_of(network.id)) {
        if (!names_endpoint({record.name}, asked, network.name)) continue;
        is_record = true;
        const auto its_type = dns::RrType{dns::parse_type(record.type)};
        const bool is_hidden = is_container && (its_type == dns::RrType::a || its_type == dns::RrType::aaaa ||
                                                its_type == dns::RrType::cname);
        if (is_hidden || (!any && its_type != type && its_type != dns::RrType::cname)) continue;
        found.push_back({network.name, shown, record.type, record.data, record.ttl.value_or(ttl)});
    }
    return is_container || is_record;
}

Result<const registry::Container*> Engine::find_asker(const std::string& ref) const {
    auto found = registry_.find_container(ref);
    if (!found) return found;
    if ((*found)->state != registry::ContainerState::running) {
        return fail(Errc::conflict, "container " + (*found)->name + " is not running");
    }
    if (!served_.contains((*found)->id)) {
        return fail(Errc::conflict, "container " + (*found)->name +
                                        " is on no network with a DNS server: it asks the servers of its resolv.conf");
    }
    return found;
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
    if (waiting) waiting.mapped().then(explanation ? resolved(*explanation) : fail(explanation.error()));
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
