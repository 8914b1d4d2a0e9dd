#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "resolver/dns/name.h"
#include "resolver/zone/shards.h"
#include "resolver/zone/spec.h"

namespace nsr::resolver {

/// A port of a container under which SRV answers: the labels of `_port._proto` (by number and by service name).
struct ServiceLabels {
    std::vector<dns::Name> names;  ///< "_80._tcp", "_http._tcp"
    std::uint16_t port = 0;
};

/// What one container contributes to a name.
struct Contribution {
    std::string container_id;
    dns::Name canonical;  ///< its own name with the network behind it: target of PTR and SRV
    std::optional<IpAddress> ipv4;
    std::optional<IpAddress> ipv6;
    std::shared_ptr<const std::vector<ServiceLabels>> services;
};

/// A record that a user has added, ready to be sent.
struct StoredRecord {
    dns::RrType type = dns::RrType::a;
    std::uint32_t ttl = 0;
    bool has_own_ttl = false;        ///< not the network's
    std::vector<std::uint8_t> data;  ///< RDATA, uncompressed
    dns::Name target;                ///< of CNAME, PTR, SRV and MX

    bool operator==(const StoredRecord&) const = default;
};

/// One name of a network with all that is known of it. A name without addresses belongs to containers that do not run:
/// it is owned (D-26). Containers go before users' records: while one has the name, A, AAAA and CNAME records of the
/// same name are not answered.
struct NameEntry {
    // First what most answers need: they should find it within two lines of the CPU's cache.
    boost::container::small_vector<std::array<std::uint8_t, 4>, 1> ipv4;  ///< as RDATA
    std::vector<Contribution> contributions;
    std::optional<std::uint32_t> ipv4_ttl;  ///< absent: the network's
    dns::Name name;                         ///< without the network
    std::uint64_t hash = 0;
    std::vector<StoredRecord> records;  ///< all of a type have one TTL (RFC 2181 §5.2)
    std::optional<std::uint32_t> ipv6_ttl;
    boost::container::small_vector<std::array<std::uint8_t, 16>, 1> ipv6;
    std::uint32_t below = 0;  ///< names that end with this one

    bool has_key(const dns::Name& key) const { return name == key; }
    /// A name that is there only because longer ones are: an empty non-terminal (RFC 4592 §2.2.2).
    bool is_empty() const { return contributions.empty() && records.empty(); }
    /// The CNAME record that stands for everything else, or nullptr.
    const StoredRecord* cname() const {
        const bool stands = contributions.empty() && !records.empty() && records.front().type == dns::RrType::cname;
        return stands ? &records.front() : nullptr;
    }
};

/// Whose an address is: what PTR answers.
struct AddressEntry {
    IpAddress address;
    std::uint64_t hash = 0;
    dns::Name canonical;

    bool has_key(const IpAddress& key) const { return address == key; }
};

std::uint64_t hash_address(const IpAddress& address);

/// The names of one network: an immutable value. Changing one name costs the same with 10 names and with 10 000.
class Zone {
public:
    explicit Zone(const ZoneSpec& spec);

    // ------------------------------------------------------------ reading: any thread
    const NameEntry* find(std::uint64_t hash, const dns::Name& name) const { return names_.find(hash, name); }
    /// Of find(), for many names at a time: Shards::prefetch().
    [[gnu::always_inline]] void prefetch(std::uint64_t hash, unsigned step) const { names_.prefetch(hash, step); }
    static constexpr unsigned kPrefetchSteps = Shards<NameEntry>::kPrefetchSteps;
    const AddressEntry* find_address(const IpAddress& address) const {
        return addresses_.find(hash_address(address), address);
    }
    const dns::Name& network() const { return network_; }
    std::size_t network_labels() const { return network_labels_; }
    bool answers() const { return mode_ == DnsMode::full; }
    std::uint32_t ttl() const { return ttl_; }
    std::uint32_t negative_ttl() const { return negative_ttl_; }
    const std::vector<IpPrefix>& reverse_subnets() const { return reverse_subnets_; }
    bool has_wildcards() const { return wildcards_ > 0; }
    std::size_t name_count() const { return names_.size(); }

    // ------------------------------------------------------------ making the next value: operations thread
    void configure(const ZoneSpec& spec);  ///< settings; names stay
    void add(const EndpointNames& endpoint, const std::shared_ptr<const std::vector<ServiceLabels>>& services);
    void remove(const EndpointNames& endpoint);
    /// Puts these in the place of all records there are; returns the names whose records are others now.
    std::vector<dns::Name> set_records(const std::vector<StoredRecord>& records, const std::vector<dns::Name>& owners);

private:
    void change(const dns::Name& name, const std::string& container_id, const Contribution* contribution);
    std::shared_ptr<NameEntry> changeable(const dns::Name& name) const;
    void put(std::shared_ptr<NameEntry> entry);
    void count_above(const dns::Name& name, bool is_there);

    dns::Name network_;
    std::size_t network_labels_ = 0;
    DnsMode mode_ = DnsMode::full;
    std::uint32_t ttl_ = 5;
    std::uint32_t negative_ttl_ = 5;
    std::vector<IpPrefix> reverse_subnets_;
    Shards<NameEntry> names_;
    Shards<AddressEntry> addresses_;
    std::shared_ptr<const std::vector<dns::Name>> record_owners_;  ///< shared: a zone is copied for each change
    std::size_t wildcards_ = 0;
};

/// The names under which an endpoint is known, each once. Text that is no name (which validation refuses) is passed
/// over.
std::vector<dns::Name> names_of_endpoint(const EndpointNames& endpoint);

}  // namespace nsr::resolver
