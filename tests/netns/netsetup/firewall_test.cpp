#include <fcntl.h>
#include <sys/resource.h>
#include <sys/select.h>

#include "common/fault.h"
#include "netsetup/nft/ruleset.h"
#include "tests/netns/netsetup/outside.h"

namespace nsr::net {
namespace {

using test::Background;
using test::run_command;
using test::run_json;

std::string own_table() { return run_command("nft list table inet ns-register").output; }

TEST_F(FirewallTest, ContainersOfOneNetworkReachEachOtherAndTheOutside) {
    set_up({bridge_spec(1)});
    const auto one = attach(interface_spec(1, 2));
    const auto two = attach(interface_spec(1, 3));
    EXPECT_TRUE(reaches(one, "10.1.0.3"));
    EXPECT_TRUE(reaches(two, kOutside));
}

TEST_F(FirewallTest, WhatLeavesHasTheHostsAddress) {
    set_up({bridge_spec(1)});
    const auto one = attach(interface_spec(1, 2));
    // Without the way back only a masqueraded ping returns.
    ASSERT_TRUE(run_command("ip route del 10.0.0.0/8", outside()).ok());
    EXPECT_TRUE(reaches(one, kOutside));
    auto plain = bridge_spec(1);
    plain.masquerade = false;
    NSR_ASSERT_OK(kernel().ensure_firewall({plain}));
    EXPECT_TRUE(is_cut_off(one, kOutside));
}

TEST_F(FirewallTest, ContainersOfDifferentNetworksDoNotReachEachOther) {
    set_up({bridge_spec(1), bridge_spec(2)});
    const auto one = attach(interface_spec(1, 2));
    const auto two = attach(interface_spec(2, 2));
    EXPECT_TRUE(is_cut_off(one, "10.2.0.2"));
    EXPECT_TRUE(is_cut_off(two, "10.1.0.2"));
}

TEST_F(FirewallTest, ContainerAddressIsNotReachableFromOutside) {
    set_up({bridge_spec(1)});
    const auto one = attach(interface_spec(1, 2));
    EXPECT_TRUE(is_cut_off(outside(), "10.1.0.2"));
}

TEST_F(FirewallTest, InternalNetworkReachesItselfAndNothingElse) {
    auto internal = bridge_spec(1);
    internal.internal = true;
    set_up({internal, bridge_spec(2)});
    const auto one = attach(interface_spec(1, 2));
    const auto two = attach(interface_spec(1, 3));
    const auto other = attach(interface_spec(2, 2));
    EXPECT_TRUE(reaches(one, "10.1.0.3"));
    EXPECT_TRUE(reaches(one, "10.1.0.1"));
    EXPECT_TRUE(is_cut_off(one, kOutside));
    EXPECT_TRUE(is_cut_off(other, "10.1.0.2"));
    EXPECT_TRUE(is_cut_off(outside(), "10.1.0.2"));
}

TEST_F(FirewallTest, TcpFromContainerComesFromTheHostsAddress) {
    set_up({bridge_spec(1)});
    const auto one = attach(interface_spec(1, 2));
    const Background server(
        "python3 -c \"import socket; s = socket.create_server(('', 8000)); c, a = s.accept(); "
        "c.sendall(a[0].encode())\"",
        outside());
    const auto answer = run_command(
        "python3 -c \"import socket, time\nfor i in range(200):\n  try: c = socket.create_connection(('198.51.100.9', "
        "8000), 1); break\n  except OSError: time.sleep(0.02)\nprint(c.recv(99).decode(), end='')\"",
        one);
    EXPECT_EQ(answer.output, kHostOutside);
}

TEST_F(FirewallTest, ForeignTablesAreNotTouched) {
    const std::string foreign =
        "table ip mine {\n\tchain c {\n\t\ttype filter hook forward priority filter; policy accept;\n\t\tcounter "
        "packets 7 bytes 8\n\t}\n}\n";
    ASSERT_TRUE(run_command("nft -f - <<'END'\n" + foreign + "END").ok());
    const auto before = run_command("nft -a list table ip mine").output;
    set_up({bridge_spec(1)});
    NSR_ASSERT_OK(kernel().ensure_firewall({}));
    EXPECT_EQ(run_command("nft -a list table ip mine").output, before);
}

TEST_F(FirewallTest, EqualPolicyChangesNothing) {
    set_up({bridge_spec(1)});
    const auto before = run_command("nft -a list table inet ns-register").output;
    NSR_ASSERT_OK(kernel().ensure_firewall({bridge_spec(1)}));
    EXPECT_EQ(run_command("nft -a list table inet ns-register").output, before);
}

TEST_F(FirewallTest, ChangingElementByElementGivesTheSameTableAsAnew) {
    // Else only the first of the two knows that it turned forwarding on, and what it keeps apart.
    ASSERT_TRUE(run_command("sysctl -qw net.ipv4.ip_forward=1").ok());
    auto special = bridge_spec(3);
    special.internal = true;
    set_up({bridge_spec(1), bridge_spec(2)});
    NSR_ASSERT_OK(kernel().ensure_firewall({bridge_spec(2), special}));
    const auto stepwise = own_table();
    const auto fresh = NetSetup::open();
    NSR_ASSERT_OK(fresh);
    NSR_ASSERT_OK((*fresh)->ensure_firewall({bridge_spec(2), special}));
    EXPECT_EQ(own_table(), stepwise);
}

TEST_F(FirewallTest, NetworkThatJoinsGivesTheTableOfAll) {
    const auto first = bridge_spec(1);
    const auto second = bridge_spec(2);
    EXPECT_EQ(kernel().join_firewall(first), false);  // nothing is forwarded yet
    set_up({first});
    NSR_ASSERT_OK(kernel().ensure_bridge(second));
    EXPECT_EQ(kernel().join_firewall(second), true);
    const auto differences = kernel().verify_firewall({first, second});
    NSR_ASSERT_OK(differences);
    EXPECT_TRUE(differences->empty());
    const auto two = attach(interface_spec(2, 2));
    EXPECT_TRUE(reaches(two, kOutside));
    NSR_ASSERT_OK(kernel().ensure_firewall({second}));
    EXPECT_TRUE(kernel().verify_firewall({second})->empty());
}

TEST_F(FirewallTest, WhatTurnsForwardingOnDoesNotJoin) {
    set_up({bridge_spec(1)});
    auto with_v6 = bridge_spec(2);
    with_v6.addresses.push_back(*IpPrefix::parse("fd00:2::1/64"));
    EXPECT_EQ(kernel().join_firewall(with_v6), false);
    ASSERT_TRUE(run_command("sysctl -q net.ipv4.ip_forward=0").ok());
    EXPECT_EQ(kernel().join_firewall(bridge_spec(2)), false);
    EXPECT_TRUE(kernel().verify_firewall({bridge_spec(1)})->empty());
}

TEST_F(FirewallTest, PublishingOfOneContainerGivesTheTableOfAll) {
    const auto with_ports = [](const std::vector<std::uint16_t>& host_ports) {
        auto bridge = bridge_spec(1);
        for (const std::uint16_t port : host_ports) {
            PublishedPort published;
            published.host_port = port;
            published.container = *IpAddress::parse("10.1.0.2");
            published.container_port = 80;
            published.count = port == 80 ? 10 : 1;
            bridge.published.push_back(published);
        }
        return bridge;
    };
    set_up({with_ports({8001})});
    NSR_ASSERT_OK(kernel().publish({}, {with_ports({8002, 80})}));
    const auto all = kernel().verify_firewall({with_ports({8001, 8002, 80})});
    NSR_ASSERT_OK(all);
    EXPECT_TRUE(all->empty()) << all->front();
    NSR_ASSERT_OK(kernel().publish({with_ports({8002, 80})}, {with_ports({8003})}));
    NSR_ASSERT_OK(kernel().publish({with_ports({8001})}, {}));
    const auto one = kernel().verify_firewall({with_ports({8003})});
    NSR_ASSERT_OK(one);
    EXPECT_TRUE(one->empty()) << one->front();
}

TEST_F(FirewallTest, TableThatSomebodyChangedOrFlushedIsPutInPlaceAgain) {
    set_up({bridge_spec(1)});
    const auto before = own_table();
    for (const char* damage : {"nft flush chain inet ns-register forward", "nft delete table inet ns-register",
                               "nft flush ruleset", "nft delete element inet ns-register networks '{ \"br-1\" }'"}) {
        ASSERT_TRUE(run_command(damage).ok()) << damage;
        EXPECT_TRUE(kernel().firewall_touched()) << damage;
        const auto differences = kernel().verify_firewall({bridge_spec(1)});
        NSR_ASSERT_OK(differences);
        EXPECT_FALSE(differences->empty()) << damage;
        EXPECT_FALSE(kernel().firewall_touched()) << damage;
        NSR_ASSERT_OK(kernel().replace_firewall({bridge_spec(1)}));
        EXPECT_EQ(own_table(), before) << damage;
        EXPECT_FALSE(kernel().firewall_touched()) << damage;
    }
}

TEST_F(FirewallTest, WhatIsMissingAndWhatIsNotOursIsNamed) {
    set_up({bridge_spec(1)});
    ASSERT_TRUE(run_command("nft delete element inet ns-register networks '{ \"br-1\" }'").ok());
    ASSERT_TRUE(run_command("nft add rule inet ns-register forward counter").ok());
    const auto differences = kernel().verify_firewall({bridge_spec(1)});
    NSR_ASSERT_OK(differences);
    EXPECT_EQ(*differences, (std::vector<std::string>{"missing: set networks: \"br-1\"",
                                                      "not ours: chain forward: counter packets 0 bytes 0"}));
    ASSERT_TRUE(run_command("nft delete table inet ns-register").ok());
    EXPECT_EQ(*kernel().verify_firewall({bridge_spec(1)}), std::vector<std::string>{"missing: table inet ns-register"});
}

TEST_F(FirewallTest, OwnChangesAndThoseOfOtherTablesDoNotCountAsTouched) {
    set_up({bridge_spec(1)});
    NSR_ASSERT_OK(kernel().ensure_firewall({bridge_spec(1), bridge_spec(2)}));
    NSR_ASSERT_OK(kernel().ensure_firewall({bridge_spec(2)}));
    ASSERT_TRUE(run_command("nft 'add table inet other; add chain inet other c; flush table inet other'").ok());
    EXPECT_FALSE(kernel().firewall_touched());
}

TEST_F(FirewallTest, ChangeThatTheTableDoesNotAllowAnyMoreFails) {
    set_up({bridge_spec(1)});
    ASSERT_TRUE(run_command("nft delete table inet ns-register").ok());
    EXPECT_FALSE(kernel().ensure_firewall({bridge_spec(2)}));
    NSR_ASSERT_OK(kernel().replace_firewall({bridge_spec(2)}));
    EXPECT_TRUE(kernel().verify_firewall({bridge_spec(2)})->empty());
}

/// Somebody has deleted what we were about to delete: once seen, that must not stand in the way of later changes.
TEST_F(FirewallTest, ChangeThatSomebodyElseHasMadeIsTakenForDone) {
    // Else only the first of the two knows that it turned forwarding on, and what it keeps apart.
    ASSERT_TRUE(run_command("sysctl -qw net.ipv4.ip_forward=1").ok());
    set_up({bridge_spec(1), bridge_spec(2)});
    ASSERT_TRUE(run_command("nft delete element inet ns-register networks '{ \"br-2\" }'").ok());
    auto bare = kernel().ensure_firewall({bridge_spec(1)});
    ASSERT_FALSE(bare);
    EXPECT_EQ(bare.error().code(), Errc::not_found);
    // The same transaction by somebody else's hand.
    const auto fresh = NetSetup::open();
    NSR_ASSERT_OK(fresh);
    NSR_ASSERT_OK((*fresh)->ensure_firewall({bridge_spec(1)}));
    EXPECT_TRUE(kernel().verify_firewall({bridge_spec(1)})->empty());
    NSR_ASSERT_OK(kernel().ensure_firewall({bridge_spec(1)}));
    NSR_ASSERT_OK(kernel().ensure_firewall({bridge_spec(1), bridge_spec(3)}));
    EXPECT_TRUE(kernel().verify_firewall({bridge_spec(1), bridge_spec(3)})->empty());
}

TEST_F(FirewallTest, VerifyNamesWhatIsWrongWithLinksAddressesAndRoutes) {
    set_up({bridge_spec(1)});
    const auto spec = interface_spec(1, 2);
    const auto one = attach(spec);
    const SandboxRoutes routes{.gateway4 = IpAddress::parse("10.1.0.1"), .interface4 = "eth0"};
    EXPECT_TRUE(kernel().verify_bridge(bridge_spec(1))->empty());
    EXPECT_TRUE(kernel().verify_interface(spec, one)->empty());
    EXPECT_TRUE(kernel().verify_default_routes(one, routes)->empty());

    ASSERT_TRUE(run_command("ip addr add 10.1.0.77/24 dev br-1 && ip link set br-1 down").ok());
    EXPECT_EQ(*kernel().verify_bridge(bridge_spec(1)),
              (std::vector<std::string>{"link 'br-1' is down",
                                        "link 'br-1' has the address 10.1.0.77/24, which is not ours"}));
    ASSERT_TRUE(run_command("ip addr flush dev eth0", one).ok());
    EXPECT_EQ(*kernel().verify_interface(spec, one),
              std::vector<std::string>{"link 'eth0' lacks the address 10.1.0.2/24"});
    EXPECT_EQ(kernel().verify_default_routes(one, routes)->size(), 1U);
    ASSERT_TRUE(run_command("ip link del " + spec.host_name).ok());
    EXPECT_EQ(*kernel().verify_interface(spec, one),
              (std::vector<std::string>{"link '" + spec.host_name + "' is missing",
                                        "interface 'eth0' is missing in the container's namespace"}));
    ASSERT_TRUE(run_command("ip link del br-1").ok());
    EXPECT_EQ(*kernel().verify_bridge(bridge_spec(1)), std::vector<std::string>{"link 'br-1' is missing"});
}

TEST_F(FirewallTest, DnsRewriteIsMadeOnceAndLeavesOtherTablesAlone) {
    const auto sandbox = make_namespace();
    ASSERT_TRUE(run_command("nft add table ip mine", sandbox).ok());
    NSR_ASSERT_OK(kernel().ensure_dns_rewrite(sandbox));
    const auto before = run_command("nft -a list ruleset", sandbox).output;
    EXPECT_NE(before.find("udp dport 53 notrack udp dport set 13053"), std::string::npos) << before;
    NSR_ASSERT_OK(kernel().ensure_dns_rewrite(sandbox));
    EXPECT_EQ(run_command("nft -a list ruleset", sandbox).output, before);

    ASSERT_TRUE(run_command("nft flush chain ip ns-register-dns out", sandbox).ok());
    NSR_ASSERT_OK(kernel().ensure_dns_rewrite(sandbox));
    EXPECT_NE(run_command("nft list ruleset", sandbox).output.find("notrack"), std::string::npos);

    NSR_ASSERT_OK(kernel().remove_dns_rewrite(sandbox));
    EXPECT_EQ(run_command("nft list ruleset", sandbox).output, "table ip mine {\n}\n");
    NSR_ASSERT_OK(kernel().remove_dns_rewrite(sandbox));
}

/// A transaction that the kernel refuses waits for its clean-up, 15 ms for each container of a start.
TEST_F(FirewallTest, DnsRewriteThatIsThereCostsNoTransaction) {
    const NetNs sandbox = make_namespace();
    NSR_ASSERT_OK(kernel().ensure_dns_rewrite(sandbox));
    static int transactions;
    transactions = 0;
    fault::hook = [](const char* call) {
        transactions += std::string_view(call) == "netlink batch" ? 1 : 0;
        return false;
    };
    const auto ensured = kernel().ensure_dns_rewrite(sandbox);
    fault::hook = nullptr;
    NSR_ASSERT_OK(ensured);
    EXPECT_EQ(transactions, 0);
}

TEST_F(FirewallTest, DnsRewriteIsWhatItsTextSays) {
    const auto sandbox = make_namespace();
    NSR_ASSERT_OK(kernel().ensure_dns_rewrite(sandbox));
    EXPECT_EQ(run_command("nft list ruleset", sandbox).output, dns_table());
    const auto by_nft = make_namespace();
    ASSERT_TRUE(run_command("nft -f - <<'END'\n" + dns_table() + "END", by_nft).ok());
    const std::string expressions = "nft --debug=netlink list ruleset";
    EXPECT_EQ(run_command(expressions, sandbox).output, run_command(expressions, by_nft).output);
}

TEST_F(FirewallTest, DnsRewriteCarriesUdpAndTcpToTheHiddenPort) {
    const auto sandbox = make_namespace();
    NSR_ASSERT_OK(kernel().ensure_dns_rewrite(sandbox));
    const Background udp(
        "python3 -c \"import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('127.0.0.11', "
        "13053)); d, a = s.recvfrom(99); s.sendto(d, a)\"",
        sandbox);
    const auto echoed = run_command(
        "python3 -c \"import socket, time\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
        "s.settimeout(0.1)\nfor i in range(100):\n  try: s.sendto(b'hello', ('127.0.0.11', 53)); d, a = "
        "s.recvfrom(99); break\n  except OSError: time.sleep(0.02)\nprint(d.decode(), a)\"",
        sandbox);
    EXPECT_EQ(echoed.output, "hello ('127.0.0.11', 53)\n");
}

/// libnftables waits with select(), which aborts at the descriptors that a daemon with 250 containers has.
TEST_F(FirewallTest, WorksAboveTheDescriptorsThatSelectTakes) {
    set_up({bridge_spec(1)});
    const NetNs sandbox = attach(interface_spec(1, 2));
    NSR_ASSERT_OK(kernel().ensure_dns_rewrite(sandbox));
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    std::vector<UniqueFd> many;
    while (many.empty() || many.back().get() < FD_SETSIZE) {
        many.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        ASSERT_TRUE(many.back());
    }
    const auto differences = kernel().verify_firewall({bridge_spec(1)});
    NSR_ASSERT_OK(differences);
    EXPECT_TRUE(differences->empty());
    NSR_ASSERT_OK(kernel().ensure_firewall({bridge_spec(1), bridge_spec(2)}));
    EXPECT_NE(own_table().find(bridge_spec(2).name), std::string::npos);
    NSR_ASSERT_OK(kernel().ensure_dns_rewrite(sandbox));
    ASSERT_TRUE(run_command("nft add chain ip ns-register-dns other", sandbox).ok());
    NSR_ASSERT_OK(kernel().ensure_dns_rewrite(sandbox));
    EXPECT_EQ(run_command("nft list table ip ns-register-dns", sandbox).output.find("other"), std::string::npos);
}

}  // namespace
}  // namespace nsr::net
