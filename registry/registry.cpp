#include "registry/registry.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "registry/directory.h"

namespace nsr::registry {
namespace {

using EndpointKey = std::pair<std::string, std::string>;  // container id, network name in lower case
using RecordKey = std::tuple<std::string, std::string, std::string, std::string>;

EndpointKey key_of(std::string_view container_id, std::string_view network_name) {
    return {std::string(container_id), lower(network_name)};
}

RecordKey key_of(const Record& record) { return {record.network_id, record.name, record.type, record.data}; }

}  // namespace

struct Registry::Data {
    std::unique_ptr<Store> store;
    std::string host_id;
    Directory<Network> networks;
    Directory<Container> containers;
    std::map<EndpointKey, Endpoint> endpoints;
    /// Those that are attaching or attached: network id -> container id -> endpoint.
    std::map<std::string, std::map<std::string, const Endpoint*>, std::less<>> present;
    std::map<RecordKey, Record> records;

    void apply(Changes&& changes);
    void put(Endpoint endpoint);
    void erase_endpoint(std::map<EndpointKey, Endpoint>::iterator endpoint);
    void withdraw(const Endpoint& endpoint);
    void erase_endpoints_of(const std::string& container_id);
    void erase_records_of(const std::string& network_id);
};

void Registry::Data::withdraw(const Endpoint& endpoint) {
    const auto network = present.find(endpoint.network_id);
    if (network == present.end()) return;
    const auto entry = network->second.find(endpoint.container_id);
    if (entry != network->second.end() && entry->second == &endpoint) network->second.erase(entry);
    if (network->second.empty()) present.erase(network);
}

void Registry::Data::put(Endpoint endpoint) {
    EndpointKey key = key_of(endpoint.container_id, endpoint.network_name);
    if (const auto old = endpoints.find(key); old != endpoints.end()) withdraw(old->second);
    const Endpoint& kept = endpoints.insert_or_assign(std::move(key), std::move(endpoint)).first->second;
    if (kept.phase != EndpointPhase::configured) present[kept.network_id][kept.container_id] = &kept;
}

void Registry::Data::erase_endpoint(std::map<EndpointKey, Endpoint>::iterator endpoint) {
    if (endpoint == endpoints.end()) return;
    withdraw(endpoint->second);
    endpoints.erase(endpoint);
}

void Registry::Data::erase_endpoints_of(const std::string& container_id) {
    auto each = endpoints.lower_bound({container_id, ""});
    while (each != endpoints.end() && each->first.first == container_id) erase_endpoint(each++);
}

void Registry::Data::erase_records_of(const std::string& network_id) {
    auto each = records.lower_bound({network_id, "", "", ""});
    while (each != records.end() && each->second.network_id == network_id) each = records.erase(each);
}

/// In the order that Changes promises.
void Registry::Data::apply(Changes&& changes) {
    for (const Record& record : changes.erase_records) records.erase(key_of(record));
    for (const Endpoint& endpoint : changes.erase_endpoints) {
        erase_endpoint(endpoints.find(key_of(endpoint.container_id, endpoint.network_name)));
    }
    for (const std::string& id : changes.erase_containers) {
        erase_endpoints_of(id);
        containers.erase(id);
    }
    for (const std::string& id : changes.erase_networks) {
        erase_records_of(id);
        networks.erase(id);
    }
    for (Network& network : changes.put_networks) networks.put(std::move(network));
    for (Container& container : changes.put_containers) containers.put(std::move(container));
    for (Endpoint& endpoint : changes.put_endpoints) put(std::move(endpoint));
    for (Record& record : changes.put_records) records.insert_or_assign(key_of(record), record);
}

Registry::Registry(std::unique_ptr<Data> data) : data_(std::move(data)) {}
Registry::~Registry() = default;
Registry::Registry(Registry&&) noexcept = default;
Registry& Registry::operator=(Registry&&) noexcept = default;

Result<Registry> Registry::load(std::unique_ptr<Store> store) {
    auto state = store->load();
    if (!state) return fail(std::move(state).error(), "load what is desired");
    auto data = std::make_unique<Data>();
    data->store = std::move(store);
    data->host_id = std::move(state->host_id);
    for (auto& [id, network] : state->networks) data->networks.put(std::move(network));
    for (auto& [id, container] : state->containers) data->containers.put(std::move(container));
    for (Endpoint& endpoint : state->endpoints) data->put(std::move(endpoint));
    for (Record& record : state->records) data->records.emplace(key_of(record), std::move(record));
    return Registry(std::move(data));
}

const std::string& Registry::host_id() const { return data_->host_id; }

Result<> Registry::commit(Changes changes) {
    if (auto durable = data_->store->commit(changes); !durable) return durable;
    data_->apply(std::move(changes));
    return {};
}

std::vector<const Network*> Registry::networks() const { return data_->networks.all(); }

Result<const Network*> Registry::find_network(std::string_view ref) const {
    if (const Network* network = network_by_id(ref)) return network;
    if (const Network* network = network_by_name(ref)) return network;
    if (!ref.empty()) {
        const auto matches = data_->networks.with_id_prefix(ref);
        if (matches.size() == 1) return matches.front();
        if (matches.size() > 1) {
            return fail(Errc::invalid, "network " + std::string(ref) + " is ambiguous (" +
                                           std::to_string(matches.size()) + " matches found based on ID prefix)");
        }
    }
    return fail(Errc::not_found, "network " + std::string(ref) + " not found");
}

const Network* Registry::network_by_id(std::string_view id) const { return data_->networks.by_id(id); }
const Network* Registry::network_by_name(std::string_view name) const { return data_->networks.by_name(name); }

std::vector<const Container*> Registry::containers() const {
    auto all = data_->containers.all();
    std::ranges::stable_sort(all, std::greater{}, &Container::created);
    return all;
}

Result<const Container*> Registry::find_container(std::string_view ref) const {
    const std::string_view name = ref.starts_with('/') ? ref.substr(1) : ref;
    if (const Container* container = container_by_id(ref)) return container;
    if (const Container* container = container_by_name(name)) return container;
    if (!ref.empty()) {
        const auto matches = data_->containers.with_id_prefix(ref);
        if (matches.size() == 1) return matches.front();
        if (matches.size() > 1) {
            return fail(Errc::invalid, "multiple IDs found with provided prefix: " + std::string(ref));
        }
    }
    return fail(Errc::not_found, "No such container: " + std::string(ref));
}

const Container* Registry::container_by_id(std::string_view id) const { return data_->containers.by_id(id); }
const Container* Registry::container_by_name(std::string_view name) const { return data_->containers.by_name(name); }

std::vector<const Endpoint*> Registry::endpoints_of(std::string_view container_id) const {
    std::vector<const Endpoint*> result;
    for (auto each = data_->endpoints.lower_bound({std::string(container_id), ""});
         each != data_->endpoints.end() && each->first.first == container_id; ++each) {
        result.push_back(&each->second);
    }
    std::ranges::stable_sort(result, {}, &Endpoint::order);
    return result;
}

std::vector<const Endpoint*> Registry::endpoints_on(std::string_view network_id) const {
    std::vector<const Endpoint*> result;
    const auto network = data_->present.find(network_id);
    if (network == data_->present.end()) return result;
    result.reserve(network->second.size());
    for (const auto& [container_id, endpoint] : network->second) result.push_back(endpoint);
    return result;
}

const Endpoint* Registry::endpoint(std::string_view container_id, std::string_view network_name) const {
    const auto found = data_->endpoints.find(key_of(container_id, network_name));
    return found == data_->endpoints.end() ? nullptr : &found->second;
}

std::vector<Record> Registry::records_of(std::string_view network_id) const {
    std::vector<Record> result;
    for (auto each = data_->records.lower_bound({std::string(network_id), "", "", ""});
         each != data_->records.end() && each->second.network_id == network_id; ++each) {
        result.push_back(each->second);
    }
    return result;
}

}  // namespace nsr::registry
