#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "registry/model.h"
#include "registry/store.h"

namespace nsr::registry {

/// What is desired, in memory with the indices that questions need, and durable in a Store behind it: commit() makes
/// changes durable first, then visible. Operations thread only.
class Registry {
public:
    static Result<Registry> load(std::unique_ptr<Store> store);

    /// Of this store: 32 hex digits.
    const std::string& host_id() const;

    /// All or nothing. Pointers that the questions below returned stay valid over a commit unless their object is
    /// erased; what they point to changes with it.
    Result<> commit(Changes changes);

    // ------------------------------------------------------------ networks
    std::vector<const Network*> networks() const;  ///< by name
    /// By name (without regard to case), id, or unique prefix of an id. "network X not found"; "network X is ambiguous
    /// (N matches found based on ID prefix)".
    Result<const Network*> find_network(std::string_view ref) const;
    const Network* network_by_id(std::string_view id) const;
    const Network* network_by_name(std::string_view name) const;  ///< without regard to case

    // ------------------------------------------------------------ containers
    std::vector<const Container*> containers() const;  ///< newest first
    /// By name (a leading '/' is ignored; without regard to case), id, or unique prefix of an id. "No such container:
    /// X"; "multiple IDs found with provided prefix: X".
    Result<const Container*> find_container(std::string_view ref) const;
    const Container* container_by_id(std::string_view id) const;
    const Container* container_by_name(std::string_view name) const;

    // ------------------------------------------------------------ endpoints
    std::vector<const Endpoint*> endpoints_of(std::string_view container_id) const;  ///< by order
    std::vector<const Endpoint*> endpoints_on(std::string_view network_id) const;    ///< attaching and attached ones
    const Endpoint* endpoint(std::string_view container_id, std::string_view network_name) const;

    // ------------------------------------------------------------ records
    std::vector<Record> records_of(std::string_view network_id) const;

    ~Registry();
    Registry(Registry&&) noexcept;
    Registry& operator=(Registry&&) noexcept;

private:
    struct Data;
    explicit Registry(std::unique_ptr<Data> data);
    std::unique_ptr<Data> data_;
};

}  // namespace nsr::registry
