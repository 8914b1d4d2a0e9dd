// The limit for attach and detach: the netlink requests that a container on a bridge needs, and nothing else.
//
//     nsr_bare_attach BRIDGE COUNT            prints `attach_us detach_us`, one line each time
//     nsr_bare_attach BRIDGE COUNT at-once    a process each, all at once: prints the time of one on average, one line
//
// attach: a namespace kept by a bind mount, a veth pair made straight into it as a port of the bridge, loopback up, an
// address, a default route. detach: the port leaves the bridge, the namespace is let go.

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

/// A request that grows; attributes may nest.
class Request {
public:
    template <typename Body>
    Request(std::uint16_t type, unsigned flags, const Body& body) : bytes_(NLMSG_HDRLEN) {
        header().nlmsg_type = type;
        header().nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
        append(&body, sizeof body);
    }

    Request& add(unsigned type, const void* value, std::size_t size) {
        const rtattr attribute{static_cast<std::uint16_t>(RTA_LENGTH(size)), static_cast<std::uint16_t>(type)};
        append(&attribute, sizeof attribute);
        append(value, size);
        return *this;
    }
    template <typename Value>
    Request& add(unsigned type, const Value& value) {
        return add(type, &value, sizeof value);
    }
    Request& add(unsigned type, const std::string& text) { return add(type, text.c_str(), text.size() + 1); }

    std::size_t open(unsigned type) {
        const std::size_t start = bytes_.size();
        const rtattr attribute{0, static_cast<std::uint16_t>(type)};
        append(&attribute, sizeof attribute);
        return start;
    }
    void close(std::size_t start) {
        const auto size = static_cast<std::uint16_t>(bytes_.size() - start);
        std::memcpy(bytes_.data() + start, &size, sizeof size);
    }
    void append(const void* value, std::size_t size) {
        const auto* first = static_cast<const char*>(value);
        bytes_.insert(bytes_.end(), first, first + size);
        bytes_.resize(NLMSG_ALIGN(bytes_.size()));
    }

    /// Sends it and waits for the answer.
    void run(int socket, const char* what) {
        header().nlmsg_len = static_cast<std::uint32_t>(bytes_.size());
        ::send(socket, bytes_.data(), bytes_.size(), 0);
        std::array<char, 8192> reply{};
        ::recv(socket, reply.data(), reply.size(), 0);
        nlmsgerr error{};
        std::memcpy(&error, reply.data() + NLMSG_HDRLEN, sizeof error);
        if (error.error == 0) return;
        std::fprintf(stderr, "%s: %s\n", what, std::strerror(-error.error));
        std::exit(1);
    }

private:
    nlmsghdr& header() { return *reinterpret_cast<nlmsghdr*>(bytes_.data()); }
    std::vector<char> bytes_;
};

ifinfomsg link_body(int index, unsigned flags) {
    ifinfomsg body{};
    body.ifi_index = index;
    body.ifi_flags = flags;
    body.ifi_change = flags;
    return body;
}

void add_veth(int socket, const std::string& host_end, int bridge, int inside) {
    Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, link_body(0, IFF_UP));
    request.add(IFLA_IFNAME, host_end).add(IFLA_MASTER, bridge);
    const auto info = request.open(IFLA_LINKINFO);
    request.add(IFLA_INFO_KIND, "veth", 4);
    const auto data = request.open(IFLA_INFO_DATA);
    const auto peer = request.open(VETH_INFO_PEER);
    const auto body = link_body(0, 0);
    request.append(&body, sizeof body);
    request.add(IFLA_IFNAME, std::string("eth0")).add(IFLA_NET_NS_FD, inside);
    request.close(peer);
    request.close(data);
    request.close(info);
    request.run(socket, "veth");
}

