#pragma once

#include <netlink/netlink.h>

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/netns.h"
#include "common/result.h"
#include "netsetup/netlink/message.h"

namespace nsr::net::netlink {

/// What the kernel said instead of yes.
struct Refusal {
    int number;        ///< errno
    std::string text;  ///< the kernel's own explanation (extended ack), or strerror
};

/// The outcome of one request. Callers look at the number where a refusal is expected (EEXIST), and turn the rest into
/// an Error with refuse().
using Reply = std::expected<void, Refusal>;

/// "`what`: `text`" as Errc::system.
std::unexpected<Error> refuse(const std::string& what, const Refusal& refusal);

/// What is asked by a socket.
enum class Subsystem { route, netfilter };

/// A netlink socket. It stays bound to the namespace in which it was opened, wherever its user is.
class Socket {
public:
    /// Opened in the calling thread's namespace.
    static Result<Socket> open(Subsystem subsystem = Subsystem::route);
    /// Opened in `sandbox`.
    static Result<Socket> open_in(const NetNs& sandbox, Subsystem subsystem = Subsystem::route);

    /// Sends one request and waits for the kernel's answer; `on_message` sees every message that answers it (one for a
    /// get, many for a dump).
    Reply exchange(Message request, const std::function<void(nlmsghdr*)>& on_message = {});

    /// Sends several requests in one go, of which the kernel does all or none (nfnetlink's batches), and waits for the
    /// answer to the one before the last, which closes the batch. The first refusal counts.
    Reply exchange_batch(std::vector<Message> requests);

    /// What `collect` makes of the messages that answer a dump. A list that changed under our reading is read again.
    template <typename T, typename Collect>
    Result<std::vector<T>> dump(const std::string& what, const std::function<Message()>& request, Collect collect) {
        for (int tries = 1;; ++tries) {
            std::vector<T> items;
            const Reply reply = exchange(request(), [&](nlmsghdr* answer) { collect(answer, items); });
            if (reply) return items;
            if (!is_interrupted(reply) || tries == kDumpTries) return refuse(what, reply.error());
        }
    }

private:
    static constexpr int kDumpTries = 5;

    struct Free {
        void operator()(nl_sock* socket) const { nl_socket_free(socket); }
    };

    static bool is_interrupted(const Reply& reply);
    explicit Socket(nl_sock* socket) : socket_(socket) {}
    Reply receive(const std::function<void(nlmsghdr*)>& on_message);
    bool is_ours(const nlmsghdr& answer) const;

    std::unique_ptr<nl_sock, Free> socket_;
    std::uint32_t sequence_ = 0;        ///< whose answer ends the waiting
    std::uint32_t first_sequence_ = 0;  ///< of the same batch
};

}  // namespace nsr::net::netlink
