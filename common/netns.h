#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "common/result.h"
#include "common/unique_fd.h"

namespace nsr {

/// A handle on a network namespace (an open file of nsfs), which keeps it alive.
///
/// A thread enters a namespace only to open handles there, with call(): sockets, netlink sockets, nftables contexts
/// and files under /proc/sys/net stay bound to the namespace where they were opened and are used from home ever
/// after. See namespaces(7), setns(2).
class NetNs {
public:
    /// The namespace of the calling thread (/proc/thread-self/ns/net: /proc/self would be the main thread's).
    static Result<NetNs> current();

    /// By path: a bind mount, /proc/PID/ns/net. Errc::not_found if there is none, Errc::invalid if it is no network
    /// namespace.
    static Result<NetNs> open(const std::string& path);

    /// A new, empty namespace; the calling thread stays where it is.
    static Result<NetNs> create();

    int fd() const { return fd_.get(); }

    /// Which namespace this is: equal for two handles on the same one as long as it lives (inode number of nsfs).
    std::uint64_t inode() const { return inode_; }

    Result<NetNs> duplicate() const;

    /// Runs `function` on this thread inside the namespace and comes back, whatever happens. If the way back fails the
    /// process is aborted: a thread lost in a foreign namespace must not go on. `function` must not start threads
    /// (they would stay there). Costs about 2 us. If the namespace cannot be entered the failure is returned, so
    /// `function` returns a Result itself.
    template <std::invocable Function>
    std::invoke_result_t<Function> call(Function&& function) const {
        auto home = enter();
        if (!home) return std::unexpected(std::move(home).error());
        const Return back{std::move(*home)};
        return std::forward<Function>(function)();
    }

private:
    /// Goes back to a namespace at the end of a scope, or aborts.
    struct Return {
        UniqueFd home;
        ~Return();
    };

    NetNs(UniqueFd fd, std::uint64_t inode) : fd_(std::move(fd)), inode_(inode) {}
    Result<UniqueFd> enter() const;

    UniqueFd fd_;
    std::uint64_t inode_ = 0;
};

}  // namespace nsr
