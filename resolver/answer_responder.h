#pragma once

#include <optional>
#include <span>

#include "resolver/answer_lookup.h"
#include "resolver/dns/reply.h"

namespace nsr::resolver {

/// One query on its way to an answer. Lives on the stack of answer(). The order of what is tried is in answer.cpp; what
/// is said of names, their records, reverse names and services has a file each.
class Responder {
public:
    Responder(dns::Bytes datagram, const Snapshot& snapshot, const View& view, FastRandom& random,
              const dns::Query& query, std::size_t limit, dns::Buffer out, Trace* trace)
        : snapshot_(snapshot),
          view_(view),
          random_(random),
          query_(query),
          name_(&query.name),
          hash_(query.hash),
          over_tcp_(limit == dns::kMessageMax),
          trace_(trace),
          reply_(datagram, query, limit, out) {}

    Outcome run();

private:
    // answer.cpp: what is tried, and how it ends
    std::optional<Outcome> answer_once();
    Outcome ask_outside();
    Outcome give_up(const char* why);
    Outcome positive(bool whole);
    Outcome negative(dns::Rcode rcode, dns::Reply::Offset soa_owner, std::uint32_t ttl);
    void take_back_all() { reply_.take_back({dns::kHeaderSize + query_.question_size, {}}); }

    // answer_name.cpp
    std::optional<Outcome> answer_name();
    std::optional<Outcome> answer_match(const Match& match, const Match& first);
    bool add_cname(const StoredRecord& cname);
    void note_unsaid(const Match& first) const;
    void note_said(const Match& match) const;

    // answer_records.cpp: each of add_* is false if what it adds does not fit
    bool has_data(const NameEntry& entry) const;
    bool add_data(const Match& match);
    template <std::size_t Size>
    bool add_addresses(dns::RrType type, std::span<const std::array<std::uint8_t, Size>> addresses, std::uint32_t ttl);
    bool add_records(const NameEntry& entry, dns::RrType type);
    void add_addresses_of_targets(const NameEntry& entry);
    bool add_addresses_of(const dns::Name& target);

    // answer_reverse.cpp
    std::optional<Outcome> answer_pointer();
    std::optional<Outcome> deny_reverse();
    dns::Reply::Offset reverse_owner(const IpPrefix& subnet) const;

    // answer_service.cpp
    std::optional<Outcome> answer_service();
    std::optional<Outcome> answer_protocol(std::size_t base);
    bool add_services(const Match& match, const dns::Name& service);

    /// With a trace only: the text alone is an allocation.
    void note(std::string text) const { trace_->push_back(std::move(text)); }
    Lookup lookup() const { return {snapshot_, view_, trace_}; }

    const Snapshot& snapshot_;
    const View& view_;
    FastRandom& random_;
    const dns::Query& query_;
    // The name that is looked up: the question's, or the target of a CNAME record, and where it stands in the reply.
    const dns::Name* name_;
    std::uint64_t hash_;
    dns::Reply::Offset owner_ = dns::Reply::kQuestionName;
    unsigned cnames_ = 0;
    bool is_cname_ = false;  // of the last lookup
    bool over_tcp_;
    Trace* trace_;
    dns::Reply reply_;
};

}  // namespace nsr::resolver
