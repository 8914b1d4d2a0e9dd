#include "netsetup/announce.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/fault.h"
#include "common/log.h"
#include "netsetup/netlink/link.h"
#include "netsetup/netlink/neighbour.h"

namespace nsr::net {
namespace {

using Frame = std::vector<std::uint8_t>;
using Bytes = std::span<const std::uint8_t>;

constexpr std::array<std::uint8_t, 6> kEverybody{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr std::array<std::uint8_t, 6> kAllNodesMac{0x33, 0x33, 0, 0, 0, 1};
constexpr std::array<std::uint8_t, 16> kAllNodes{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

void add(Frame& frame, Bytes bytes) { frame.insert(frame.end(), bytes.begin(), bytes.end()); }
void add(Frame& frame, std::initializer_list<std::uint8_t> bytes) { frame.insert(frame.end(), bytes); }

/// RFC 1071, of whole 16-bit words.
std::uint16_t checksum(std::initializer_list<Bytes> parts) {
    std::uint32_t sum = 0;
    for (const Bytes& part : parts) {
        for (std::size_t at = 0; at + 1 < part.size(); at += 2) {
            sum += static_cast<std::uint32_t>(part[at] << 8U | part[at + 1]);
        }
    }
    while (sum >> 16U != 0) sum = (sum & 0xffffU) + (sum >> 16U);
    return static_cast<std::uint16_t>(~sum & 0xffffU);
}

Frame gratuitous_arp(const IpAddress& address, const MacAddress& mac) {
    Frame frame;
    add(frame, kEverybody);
    add(frame, mac.bytes());
    add(frame, {0x08, 0x06, 0, 1, 0x08, 0x00, 6, 4, 0, 1});  // ARP; Ethernet, IPv4, a request
    add(frame, mac.bytes());
    add(frame, address.bytes());
    add(frame, {0, 0, 0, 0, 0, 0});
    add(frame, address.bytes());
    return frame;
}

Frame neighbour_advertisement(const IpAddress& address, const MacAddress& mac) {
    Frame body{136, 0, 0, 0, 0x20, 0, 0, 0};  // of type 136, to override
    add(body, address.bytes());
    add(body, {2, 1});  // target link-layer address
    add(body, mac.bytes());
    const std::array<std::uint8_t, 8> pseudo{0, 0, 0, static_cast<std::uint8_t>(body.size()), 0, 0, 0, 58};
    const std::uint16_t sum = checksum({address.bytes(), kAllNodes, pseudo, body});
    body[2] = static_cast<std::uint8_t>(sum >> 8U);
    body[3] = static_cast<std::uint8_t>(sum & 0xffU);

    Frame frame;
    add(frame, kAllNodesMac);
    add(frame, mac.bytes());
    // IPv6 with ICMPv6 and the hop limit 255, which no router can have let through.
    add(frame, {0x86, 0xdd, 0x60, 0, 0, 0, 0, static_cast<std::uint8_t>(body.size()), 58, 255});
    add(frame, address.bytes());
    add(frame, kAllNodes);
    add(frame, body);
    return frame;
}

/// It hears nothing: no protocol.
Result<UniqueFd> open_packet_socket() {
    UniqueFd opened(
        fault::fails("packet socket", EMFILE) ? -1 : ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!opened) return fail_errno("open a packet socket", errno);
    return opened;
}

Result<> send(const UniqueFd& socket, int link, const Frame& frame) {
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = link;
    to.sll_halen = 6;
    std::ranges::copy_n(frame.begin(), 6, to.sll_addr);
    const auto sent =
        ::sendto(socket.get(), frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    if (sent < 0) return fail_errno("send a frame", errno);
    return {};
}

void log_failure(const InterfaceSpec& spec, const Error& error) {
    spdlog::warn("event=address_not_announced interface={} err={}", log::quoted(spec.name),
                 log::quoted(error.message()));
}

Result<> send_inside(netlink::Socket& inside, const InterfaceSpec& spec) {
    const auto link = netlink::find_link(inside, spec.name);
    if (!link) return fail(link.error());
    if (!*link) return fail(Errc::not_found, "interface '" + spec.name + "' is gone");
    const auto socket = open_packet_socket();
    if (!socket) return fail(socket.error());
    for (const IpPrefix& address : spec.addresses) {
        if (auto sent = send(*socket, (*link)->index, announcement_of(address.address(), (*link)->mac)); !sent) {
            return sent;
        }
    }
    return {};
}

}  // namespace

std::vector<std::uint8_t> announcement_of(const IpAddress& address, const MacAddress& mac) {
    return address.is_v4() ? gratuitous_arp(address, mac) : neighbour_advertisement(address, mac);
}

std::vector<IpAddress> Announcer::moved(const InterfaceSpec& spec) {
    std::vector<IpAddress> addresses;
    auto& macs = macs_[spec.bridge];
    for (const IpPrefix& prefix : spec.addresses) {
        const IpAddress address = prefix.address();
        const bool usual = address.is_v4() && MacAddress::from_v4(address) == spec.mac;
        const auto known = macs.find(address);
        const bool has_moved = known != macs.end() ? known->second != spec.mac : address.is_v4() && !usual;
        if (has_moved) addresses.push_back(address);
        if (!usual) {
            macs[address] = spec.mac;
        } else if (known != macs.end()) {
            macs.erase(known);
        }
    }
    return addresses;
}

Result<> Announcer::announce(netlink::Socket& host, const InterfaceSpec& spec,
                             const std::vector<IpAddress>& addresses) {
    const auto bridge = netlink::find_link(host, spec.bridge);
    if (!bridge) return fail(bridge.error());
    if (!*bridge) return fail(Errc::not_found, "bridge '" + spec.bridge + "' is gone");
    if (!socket_) {
        auto opened = open_packet_socket();
        if (!opened) return fail(opened.error());
        socket_ = std::move(*opened);
    }
    for (const IpAddress& address : addresses) {
        // The host does not hear itself.
        const auto corrected = netlink::correct_neighbour(host, (*bridge)->index, address, spec.mac);
        if (!corrected && corrected.error().number != ENOENT) {
            return netlink::refuse("correct the neighbour '" + address.text() + "'", corrected.error());
        }
        // By the bridge and not by the new port, which forwards nothing for some milliseconds.
        if (auto sent = send(socket_, (*bridge)->index, announcement_of(address, spec.mac)); !sent) return sent;
    }
    return {};
}

void Announcer::attached(const NetNs& home, netlink::Socket& host, const InterfaceSpec& spec) {
    const auto addresses = moved(spec);
    if (addresses.empty()) return;
    const auto announced = home.call([&] { return announce(host, spec, addresses); });
    if (!announced) log_failure(spec, announced.error());
}

void announce_upper(netlink::Socket& inside, const InterfaceSpec& spec) {
    if (spec.upper->mode.starts_with("l3")) return;  // asks no neighbours
    if (auto sent = send_inside(inside, spec); !sent) log_failure(spec, sent.error());
}

}  // namespace nsr::net
