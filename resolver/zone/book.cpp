#include "resolver/zone/book.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "registry/validate.h"
#include "resolver/zone/record_data.h"

namespace nsr::resolver {

ServiceTable::ServiceTable(std::string_view services_file) {
    std::istringstream lines{std::string(services_file)};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line.substr(0, line.find('#')));
        std::string name;
        std::string port_text;
        if (!(words >> name >> port_text)) continue;
        const auto slash = port_text.find('/');
        if (slash == std::string::npos) continue;
        const auto protocol = registry::parse_protocol(port_text.substr(slash + 1));
        std::uint16_t port = 0;
        const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + slash, port);
        if (!protocol || error != std::errc{} || end != port_text.data() + slash) continue;
        auto& names = names_[{port, *protocol}];
        names.push_back(name);
        for (std::string alias; words >> alias;) names.push_back(alias);
    }
}

const std::vector<std::string>& ServiceTable::names(const registry::PortProto& port) const {
    static const std::vector<std::string> kNone;
    const auto found = names_.find(port);
    return found == names_.end() ? kNone : found->second;
}

void Book::put_network(const ZoneSpec& spec) {
    Network& network = networks_[spec.network_id];
    if (network.slot == kNoSlot) network.slot = take_slot(free_zones_, next_zone_);
    Zone zone = network.zone ? *network.zone : Zone(spec);
    zone.configure(spec);
    std::vector<StoredRecord> records;
    std::vector<dns::Name> owners;
    for (const auto& record : spec.records) {
        const auto owner = dns::Name::from_text(record.name);
        auto stored = store_record(record, spec.ttl_seconds);
        if (!owner || !stored) continue;  // validation has refused such a record before
        owners.push_back(*owner);
        records.push_back(std::move(*stored));
    }
    for (const auto& name : zone.set_records(records, owners)) {
        changed_names_.push_back(name);
        if (const auto whole = name.with_suffix(zone.network())) changed_names_.push_back(*whole);
    }
    set_zone(network, std::move(zone));
}

void Book::remove_network(const std::string& network_id) {
    const auto found = networks_.find(network_id);
    if (found == networks_.end()) return;
    changed_zones_[found->second.slot] = nullptr;
    free_zones_.insert(found->second.slot);
    networks_.erase(found);
}

void Book::put_endpoint(const std::string& network_id, const EndpointNames& names) {
    const auto found = networks_.find(network_id);
    if (found == networks_.end()) return;
    Network& network = found->second;
    const auto before = network.endpoints.find(names.container_id);
    if (before != network.endpoints.end() && before->second == names) return;
    Zone zone = *network.zone;
    if (before != network.endpoints.end()) zone.remove(before->second);
    zone.add(names, services_of(names));
    note_names(names, zone);
    network.endpoints[names.container_id] = names;
    set_zone(network, std::move(zone));
}

void Book::remove_endpoint(const std::string& network_id, const std::string& container_id) {
    const auto found = networks_.find(network_id);
    if (found == networks_.end()) return;
    Network& network = found->second;
    const auto endpoint = network.endpoints.find(container_id);
    if (endpoint == network.endpoints.end()) return;
    Zone zone = *network.zone;
    zone.remove(endpoint->second);
    network.endpoints.erase(endpoint);
    set_zone(network, std::move(zone));
}

void Book::put_view(const ViewSpec& spec) {
    auto [place, is_new] = views_.try_emplace(spec.container_id, kNoSlot);
    if (is_new) place->second = take_slot(free_views_, next_view_);
    auto view = std::make_shared<View>();
    view->container_id = spec.container_id;
    view->upstreams = spec.upstreams;
    view->keep_single_labels = spec.keep_single_labels;
    view->can_forward = spec.can_forward;
    view->outside = spec.outside;
    view->cache_bytes = spec.cache_bytes;
    view->revision = ++last_revision_;
    for (const auto& wanted : spec.networks) {
        const auto network = networks_.find(wanted.network_id);
        if (network == networks_.end()) continue;
        View::Network seen{network->second.slot, {}};
        for (const auto& link : wanted.links) {
            const auto alias = dns::Name::from_text(link.alias);
            const auto target = dns::Name::from_text(link.target);
            if (alias && target) seen.links.push_back({*alias, *target});
        }
        view->networks.push_back(std::move(seen));
    }
    for (const auto& domain : spec.domains) {
        if (const auto name = dns::Name::from_text(domain.domain)) view->domains.emplace_back(*name, domain.upstreams);
    }
    std::ranges::stable_sort(
        view->domains, [](const auto& a, const auto& b) { return a.first.label_count() > b.first.label_count(); });
    changed_views_[place->second] = std::move(view);
}

void Book::remove_view(const std::string& container_id) {
    const auto found = views_.find(container_id);
    if (found == views_.end()) return;
    changed_views_[found->second] = nullptr;
    free_views_.insert(found->second);
    views_.erase(found);
}

Publication Book::take_changes() {
    Publication publication;
    publication.zones.assign(changed_zones_.begin(), changed_zones_.end());
    publication.views.assign(changed_views_.begin(), changed_views_.end());
    publication.changed_names = std::move(changed_names_);
    changed_zones_.clear();
    changed_views_.clear();
    changed_names_.clear();
    return publication;
}

std::shared_ptr<const Zone> Book::zone(const std::string& network_id) const {
    const auto found = networks_.find(network_id);
    return found == networks_.end() ? nullptr : found->second.zone;
}

Slot Book::view_slot(const std::string& container_id) const {
    const auto found = views_.find(container_id);
    return found == views_.end() ? kNoSlot : found->second;
}

void Book::set_zone(Network& network, Zone zone) {
    network.zone = std::make_shared<const Zone>(std::move(zone));
    changed_zones_[network.slot] = network.zone;
}

/// `_80._tcp`, and `_http._tcp` for every name that services(5) has for the port.
std::shared_ptr<const std::vector<ServiceLabels>> Book::services_of(const EndpointNames& names) const {
    if (names.ports.empty()) return nullptr;
    auto services = std::make_shared<std::vector<ServiceLabels>>();
    for (const auto& port : names.ports) {
        ServiceLabels labels;
        labels.port = port.port;
        const std::string protocol = "._" + std::string(registry::protocol_name(port.protocol));
        std::vector<std::string> texts = services_.names(port);
        texts.push_back(std::to_string(port.port));
        for (const auto& text : texts) {
            if (const auto name = dns::Name::from_text("_" + text + protocol)) labels.names.push_back(*name);
        }
        services->push_back(std::move(labels));
    }
    return services;
}

void Book::note_names(const EndpointNames& names, const Zone& zone) {
    for (const auto& name : names_of_endpoint(names)) {
        changed_names_.push_back(name);
        if (const auto whole = name.with_suffix(zone.network())) changed_names_.push_back(*whole);
    }
}

Slot Book::take_slot(std::set<Slot>& free, Slot& next) {
    if (free.empty()) return next++;
    return free.extract(free.begin()).value();
}

}  // namespace nsr::resolver
