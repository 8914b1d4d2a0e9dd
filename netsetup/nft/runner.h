#pragma once

#include <memory>
#include <string>

#include "common/netns.h"
#include "common/result.h"

struct nft_ctx;

namespace nsr::net {

/// A libnftables context: runs command text as one transaction in the namespace where it was opened.
///
/// It holds 129 KiB, so none is kept per container. Closing one that has deleted something waits 15 to 30 ms for the
/// kernel's clean-up.
class Nft {
public:
    /// Opened in the calling thread's namespace.
    static Result<Nft> open();
    /// Opened in `sandbox`.
    static Result<Nft> open_in(const NetNs& sandbox);

    /// All commands of `text`, or none. Failures carry the kernel's words: Errc::conflict if something exists already
    /// (`create`), Errc::not_found if something does not, else Errc::system.
    Result<> run(const std::string& text);

    /// What `list WHAT` prints ("chains"); with handles if wanted. Empty if there is no such thing.
    Result<std::string> list(const std::string& what, bool with_handles = false);

    /// What `list table FAMILY NAME` prints (`table`: "inet ns-register"), without handles; empty if there is no such
    /// table.
    Result<std::string> list_table(const std::string& table);

private:
    struct Free {
        void operator()(nft_ctx* context) const;
    };

    explicit Nft(nft_ctx* context) : context_(context) {}
    std::unique_ptr<nft_ctx, Free> context_;
};

}  // namespace nsr::net
