#include "resolver/server/sockets.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <string>

#include "common/fault.h"
#include "resolver/resolver.h"

namespace nsr::resolver {
namespace {

sockaddr_in server_address(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, kServerAddress, &address.sin_addr);
    return address;
}

Result<> set_option(int fd, int level, int option, int value, const char* what) {
    if (fault::fails("resolver socket option", ENOMEM) || ::setsockopt(fd, level, option, &value, sizeof value) != 0) {
        return fail_errno(what);
    }
    return {};
}

Result<> bind_to(int fd, std::uint16_t port) {
    const sockaddr_in address = server_address(port);
    if (fault::fails("resolver bind", EADDRINUSE) ||
        ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return fail_errno(std::string("bind ") + kServerAddress + ":" + std::to_string(port));
    }
    return {};
}

Result<UniqueFd> open_udp() {
    UniqueFd fd(
        fault::fails("resolver socket", EMFILE) ? -1 : ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return fail_errno("open a UDP socket");
    if (auto set = set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1, "share a UDP port"); !set) {
        return fail(std::move(set).error());
    }
    // SO_RCVBUFFORCE goes above net.core.rmem_max, which containers' hosts often keep small; it needs CAP_NET_ADMIN.
    if (!set_option(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, kUdpReceiveBuffer, "")) {
        if (auto set = set_option(fd.get(), SOL_SOCKET, SO_RCVBUF, kUdpReceiveBuffer, "size a UDP buffer"); !set) {
            return fail(std::move(set).error());
        }
    }
    if (auto bound = bind_to(fd.get(), kHiddenUdpPort); !bound) return fail(std::move(bound).error());
    return fd;
}

Result<UniqueFd> open_tcp() {
    UniqueFd fd(fault::fails("resolver socket", EMFILE)
                    ? -1
                    : ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return fail_errno("open a TCP socket");
    // A restarted server must not wait for connections in TIME_WAIT.
    if (auto set = set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1, "reuse a TCP port"); !set) {
        return fail(std::move(set).error());
    }
    if (auto bound = bind_to(fd.get(), kHiddenTcpPort); !bound) return fail(std::move(bound).error());
    if (fault::fails("resolver listen", EADDRINUSE) || ::listen(fd.get(), kTcpBacklog) != 0)
        return fail_errno("listen for TCP");
    return fd;
}

Result<ListenerSockets> open_here(unsigned workers) {
    ListenerSockets sockets;
    for (unsigned worker = 0; worker < workers; ++worker) {
        auto udp = open_udp();
        if (!udp) return fail(std::move(udp).error());
        sockets.udp.push_back(std::move(*udp));
        // From the first member on the group has its program, so no query goes astray while it grows.
        if (worker == 0) {
            if (auto steered = steer_by_cpu(sockets.udp[0].get(), workers, std::nullopt); !steered) {
                return fail(std::move(steered).error());
            }
        }
    }
    // After the others: the program chooses among the first `workers`.
    auto replies = open_udp();
    if (!replies) return fail(std::move(replies).error());
    sockets.replies = std::move(*replies);
    auto tcp = open_tcp();
    if (!tcp) return fail(std::move(tcp).error());
    sockets.tcp = std::move(*tcp);
    return sockets;
}

}  // namespace

// Classic BPF, socket(7): the program returns the index of a member of the group.
Result<> steer_by_cpu(int fd, unsigned workers, const std::optional<Redirect>& redirect) {
    const Redirect led = redirect.value_or(Redirect{});  // at rest worker 0 is led to itself
    std::array<sock_filter, 5> code{{
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_CPU)},
        {BPF_ALU | BPF_MOD | BPF_K, 0, 0, workers},
        {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, led.from},
        {BPF_RET | BPF_A, 0, 0, 0},
        {BPF_RET | BPF_K, 0, 0, led.to},
    }};
    const sock_fprog program{code.size(), code.data()};
    if (fault::fails("resolver steering", ENOMEM) ||
        ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) != 0) {
        return fail_errno("steer queries by CPU");
    }
    return {};
}

Result<ListenerSockets> open_listeners(const NetNs& sandbox, unsigned workers) {
    return sandbox.call([workers] { return open_here(workers); });
}

}  // namespace nsr::resolver
