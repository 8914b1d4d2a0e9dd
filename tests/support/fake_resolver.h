#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "resolver/resolver.h"

namespace nsr::testing {

/// A resolver in memory: shows what would be answered once published.
class FakeResolver : public resolver::Resolver {
public:
    using Key = std::pair<std::string, std::string>;  // network id, container id

    struct World {
        std::map<std::string, resolver::ZoneSpec> networks;
        std::map<Key, resolver::EndpointNames> endpoints;
        std::map<std::string, resolver::ViewSpec> views;
        std::map<Key, resolver::EndpointNames> published;
        std::set<std::string> open;
        bool fail_open = false;
        bool is_silent = false;  ///< nobody outside answers: what is asked waits here
        std::vector<std::pair<std::string, resolver::Explained>> asked;
    };

    explicit FakeResolver(World& world) : world_(world) {}

    void put_network(const resolver::ZoneSpec& spec) override { world_.networks[spec.network_id] = spec; }
    void remove_network(const std::string& network_id) override {
        world_.networks.erase(network_id);
        std::erase_if(world_.endpoints, [&](const auto& entry) { return entry.first.first == network_id; });
    }
    void put_endpoint(const std::string& network_id, const resolver::EndpointNames& names) override {
        world_.endpoints[{network_id, names.container_id}] = names;
    }
    void remove_endpoint(const std::string& network_id, const std::string& container_id) override {
        world_.endpoints.erase({network_id, container_id});
    }
    void put_view(const resolver::ViewSpec& view) override { world_.views[view.container_id] = view; }
    void remove_view(const std::string& container_id) override { world_.views.erase(container_id); }
    void publish() override { world_.published = world_.endpoints; }
    void settle() override {}

    Result<> open(const std::string& container_id, const NetNs&) override {
        if (world_.fail_open) return fail(Errc::system, "open: injected failure");
        publish();
        world_.open.insert(container_id);
        return {};
    }
    void close(const std::string& container_id) override { world_.open.erase(container_id); }
    void explain(const std::string& container_id, const std::string& name, const std::string&,
                 resolver::Explained then) override {
        if (!world_.is_silent) return then(resolver::Explanation{});
        world_.asked.emplace_back(container_id + " " + name, std::move(then));
    }
    Result<resolver::Explanation> explain_on(const std::string&, const std::string&, const std::string&) override {
        return resolver::Explanation{};
    }

private:
    World& world_;
};

}  // namespace nsr::testing