void set_up_inside(int socket, in_addr address, in_addr gateway) {
    const int eth0 = static_cast<int>(::if_nametoindex("eth0"));
    Request(RTM_NEWLINK, 0, link_body(1, IFF_UP)).run(socket, "lo up");
    ifaddrmsg body{};
    body.ifa_family = AF_INET;
    body.ifa_prefixlen = 16;
    body.ifa_index = static_cast<unsigned>(eth0);
    Request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, body)
        .add(IFA_LOCAL, address)
        .add(IFA_ADDRESS, address)
        .run(socket, "address");
    Request(RTM_NEWLINK, 0, link_body(eth0, IFF_UP)).run(socket, "eth0 up");
    rtmsg route{};
    route.rtm_family = AF_INET;
    route.rtm_table = RT_TABLE_MAIN;
    route.rtm_protocol = RTPROT_BOOT;
    route.rtm_type = RTN_UNICAST;
    Request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route)
        .add(RTA_GATEWAY, gateway)
        .add(RTA_OIF, eth0)
        .run(socket, "route");
}

double microseconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

struct Place {
    int home;
    int socket;
    int bridge;
    in_addr gateway;
};

void attach(const Place& place, const std::string& path, const std::string& host_end, in_addr address) {
    ::close(::open(path.c_str(), O_CREAT | O_RDONLY | O_CLOEXEC, 0444));
    ::unshare(CLONE_NEWNET);
    ::mount("/proc/thread-self/ns/net", path.c_str(), nullptr, MS_BIND, nullptr);
    const int inside = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const int inner = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    add_veth(place.socket, host_end, place.bridge, inside);
    set_up_inside(inner, address, place.gateway);
    ::setns(place.home, CLONE_NEWNET);
    ::close(inner);
    ::close(inside);
}

void detach(const Place& place, const std::string& path, const std::string& host_end) {
    const int index = static_cast<int>(::if_nametoindex(host_end.c_str()));
    Request(RTM_NEWLINK, 0, link_body(index, 0)).add(IFLA_MASTER, 0).run(place.socket, "leave the bridge");
    ::umount2(path.c_str(), MNT_DETACH);
    ::unlink(path.c_str());
}

std::string path_of(int number) { return "/run/netns/bare" + std::to_string(number); }
std::string host_end_of(int number) { return "bare" + std::to_string(number); }
in_addr address_of(int number) { return {htonl(0x0ac90002 + static_cast<unsigned>(number))}; }

/// Runs `work` for each number in a process of its own; the microseconds until the last has ended.
template <typename Work>
double all_at_once(int count, const Work& work) {
    const auto start = std::chrono::steady_clock::now();
    // Other names than those of a run before, which may be on their way out.
    constexpr int kFirst = 1000;
    for (int number = kFirst; number < kFirst + count; ++number) {
        if (::fork() != 0) continue;
        work(number);
        ::_exit(0);
    }
    int status = 0;
    while (::wait(&status) > 0) {
        if (status != 0) std::exit(1);
    }
    return microseconds_since(start);
}

/// A socket each: the answers of several on one would be mixed.
Place with_own_socket(Place place) {
    place.socket = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    return place;
}

void measure_at_once(const Place& place, int count) {
    const double attached = all_at_once(count, [&place](int number) {
        attach(with_own_socket(place), path_of(number), host_end_of(number), address_of(number));
    });
    const double detached = all_at_once(
        count, [&place](int number) { detach(with_own_socket(place), path_of(number), host_end_of(number)); });
    std::printf("%.1f %.1f\n", attached / count, detached / count);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3 && argc != 4) return 2;
    const Place place{::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC),
                      ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE),
                      static_cast<int>(::if_nametoindex(argv[1])),
                      {htonl(0x0ac90001)}};  // 10.201.0.1
    const int count = std::atoi(argv[2]);
    if (argc == 4) {
        measure_at_once(place, count);
        return 0;
    }
    for (int i = 0; i < count; ++i) {
        auto start = std::chrono::steady_clock::now();
        attach(place, path_of(i), host_end_of(i), address_of(i));
        const double attached = microseconds_since(start);
        start = std::chrono::steady_clock::now();
        detach(place, path_of(i), host_end_of(i));
        std::printf("%.1f %.1f\n", attached, microseconds_since(start));
    }
    return 0;
}
