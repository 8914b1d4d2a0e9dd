#include "resolver/forward/routes.h"

#include <algorithm>

namespace nsr::resolver {
namespace {

bool is_within(dns::Bytes name, dns::Bytes domain) {
    if (domain.size() > name.size() || !std::ranges::equal(name.last(domain.size()), domain)) return false;
    std::size_t at = 0;
    while (at < name.size() - domain.size()) at += 1U + name[at];
    return at == name.size() - domain.size();
}

/// Asked from the container's namespace, the same address may be another machine: then the container and the networks
/// that it is on belong to the key.
std::string key_of(const std::vector<Upstream>& servers, const View& view, const ForwardClient& client) {
    std::string key;
    const auto add = [&key](auto value) { key.append(reinterpret_cast<const char*>(&value), sizeof value); };
    for (const auto& server : servers) {
        add(server.address.is_v4());
        key.append(reinterpret_cast<const char*>(server.address.bytes().data()), server.address.bytes().size());
        add(server.port);
        add(server.from_host);
        add(server.zone.size());
        key += server.zone;
    }
    if (std::ranges::all_of(servers, &Upstream::from_host)) return key;
    add(client.serial);
    for (const auto& network : view.networks) add(network.zone);
    return key;
}

}  // namespace

std::size_t domain_of(const View& view, const dns::Name& name) {
    std::size_t index = 0;
    while (index < view.domains.size() && !is_within(name.wire(), view.domains[index].first.wire())) ++index;
    return index;
}

const std::vector<Upstream>& listed_for(const View& view, std::size_t domain) {
    return domain < view.domains.size() ? view.domains[domain].second : view.upstreams;
}

std::vector<Upstream> servers_of(const View& view, std::size_t domain) {
    std::vector<Upstream> servers;
    for (const auto& server : listed_for(view, domain)) {
        if (!server.from_host || view.outside) servers.push_back(server);
    }
    return servers;
}

const std::shared_ptr<const Route>& RouteTable::find(const ForwardRequest& request) {
    const View& view = request.view;
    ForwardClient& client = *request.client;
    if (client.routes.empty() || client.view_revision != view.revision) plan(view, client);
    return client.routes[domain_of(view, request.query.name)];
}

void RouteTable::plan(const View& view, ForwardClient& client) {
    std::vector<Slot> networks;
    for (const auto& network : view.networks) networks.push_back(network.zone);
    if (client.serial != 0 && networks != client.networks) client.has_moved = true;
    client.networks = std::move(networks);
    if (client.serial == 0) client.serial = ++last_serial_;
    std::vector<std::shared_ptr<const Route>> routes;
    for (std::size_t domain = 0; domain <= view.domains.size(); ++domain) {
        routes.push_back(route_of(domain, view, client));
    }
    client.routes = std::move(routes);
    client.view_revision = view.revision;
}

std::shared_ptr<const Route> RouteTable::route_of(std::size_t domain, const View& view, const ForwardClient& client) {
    Route route;
    route.servers = servers_of(view, domain);
    std::string key = key_of(route.servers, view, client);
    if (known_.size() >= sweep_at_) {
        std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
        sweep_at_ = 64 + 2 * known_.size();
    }
    auto& known = known_[std::move(key)];
    if (auto same = known.lock()) return same;
    route.id = ++last_id_;
    auto made = std::make_shared<const Route>(std::move(route));
    known = made;
    return made;
}

}  // namespace nsr::resolver
