#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/netns.h"
#include "common/result.h"
#include "common/unique_fd.h"
#include "resolver/server/steering.h"

namespace nsr::resolver {

/// The listeners of one container.
struct ListenerSockets {
    std::vector<UniqueFd> udp;  ///< one per worker, in the order of the workers
    UniqueFd replies;           ///< what all workers send from
    UniqueFd tcp;
};

/// Receive buffer of a container's UDP socket: some 200 queries that arrive while its worker is busy elsewhere. The
/// kernel takes the memory only when they are there.
inline constexpr int kUdpReceiveBuffer = 256 * 1024;

/// Connections that wait to be accepted.
inline constexpr int kTcpBacklog = 64;

/// Binds the listeners of a container inside its namespace: 127.0.0.11, UDP port kHiddenUdpPort as a reuseport group
/// with a member per worker, and TCP port kHiddenTcpPort. A datagram goes to the member of the CPU it was sent on (over
/// the loopback it is received on the same one), so a query is answered where its asker runs, by the worker pinned
/// there.
///
/// Replies leave by one more member of the group, which gets no queries: for every datagram that leaves a socket that
/// somebody waits for (epoll), the kernel looks for those that wait to send, which costs 2 % of an answer.
Result<ListenerSockets> open_listeners(const NetNs& sandbox, unsigned workers);

/// Sets which member of the group of `fd` gets the queries of which CPU: worker and CPU of the same number (modulo the
/// workers) belong together, but for the redirect.
Result<> steer_by_cpu(int fd, unsigned workers, const std::optional<Redirect>& redirect);

}  // namespace nsr::resolver
