#pragma once

#include <array>
#include <cstring>

#include "resolver/dns/query.h"

namespace nsr::dns {

/// Writes a reply to a query into a buffer, section after section: the question is copied byte for byte, records
/// follow, finish() adds the OPT and the header. Room for the OPT is reserved from the start. A record that does not
/// fit is not written and says so; what was written since a mark can be taken back, so that an RRset is whole or
/// absent.
class Reply {
public:
    /// Where an owner name stands: an offset into the message, written as a compression pointer.
    using Offset = std::uint16_t;
    static constexpr Offset kQuestionName = kHeaderSize;

    enum class Section : std::uint8_t { answer, authority, additional };

    /// `limit` is at most out.size(). With a question_size of 0 in `query` the reply is a header alone.
    Reply(Bytes datagram, const Query& query, std::size_t limit, Buffer out);

    /// One record with RDATA as it is. False if it does not fit.
    bool add(Section section, Offset owner, RrType type, std::uint32_t ttl, Bytes data);
    /// The same with an owner that is written out.
    bool add_named(Section section, const Name& owner, RrType type, std::uint32_t ttl, Bytes data);
    /// RDATA that is `prefix` (up to 6 bytes) and an uncompressed name: PTR, CNAME, SRV, MX.
    bool add_target(Section section, Offset owner, RrType type, std::uint32_t ttl, Bytes prefix, const Name& target);
    /// SOA of a zone whose apex is at `owner`, for negative answers (RFC 2308).
    bool add_soa(Offset owner, std::uint32_t ttl);

    struct Mark {
        std::size_t size;
        std::array<std::uint16_t, 3> counts;
    };
    Mark mark() const { return {size_, counts_}; }
    void take_back(const Mark& mark) {
        size_ = mark.size;
        counts_ = mark.counts;
    }

    void truncate() { truncated_ = true; }
    void set_ede(Ede ede) { ede_ = ede; }
    /// RA is set by default; replies that are no answers of a resolver (FORMERR, NOTIMP) leave it out (D-103, D-104).
    void without_ra() { ra_ = 0; }

    std::uint16_t answers() const { return counts_[0]; }
    /// Where the data of the last record stands: the owner of the next one, if that was a CNAME.
    Offset last_data() const { return last_data_; }

    /// Writes OPT and header; returns the size of the message.
    std::size_t finish(Rcode rcode);

private:
    std::uint8_t* begin_record(Section section, std::size_t owner_size, RrType type, std::uint32_t ttl,
                               std::size_t data_size);
    void write_opt(Rcode rcode);

    const Query& query_;
    Buffer out_;
    std::size_t limit_;  ///< less the room for the OPT
    std::size_t size_ = kHeaderSize;
    Offset last_data_ = 0;
    std::array<std::uint16_t, 3> counts_{};
    bool truncated_ = false;
    std::uint16_t ra_ = kFlagRa;
    Ede ede_ = Ede::none;
};

}  // namespace nsr::dns
