#include "netsetup/proxy/host_socket.h"

#include <fmt/format.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>

#include "common/fault.h"

namespace nsr::net {
namespace {

constexpr int kBacklog = 4096;  // as Go's listeners; the kernel cuts it to somaxconn

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

SocketAddress socket_address(const IpAddress& address, std::uint16_t port) {
    SocketAddress made;
    if (address.is_v4()) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        std::ranges::copy(address.bytes(), reinterpret_cast<std::uint8_t*>(&v4.sin_addr));
        std::memcpy(&made.storage, &v4, made.size = sizeof v4);
        return made;
    }
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::ranges::copy(address.bytes(), v6.sin6_addr.s6_addr);
    std::memcpy(&made.storage, &v6, made.size = sizeof v6);
    return made;
}

/// strerror() as Go words it.
std::string reason_of(int number) {
    std::string reason = std::strerror(number);
    reason[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(reason[0])));
    return reason;
}

std::unexpected<Error> refuse(const char* what, const HostPort& port, int number) {
    return fail(number == EADDRINUSE ? Errc::conflict : Errc::system,
                fmt::format("failed to {} {}: {}", what, text_of(port), reason_of(number)));
}

void turn_on(const UniqueFd& socket, int level, int option) {
    const int on = 1;
    (void)::setsockopt(socket.get(), level, option, &on, sizeof on);
}

/// A socket that only holds its port takes nothing in: what comes past the rules is dropped before it gets here. TCP
/// hears more, see refuse_connections().
void take_nothing(const UniqueFd& socket) {
    sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
    const sock_fprog program{.len = 1, .filter = &drop};
    (void)::setsockopt(socket.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

/// A port that is bound and does not listen is as closed as a free one: who connects is refused at once. That it has
/// listened is what keeps other programs from binding it: since then the kernel compares each newcomer with this
/// socket, which shares with nobody from now on.
void refuse_connections(const UniqueFd& socket) {
    const int off = 0;
    (void)::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &off, sizeof off);
    (void)::shutdown(socket.get(), SHUT_RDWR);
}

/// A listener of a former run may have left connections that end slowly; two listeners exclude each other all the same.
void prepare(const UniqueFd& socket, const HostPort& port, SocketUse use) {
    if (port.address.is_v6()) turn_on(socket, IPPROTO_IPV6, IPV6_V6ONLY);
    if (port.protocol == registry::Protocol::tcp) turn_on(socket, SOL_SOCKET, SO_REUSEADDR);
    if (use == SocketUse::hold) return take_nothing(socket);
    if (port.protocol == registry::Protocol::udp) {
        turn_on(socket, IPPROTO_IP, IP_PKTINFO);
        if (port.address.is_v6()) turn_on(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO);
    }
}

}  // namespace

std::string text_of(const HostPort& port) {
    constexpr std::array kNames{"tcp", "udp", "sctp"};
    return fmt::format(fmt::runtime(port.address.is_v4() ? "{}:{}/{}" : "[{}]:{}/{}"), port.address.text(), port.port,
                       kNames[static_cast<std::size_t>(port.protocol)]);
}

bool has_ipv6_sockets() {
    const UniqueFd socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return socket || errno != EAFNOSUPPORT;
}

Result<UniqueFd> open_host_socket(const HostPort& port, SocketUse use) {
    const int family = port.address.is_v4() ? AF_INET : AF_INET6;
    const bool is_datagram = port.protocol == registry::Protocol::udp;
    const int protocol = port.protocol == registry::Protocol::sctp ? IPPROTO_SCTP : 0;
    UniqueFd socket(
        fault::fails("port socket", EMFILE)
            ? -1
            : ::socket(family, (is_datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
    if (!socket) return refuse("create socket for", port, errno);
    prepare(socket, port, use);
    const SocketAddress address = socket_address(port.address, port.port);
    if (fault::fails("port bind", EADDRINUSE) ||
        ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0) {
        return refuse("bind host port", port, errno);
    }
    if (port.protocol != registry::Protocol::tcp) return socket;
    if (fault::fails("port listen", EADDRINUSE) || ::listen(socket.get(), kBacklog) != 0) {
        return refuse("bind host port", port, errno);
    }
    if (use == SocketUse::hold) refuse_connections(socket);
    return socket;
}

}  // namespace nsr::net
