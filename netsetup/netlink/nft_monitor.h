#pragma once

#include <string>

#include "common/netns.h"
#include "common/result.h"
#include "common/unique_fd.h"

namespace nsr::net::netlink {

/// What happened to the tables of one name since one looked last.
struct TableEvents {
    unsigned transactions = 0;  ///< that changed something of a table of that name, whoever made them
    unsigned others = 0;        ///< that changed tables of other names only
    bool lost = false;          ///< the kernel had more to say than we have read (ENOBUFS): anything may have happened
};

/// Listens to the changes of all nftables of one namespace (the multicast group of `nft monitor`). The kernel queues an
/// event before it confirms the transaction that caused it, so whoever reads after a change of his own sees that one,
/// too.
class NftMonitor {
public:
    /// Listens in `netns` for tables called `table`, of every family.
    static Result<NftMonitor> open_in(const NetNs& netns, std::string table);

    /// Becomes readable when something happened; for a reactor.
    int fd() const { return fd_.get(); }

    /// Everything since the last call; never waits.
    TableEvents read();

private:
    NftMonitor(UniqueFd fd, std::string table) : fd_(std::move(fd)), table_(std::move(table)) {}
    void count(const void* data, std::size_t size, TableEvents& events);

    UniqueFd fd_;
    std::string table_;
    bool touched_ = false;  ///< by the transaction whose end has not been read yet
};

}  // namespace nsr::net::netlink
