#include "netsetup/proxy/listen.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

#include "netsetup/proxy/address.h"

namespace nsr::net {
namespace {

constexpr int kBacklog = 512;  // connections that wait to be accepted; the kernel caps it at net.core.somaxconn

struct Kind {
    const char* name;
    int type;
    int protocol;
};

Kind kind_of(registry::Protocol protocol) {
    switch (protocol) {
        case registry::Protocol::udp:
            return {"udp", SOCK_DGRAM, IPPROTO_UDP};
        case registry::Protocol::sctp:
            return {"sctp", SOCK_STREAM, IPPROTO_SCTP};
        case registry::Protocol::tcp:
            break;
    }
    return {"tcp", SOCK_STREAM, IPPROTO_TCP};
}

/// strerror's text as Go words it: in lower case.
std::string reason(int number) {
    std::string text = std::strerror(number);
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (number == EADDRNOTAVAIL) text = "cannot assign requested address";
    return text;
}

bool set(int fd, int level, int option) {
    const int on = 1;
    return ::setsockopt(fd, level, option, &on, sizeof on) == 0;
}

/// What each kind of socket needs before it is bound.
bool prepare(int fd, registry::Protocol protocol, const IpAddress& address) {
    if (address.is_v6() && !set(fd, IPPROTO_IPV6, IPV6_V6ONLY)) return false;
    // A port whose last connections are in TIME_WAIT is free.
    if (protocol != registry::Protocol::udp) return set(fd, SOL_SOCKET, SO_REUSEADDR);
    // Replies leave from the address that the client has asked, also of a socket for all addresses.
    return address.is_v6() ? set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO) : set(fd, IPPROTO_IP, IP_PKTINFO);
}

}  // namespace

std::string host_port_text(const IpAddress& address, std::uint16_t port) {
    const std::string text = address.text();
    return (address.is_v6() ? "[" + text + "]" : text) + ":" + std::to_string(port);
}

Result<UniqueFd> hold_port(registry::Protocol protocol, const IpAddress& address, std::uint16_t port) {
    const Kind kind = kind_of(protocol);
    const std::string what = host_port_text(address, port) + "/" + kind.name;
    UniqueFd fd(
        ::socket(address.is_v6() ? AF_INET6 : AF_INET, kind.type | SOCK_NONBLOCK | SOCK_CLOEXEC, kind.protocol));
    if (!fd) return fail(Errc::unsupported, "failed to create socket for " + what + ": " + reason(errno));

    const SocketAddress target = socket_address(address, port);
    if (!prepare(fd.get(), protocol, address) || ::bind(fd.get(), target.get(), target.size) != 0 ||
        (protocol != registry::Protocol::udp && ::listen(fd.get(), kBacklog) != 0)) {
        return fail(Errc::conflict, "failed to bind host port " + what + ": " + reason(errno));
    }
    return fd;
}

}  // namespace nsr::net
