#include "netsetup/proxy/port_proxy.h"

#include <thread>

#include "netsetup/proxy/host_socket.h"
#include "tests/netns/netsetup/outside.h"

namespace nsr::net {
namespace {

using registry::Protocol;
using test::Background;
using test::run_command;

IpAddress address(const char* text) { return *IpAddress::parse(text); }

/// What a Python program prints in a namespace; `socket` is imported.
std::string python(const NetNs& netns, const std::string& program) {
    return run_command("timeout 10 python3 -c \"import socket\n" + program + "\" 2>&1", netns).output;
}

/// A network with no firewall of ours: only the proxy leads to the container 10.1.0.2.
class ProxyTest : public FirewallTest {
protected:
    void SetUp() override {
        FirewallTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        NSR_ASSERT_OK(kernel().ensure_bridge(bridge_spec(1)));
        web_.emplace(attach(interface_spec(1, 2)));
        host_.emplace(NetNs::current().value());
        restart({});
    }
    void TearDown() override {
        proxy_.reset();
        web_.reset();
        FirewallTest::TearDown();
    }
    void restart(const ProxyLimits& limits) {
        proxy_.reset();
        proxy_ = make_port_proxy(limits, counters_);
    }
    void lead(Protocol protocol, const char* host, std::uint16_t port, std::uint16_t to) {
        NSR_ASSERT_OK(proxy_->hold({protocol, address(host), port}));
        proxy_->carry({protocol, address(host), port}, {address("10.1.0.2"), to});
    }
    /// A UDP server in the container that answers each datagram with the client's port; ready when this returns.
    std::unique_ptr<Background> udp_server(unsigned port) {
        auto server = std::make_unique<Background>(
            "exec python3 -c \"import socket\ns = socket.socket(type=socket.SOCK_DGRAM); s.bind(('', " +
                std::to_string(port) +
                "))\nwhile True:\n  d, a = s.recvfrom(99); s.sendto(d + b' ' + a[0].encode(), a)\"",
            web());
        EXPECT_TRUE(run_command("for i in $(seq 2000); do ss -Hlun 'sport = :" + std::to_string(port) +
                                    "' | grep -q . && exit 0; done; exit 1",
                                web())
                        .ok());
        return server;
    }

