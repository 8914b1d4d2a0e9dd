#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "resolver/zone/snapshot.h"
#include "resolver/zone/spec.h"

namespace nsr::resolver {

/// Names of services by port: "http" for 80/tcp, as in services(5). "# comments" and aliases are understood.
class ServiceTable {
public:
    ServiceTable() = default;
    explicit ServiceTable(std::string_view services_file);

    const std::vector<std::string>& names(const registry::PortProto& port) const;

private:
    std::map<registry::PortProto, std::vector<std::string>> names_;
};

/// All that the resolver was told, on the side of the teller: keeps the next value of every zone and view, and hands
/// out what has changed. One thread; pure.
class Book {
public:
    explicit Book(ServiceTable services = {}) : services_(std::move(services)) {}

    void put_network(const ZoneSpec& spec);
    void remove_network(const std::string& network_id);
    /// Ignored if the network is unknown.
    void put_endpoint(const std::string& network_id, const EndpointNames& names);
    void remove_endpoint(const std::string& network_id, const std::string& container_id);
    void put_view(const ViewSpec& spec);
    void remove_view(const std::string& container_id);

    /// The changes since the last call.
    Publication take_changes();

    /// The names of a network as told so far; nullptr if it is unknown.
    std::shared_ptr<const Zone> zone(const std::string& network_id) const;

    /// kNoSlot if the container has no view.
    Slot view_slot(const std::string& container_id) const;

private:
    struct Network {
        Slot slot = kNoSlot;
        std::shared_ptr<const Zone> zone;
        std::map<std::string, EndpointNames> endpoints;  ///< by container id
    };

    void set_zone(Network& network, Zone zone);
    std::shared_ptr<const std::vector<ServiceLabels>> services_of(const EndpointNames& names) const;
    void note_names(const EndpointNames& names, const Zone& zone);
    static Slot take_slot(std::set<Slot>& free, Slot& next);

    ServiceTable services_;
    std::map<std::string, Network> networks_;
    std::map<std::string, Slot> views_;
    std::set<Slot> free_zones_;
    std::set<Slot> free_views_;
    Slot next_zone_ = 0;
    Slot next_view_ = 0;
    std::uint64_t last_revision_ = 0;
    std::map<Slot, std::shared_ptr<const Zone>> changed_zones_;
    std::map<Slot, std::shared_ptr<const View>> changed_views_;
    std::vector<dns::Name> changed_names_;
};

}  // namespace nsr::resolver
