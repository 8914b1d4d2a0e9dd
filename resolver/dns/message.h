#pragma once

#include <cstdint>
#include <optional>

#include "resolver/dns/query.h"

namespace nsr::dns {

/// What a message that came back says in its header and question.
struct ReplyFacts {
    Rcode rcode = Rcode::noerror;  ///< without the upper bits of an OPT
    bool truncated = false;
    std::uint16_t answers = 0;
};

/// Whether a datagram is a reply to this question: QR, opcode QUERY, the id that was sent, and the same question
/// (without regard to case; RFC 5452 §9.1). nullopt if not: ignore it and wait on (D-75, D-76).
std::optional<ReplyFacts> match_reply(Bytes reply, std::uint16_t id, const Query& query);

/// Whether every record of a message can be read, and the name of its owner through all pointers.
bool is_readable(Bytes message);

/// Writes the query that goes to an upstream: the client's header flags, question and EDNS facts (size, version, DO),
/// under another id. Options of the client (its cookie is ours) are not passed on. `datagram` is the client's. Returns
/// the size.
std::size_t write_upstream_query(Bytes datagram, const Query& query, std::uint16_t id, Buffer out);

/// Writes what the client gets of a reply that match_reply() took: id and question as the client sent them (0x20), RA
/// set, OPT only if the client sent one, at most `limit` bytes: if it does not fit, records are left out by whole
/// sections' RRsets from the end, with TC. nullopt if the reply is malformed. `out` has at least `limit` bytes; names
/// of the reply are copied as they are, since compression pointers keep their meaning: the question stands where it
/// stood.
std::optional<std::size_t> write_client_reply(Bytes reply, Bytes client_datagram, const Query& query, std::size_t limit,
                                              Buffer out);

/// One record of a message.
struct RecordView {
    std::size_t start = 0;  ///< of its owner name
    std::size_t fixed = 0;  ///< of its type
    std::size_t data = 0;
    std::size_t data_size = 0;
    unsigned section = 0;  ///< 0 answer, 1 authority, 2 additional

    std::size_t end() const { return data + data_size; }
};

/// Walks over the records of a message, lazily and within bounds.
class RecordWalk {
public:
    /// Stands before the first record, behind the question section. Not ok() if the question is malformed.
    explicit RecordWalk(Bytes message);
    /// The next record; nullopt at the end, or when the message is malformed (then ok() is false).
    std::optional<RecordView> next();
    bool ok() const { return ok_; }

private:
    Bytes message_;
    std::size_t at_ = kHeaderSize;
    std::uint16_t left_[3] = {};
    bool ok_ = true;
};

inline RrType record_type(Bytes message, const RecordView& record) { return RrType{read16(&message[record.fixed])}; }
inline std::uint32_t record_ttl(Bytes message, const RecordView& record) { return read32(&message[record.fixed + 4]); }

}  // namespace nsr::dns