    const NetNs& web() { return *web_; }
    const NetNs& host() { return *host_; }
    PortProxy& proxy() { return *proxy_; }
    ProxyCounters& counters() { return counters_; }

private:
    ProxyCounters counters_;
    std::optional<NetNs> web_;
    std::optional<NetNs> host_;
    std::unique_ptr<PortProxy> proxy_;
};

TEST_F(ProxyTest, CarriesTcpFromEverywhereToTheContainer) {
    const TellingServer server(web(), 80);
    lead(Protocol::tcp, "0.0.0.0", 8080, 80);
    lead(Protocol::tcp, "::", 8080, 80);
    EXPECT_EQ(ask(outside(), kHostOutside, 8080), "10.1.0.1") << "the container sees the host";
    EXPECT_EQ(ask(host(), "127.0.0.1", 8080), "10.1.0.1");
    EXPECT_EQ(ask(outside(), kHostOutside6, 8080), "10.1.0.1") << "IPv6 clients of an IPv4 container";
}

TEST_F(ProxyTest, HalfClosedConnectionsGoOnInTheOtherDirection) {
    const Background server(
        "exec python3 -c \"import socket\ns = socket.create_server(('', 80))\nwhile True:\n  c, a = s.accept()\n"
        "  n = 0\n  while d := c.recv(65536): n += len(d)\n  c.sendall(str(n).encode() * 3); c.close()\"",
        web());
    ASSERT_TRUE(run_command("for i in $(seq 2000); do ss -Hltn | grep -q :80 && exit 0; done; exit 1", web()).ok());
    lead(Protocol::tcp, "0.0.0.0", 8080, 80);
    EXPECT_EQ(
        python(outside(),
               "c = socket.create_connection(('198.51.100.1', 8080), 5)\nc.sendall(b'x' * 1000000)\n"
               "c.shutdown(socket.SHUT_WR)\nout = b''\nwhile d := c.recv(99): out += d\nprint(out.decode(), end='')"),
        "100000010000001000000");
}

TEST_F(ProxyTest, ClientOfASilentPortIsClosed) {
    lead(Protocol::tcp, "0.0.0.0", 8080, 81);
    EXPECT_EQ(ask(outside(), kHostOutside, 8080), "");
    EXPECT_EQ(counters().unreachable.value(), 1U);
}

TEST_F(ProxyTest, CarriesUdpAndAnswersFromTheAddressThatWasAsked) {
    ASSERT_TRUE(run_command("ip addr add 198.51.100.2/24 dev wan0").ok());
    const auto server = udp_server(53);
    lead(Protocol::udp, "0.0.0.0", 5353, 53);
    // A connected socket takes replies from that address only.
    const std::string ask_second =
        "s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(5); s.connect(('198.51.100.2', 5353))\n"
        "s.send(b'one'); print(s.recv(99).decode()); s.send(b'two'); print(s.recv(99).decode(), end='')";
    EXPECT_EQ(python(outside(), ask_second), "one 10.1.0.1\ntwo 10.1.0.1");
    EXPECT_EQ(counters().sessions.value(), 1U);
}

TEST_F(ProxyTest, SilentUdpClientsAreForgotten) {
    restart({.session_idle = std::chrono::milliseconds(50)});
    const auto server = udp_server(53);
    lead(Protocol::udp, "0.0.0.0", 5353, 53);
    const std::string ask_once =
        "s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(5); s.connect(('198.51.100.1', 5353))\n"
        "s.send(b'one'); print(s.recv(99).decode(), end='')";
    EXPECT_EQ(python(outside(), ask_once), "one 10.1.0.1");
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (counters().sessions.value() > 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    EXPECT_EQ(counters().sessions.value(), 0U);
    EXPECT_EQ(counters().carried.value(), 1U);
}

TEST_F(ProxyTest, OneSourceHoldsOnlyItsShareOfUdpSessions) {
    restart({.sessions_of_source = 2});
    const auto server = udp_server(53);
    lead(Protocol::udp, "0.0.0.0", 5353, 53);
    const std::string three_clients =
        "for i in range(3):\n  s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(0.5); "
        "s.connect(('198.51.100.1', 5353)); s.send(b'x')\n  try: s.recv(99); print('y', end='')\n"
        "  except TimeoutError: print('n', end='')";
    EXPECT_EQ(python(outside(), three_clients), "yyn");
    EXPECT_EQ(counters().limited.value(), 1U);
}

TEST_F(ProxyTest, TcpClientsBeyondTheLimitWaitForTheirTurn) {
    restart({.connections = 1});
    const TellingServer server(web(), 80);
    lead(Protocol::tcp, "0.0.0.0", 8080, 80);
    EXPECT_EQ(ask(outside(), kHostOutside, 8080), "10.1.0.1");
    EXPECT_EQ(ask(outside(), kHostOutside, 8080), "10.1.0.1");
    EXPECT_GE(counters().limited.value(), 1U);
}

TEST_F(ProxyTest, PortsWaitForEachOtherAtTheLimitOfAll) {
    restart({.connections_of_all = 1});
    const TellingServer server(web(), 80);
    lead(Protocol::tcp, "0.0.0.0", 8080, 80);
    lead(Protocol::tcp, "0.0.0.0", 8081, 80);
    const auto said = python(outside(),
                             "one = socket.create_connection(('198.51.100.1', 8080)); one.settimeout(5); one.recv(99)\n"
                             "two = socket.create_connection(('198.51.100.1', 8081)); two.settimeout(0.3)\n"
                             "three = socket.create_connection(('198.51.100.1', 8081)); three.settimeout(5)\n"
                             "one.close(); two.close(); print(three.recv(99).decode())");
    EXPECT_NE(said.find("10.1.0.1"), std::string::npos) << said;
    EXPECT_LE(counters().connections.value(), 2U);
}

TEST_F(ProxyTest, HoldsThePortAgainstOthersUntilItIsReleased) {
    lead(Protocol::tcp, "0.0.0.0", 8080, 80);
    const HostPort same{Protocol::tcp, address("127.0.0.1"), 8080};
    const auto held = open_host_socket(same, SocketUse::serve);
    ASSERT_FALSE(held);
    EXPECT_EQ(held.error().message(), "failed to bind host port 127.0.0.1:8080/tcp: address already in use");
    proxy().release({Protocol::tcp, address("0.0.0.0"), 8080});
    EXPECT_TRUE(open_host_socket(same, SocketUse::serve));
}

TEST_F(ProxyTest, APortThatIsOnlyHeldRefusesConnectionsAndIsKeptAllTheSame) {
    const auto holder = make_port_holder();
    for (const char* any : {"0.0.0.0", "::"}) NSR_ASSERT_OK(holder->hold({Protocol::tcp, address(any), 8080}));
    for (const char* loopback : {"127.0.0.1", "::1"}) {
        SCOPED_TRACE(loopback);
        const std::string there = "('" + std::string(loopback) + "', 8080)";
        EXPECT_EQ(python(host(), "try: socket.create_connection(" + there +
                                     ", 5)\n"
                                     "except OSError as e: print(e.strerror, end='')"),
                  "Connection refused");
        const HostPort same{Protocol::tcp, address(loopback), 8080};
        for (const SocketUse use : {SocketUse::serve, SocketUse::hold}) EXPECT_FALSE(open_host_socket(same, use));
        for (const char* option : {"SO_REUSEADDR", "SO_REUSEPORT"}) {
            EXPECT_EQ(python(host(), "s = socket.socket(socket.AF_INET6 if ':' in '" + std::string(loopback) +
                                         "' else socket.AF_INET)\ns.setsockopt(socket.SOL_SOCKET, socket." + option +
                                         ", 1)\ntry: s.bind(" + there +
                                         "); print('bound')\n"
                                         "except OSError as e: print(e.strerror, end='')"),
                      "Address already in use");
        }
    }
    holder->release({Protocol::tcp, address("::"), 8080});
    EXPECT_TRUE(open_host_socket({Protocol::tcp, address("::1"), 8080}, SocketUse::serve));
}

TEST_F(ProxyTest, SaysWhichAddressIsNotOfThisHost) {
    const auto held = proxy().hold({Protocol::udp, address("203.0.113.1"), 9001});
    ASSERT_FALSE(held);
    EXPECT_EQ(held.error().message(), "failed to bind host port 203.0.113.1:9001/udp: cannot assign requested address");
}

TEST_F(ProxyTest, NewClientsFollowTheTarget) {
    const TellingServer first(web(), 80);
    const NetNs other = attach(interface_spec(1, 3));
    const TellingServer second(other, 81);
    lead(Protocol::tcp, "0.0.0.0", 8080, 80);
    EXPECT_EQ(ask(host(), "127.0.0.1", 8080), "10.1.0.1");
    proxy().carry({Protocol::tcp, address("0.0.0.0"), 8080}, {address("10.1.0.3"), 81});
    EXPECT_EQ(ask(host(), "127.0.0.1", 8080), "10.1.0.1");
    EXPECT_EQ(counters().unreachable.value(), 0U);
}

}  // namespace
}  // namespace nsr::net
