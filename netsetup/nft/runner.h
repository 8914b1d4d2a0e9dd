#pragma once

#include <memory>
#include <string>

#include "common/netns.h"
#include "common/result.h"

namespace nsr::net {

/// A libnftables context: runs command text as one transaction in the namespace where it was opened.
///
/// It has a thread of its own, with a table of descriptors of its own: libnftables waits with select(), which ends the
/// process where a descriptor is above 1023, and every container costs the daemon some six.
///
/// It holds 129 KiB, so none is kept per container. Closing one that has deleted something waits 15 to 30 ms for the
/// kernel's clean-up.
class Nft {
public:
    /// Opened in `sandbox`.
    static Result<Nft> open_in(const NetNs& sandbox);

    Nft(Nft&&) noexcept;
    Nft& operator=(Nft&&) noexcept;
    ~Nft();

    /// All commands of `text`, or none. Failures carry the kernel's words: Errc::conflict if something exists already
    /// (`create`), Errc::not_found if something does not, else Errc::system.
    Result<> run(const std::string& text);

    /// What `list WHAT` prints ("chains"); with handles if wanted. Empty if there is no such thing.
    Result<std::string> list(const std::string& what, bool with_handles = false);

    /// What `list table FAMILY NAME` prints (`table`: "inet ns-register"), without handles; empty if there is no such
    /// table.
    Result<std::string> list_table(const std::string& table);

private:
    class Thread;

    explicit Nft(std::unique_ptr<Thread> thread);
    std::unique_ptr<Thread> thread_;
};

}  // namespace nsr::net
