#pragma once

#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resolver/answer.h"
#include "resolver/zone/book.h"
#include "tests/support/dns_packet.h"

namespace nsr::resolver {

using testing::Ask;
using testing::query_packet;

inline constexpr unsigned kNoError = 0, kFormErr = 1, kServFail = 2, kNxDomain = 3, kNotImp = 4, kRefused = 5,
                          kBadVers = 16;
inline constexpr unsigned kA = 1, kPtr = 12, kMx = 15, kAaaa = 28, kSrv = 33, kAny = 255;
inline constexpr unsigned kQr = 0x8000, kAa = 0x0400, kTc = 0x0200, kRd = 0x0100, kRa = 0x0080, kZ = 0x0040,
                          kCd = 0x0010;

/// The networks and containers of the catalogue's examples; the asker is "cl".
class AnswerTest : public ::testing::Test {
protected:
    AnswerTest() : book_(ServiceTable("http\t80/tcp www # web\ndomain 53/udp\n")) {
        add_network("n1", "10.77.0.0/24");
        add_network("n2", "10.78.0.0/24");
        add("n1", "web1", "10.77.0.11", {"frontend", "Mixed-Case", "0123456789ab"});
        add("n1", "web2", "10.77.0.12", {"frontend"}, {{80, registry::Protocol::tcp}});
        add("n1", "dotted.name", "10.77.0.13", {"a_b"});
        add("n1", "stopped", "", {"old"});
        add("n1", "cl", "10.77.0.20");
        add("n2", "other", "10.78.0.11");
        view({"n1"});
    }

    void add_network(const std::string& name, const std::string& subnet) {
        ZoneSpec zone;
        zone.network_id = zone.network_name = name;
        if (!subnet.empty()) zone.reverse_subnets.push_back(*IpPrefix::parse(subnet));
        zones_[name] = zone;
        book_.put_network(zone);
    }

    void add(const std::string& network, const std::string& name, const std::string& address,
             std::vector<std::string> names = {}, std::vector<registry::PortProto> ports = {}) {
        EndpointNames endpoint;
        endpoint.container_id = endpoint.container_name = name;
        endpoint.names = std::move(names);
        endpoint.ports = std::move(ports);
        if (const auto parsed = IpAddress::parse(address)) (parsed->is_v4() ? endpoint.ipv4 : endpoint.ipv6) = parsed;
        book_.put_endpoint(network, endpoint);
    }

    void record(const std::string& network, const std::string& name, const std::string& type, const std::string& data) {
        zones_[network].records.push_back({network, name, type, data, std::nullopt});
        book_.put_network(zones_[network]);
    }

    void view(const std::vector<std::string>& networks) {
        spec_.container_id = "cl";
        spec_.networks.clear();
        for (const auto& network : networks) spec_.networks.push_back({network, {}});
    }

    /// What becomes of a datagram.
    Outcome decide(const testing::Packet& packet, dns::Transport transport = dns::Transport::udp) {
        book_.put_view(spec_);
        snapshot_.apply(book_.take_changes());
        return answer(packet, transport, snapshot_, book_.view_slot("cl"), random_, out_, query_);
    }

    testing::Reply ask(const Ask& ask, dns::Transport transport = dns::Transport::udp) {
        const Outcome outcome = decide(query_packet(ask), transport);
        if (outcome.verdict == Verdict::forward || outcome.verdict == Verdict::drop) return {};
        auto reply = testing::parse_reply({out_.begin(), out_.begin() + static_cast<long>(outcome.size)});
        EXPECT_TRUE(reply.ok) << "the reply does not parse";
        return reply;
    }

    testing::Reply ask(const std::string& name, unsigned type = kA) {
        return ask(Ask{.name = name, .type = static_cast<std::uint16_t>(type), .options = {}});
    }

    bool is_forwarded(const std::string& name, unsigned type = kA) {
        return decide(query_packet({.name = name, .type = static_cast<std::uint16_t>(type), .options = {}})).verdict ==
               Verdict::forward;
    }

    Book book_;
    std::map<std::string, ZoneSpec> zones_;
    ViewSpec spec_;
    Snapshot snapshot_;
    FastRandom random_{1};
    std::vector<std::uint8_t> out_ = std::vector<std::uint8_t>(dns::kMessageMax);
    dns::Query query_;
};

}  // namespace nsr::resolver
