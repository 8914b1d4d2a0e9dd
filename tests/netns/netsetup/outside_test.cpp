#include "tests/netns/netsetup/outside.h"

namespace nsr::net {
namespace {

using test::run_command;

std::string server_command(unsigned port, const std::string& address) {
    const std::string family = address.find(':') == std::string::npos ? "AF_INET" : "AF_INET6";
    return "exec python3 -c \"import socket\ns = socket.create_server(('" + address + "', " + std::to_string(port) +
           "), family=socket." + family + ")\nwhile True:\n  c, a = s.accept(); c.sendall(a[0].encode()); c.close()\"";
}

std::string connect_to(const NetNs& from, const std::string& address, unsigned port, const std::string& seconds) {
    return run_command("python3 -c \"import socket; print(socket.create_connection(('" + address + "', " +
                           std::to_string(port) + "), " + seconds + ").recv(99).decode(), end='')\" 2>/dev/null",
                       from)
        .output;
}

}  // namespace

void FirewallTest::SetUp() {
    KernelTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    outside_.emplace(make_namespace());
    connect(
        {.host_end = "wan0", .host_address = "198.51.100.1/24", .other_end = "wan", .other_address = "198.51.100.9/24"},
        *outside_);
    ASSERT_TRUE(run_command("ip addr add 2001:db8::1/64 dev wan0 nodad").ok());
    ASSERT_TRUE(
        run_command("ip addr add 2001:db8::9/64 dev wan nodad; ip -6 route add fd00::/16 via 2001:db8::1", *outside_)
            .ok());
    ASSERT_TRUE(run_command("ip route add 10.0.0.0/8 via " + std::string(kHostOutside), *outside_).ok());
}

TellingServer::TellingServer(const NetNs& netns, unsigned port, const std::string& address)
    : server_(server_command(port, address), netns) {
    const std::string own = address == "0.0.0.0" ? "127.0.0.1" : address == "::" ? "::1" : address;
    const auto listening = run_command("for i in $(seq 2000); do ss -Hltn 'sport = :" + std::to_string(port) +
                                           "' | grep -q LISTEN && exit 0; done; exit 1",
                                       netns);
    EXPECT_TRUE(listening.ok()) << "no server at " << own;
}

std::string ask(const NetNs& from, const std::string& address, unsigned port) {
    return connect_to(from, address, port, "5");
}

bool is_closed(const NetNs& from, const std::string& address, unsigned port) {
    return connect_to(from, address, port, "0.5").empty();
}

}  // namespace nsr::net
