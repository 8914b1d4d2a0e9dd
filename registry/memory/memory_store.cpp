#include "registry/memory/memory_store.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "registry/validate.h"

namespace nsr::registry {
namespace {

auto key_of(const Endpoint& endpoint) { return std::pair(endpoint.container_id, lower(endpoint.network_name)); }

auto key_of(const Record& record) { return std::tie(record.network_id, record.name, record.type, record.data); }

template <typename Element>
void erase_same(std::vector<Element>& elements, const Element& like) {
    std::erase_if(elements, [&](const Element& each) { return key_of(each) == key_of(like); });
}

void erase_all(State& state, const Changes& changes) {
    for (const Record& record : changes.erase_records) erase_same(state.records, record);
    for (const Endpoint& endpoint : changes.erase_endpoints) erase_same(state.endpoints, endpoint);
    for (const std::string& id : changes.erase_containers) {
        state.containers.erase(id);
        std::erase_if(state.endpoints, [&](const Endpoint& each) { return each.container_id == id; });
    }
    for (const std::string& id : changes.erase_networks) {
        state.networks.erase(id);
        std::erase_if(state.records, [&](const Record& each) { return each.network_id == id; });
    }
}

void put_all(State& state, const Changes& changes) {
    for (const Network& network : changes.put_networks) state.networks[network.id] = network;
    for (const Container& container : changes.put_containers) state.containers[container.id] = container;
    for (const Endpoint& endpoint : changes.put_endpoints) {
        erase_same(state.endpoints, endpoint);
        state.endpoints.push_back(endpoint);
    }
    for (const Record& record : changes.put_records) {
        erase_same(state.records, record);
        state.records.push_back(record);
    }
    const auto place = [](const Endpoint& each) { return std::tie(each.container_id, each.order, each.network_name); };
    std::ranges::sort(state.endpoints, {}, place);
    std::ranges::sort(state.records, {}, [](const Record& each) { return key_of(each); });
}

template <typename Objects>
Result<> check_names(const Objects& objects, const char* kind) {
    std::set<std::string> names;
    for (const auto& [id, object] : objects) {
        if (names.insert(lower(object.name)).second) continue;
        return fail(Errc::conflict, std::string(kind) + " name '" + object.name + "' is taken");
    }
    return {};
}

Result<> check_owners(const State& state) {
    for (const Endpoint& each : state.endpoints) {
        if (state.containers.contains(each.container_id)) continue;
        return fail(Errc::conflict, "container '" + each.container_id + "' of an endpoint does not exist");
    }
    for (const Record& each : state.records) {
        if (state.networks.contains(each.network_id)) continue;
        return fail(Errc::conflict, "network '" + each.network_id + "' of a record does not exist");
    }
    return {};
}

}  // namespace

MemoryStore::MemoryStore() { state_.host_id = make_host_id(); }

Result<State> MemoryStore::load() { return state_; }

Result<> MemoryStore::commit(const Changes& changes) {
    if (failures_ > 0) {
        --failures_;
        return fail(Errc::system, "the store was told to fail");
    }
    State next = state_;
    erase_all(next, changes);
    put_all(next, changes);
    if (auto valid = check_names(next.networks, "network"); !valid) return valid;
    if (auto valid = check_names(next.containers, "container"); !valid) return valid;
    if (auto valid = check_owners(next); !valid) return valid;
    state_ = std::move(next);
    ++commits_;
    return {};
}

}  // namespace nsr::registry
