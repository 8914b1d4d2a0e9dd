#include <fstream>

#include "tests/unit/cli/cli_fixture.h"

namespace nsr::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST_F(CliTest, TurnsVerbsIntoCalls) {
    struct Row {
        std::vector<std::string> words;
        std::vector<std::string> calls;
        std::string out;
    };
    const std::vector<Row> rows = {
        {{"start", "web", "db"}, {"start web", "start db"}, "web\ndb\n"},
        {{"stop", "-t", "3", "web"}, {"stop web 3"}, "web\n"},
        {{"stop", "-s", "INT", "web"}, {"stop web INT"}, "web\n"},
        {{"restart", "web"}, {"restart web"}, "web\n"},
        {{"kill", "-s", "TERM", "web"}, {"kill web TERM"}, "web\n"},
        {{"rm", "web"}, {"remove web"}, "web\n"},
        {{"rm", "-f", "web"}, {"remove web force"}, "web\n"},
        {{"detach", "web"}, {"stop web", "remove web"}, "web\n"},
        {{"rename", "web", "a b"}, {"rename web a b"}, ""},
        {{"attach", "--name", "web"}, {"create_container web", "start id"}, "id\n"},
        {{"create", "--name", "web"}, {"create_container web"}, "id\n"},
        {{"env", "web"}, {"variables web"}, "A=1\n"},
        {{"ping"}, {}, "OK\n"},
        {{"alias", "add", "net1", "web", "www"}, {"add_alias net1 web www"}, ""},
        {{"alias", "rm", "net1", "web", "www"}, {"remove_alias net1 web www"}, ""},
        {{"network", "create", "net1"}, {"create_network net1"}, "id\n"},
        {{"network", "rm", "net1", "net2"}, {"remove_network net1", "remove_network net2"}, "net1\nnet2\n"},
        {{"network", "connect", "net1", "web"}, {"connect net1 web"}, ""},
        {{"network", "disconnect", "-f", "net1", "web"}, {"disconnect net1 web force"}, ""},
        {{"network", "prune", "-f"}, {"prune_networks"}, "Deleted Networks:\nnet1\n\n"},
        {{"network", "inspect", "a/b"}, {"inspect_network a/b"}, ""},
        {{"ps", "-a", "-q"}, {"list all"}, ""},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.words.front() + " " + row.words.back());
        service_.calls.clear();
        const auto outcome = run(row.words);
        EXPECT_EQ(outcome.status, 0) << outcome.err;
        EXPECT_EQ(service_.calls, row.calls);
        if (!row.out.empty()) {
            EXPECT_EQ(outcome.out, row.out);
        }
        EXPECT_EQ(outcome.err, "");
    }
}

TEST_F(CliTest, SendsWhatTheFlagsOfCreateSay) {
    ::setenv("NSR_TEST_VALUE", "from outside", 1);
    const auto outcome = run({"create",
                              "--name",
                              "web",
                              "--network",
                              "net1",
                              "--network",
                              "net2",
                              "--network-alias",
                              "www",
                              "--network-alias",
                              "site",
                              "--ip",
                              "10.0.0.9",
                              "--mac-address",
                              "02:42:0a:00:00:09",
                              "--hostname",
                              "h",
                              "--domainname",
                              "d",
                              "-e",
                              "A=1",
                              "-e",
                              "NSR_TEST_VALUE",
                              "-e",
                              "NSR_NO_SUCH",
                              "--expose",
                              "53/udp",
                              "-p",
                              "8080:80",
                              "--link",
                              "db:d",
                              "--dns",
                              "9.9.9.9",
                              "--dns-search",
                              "s",
                              "--dns-option",
                              "ndots:1",
                              "--add-host",
                              "n:1.2.3.4",
                              "--label",
                              "k=v=w",
                              "--label",
                              "bare",
                              "--netns",
                              "/run/netns/../netns/x"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const auto& body = service_.created_container;
    EXPECT_EQ(body.network_mode, "net1");
    ASSERT_EQ(body.endpoints.size(), 2U);
    const auto& endpoint = body.endpoints.at("net1");
    EXPECT_THAT(endpoint.aliases, ElementsAre("www", "site"));
    EXPECT_THAT(endpoint.links, ElementsAre("db:d"));
    EXPECT_EQ(endpoint.ipam_ipv4, "10.0.0.9");
    EXPECT_EQ(endpoint.mac, "02:42:0a:00:00:09");
    EXPECT_THAT(body.endpoints.at("net2").aliases, IsEmpty());
    EXPECT_THAT(body.env, ElementsAre("A=1", "NSR_TEST_VALUE=from outside"));
    EXPECT_THAT(body.exposed_ports, ElementsAre("53/udp", "80/tcp"));
    ASSERT_EQ(body.port_bindings.at("80/tcp").size(), 1U);
    EXPECT_EQ(body.port_bindings.at("80/tcp").front().host_port, "8080");
    EXPECT_THAT(body.dns, ElementsAre("9.9.9.9"));
    EXPECT_THAT(body.extra_hosts, ElementsAre("n:1.2.3.4"));
    EXPECT_THAT(body.labels,
                ElementsAre(Pair("bare", ""), Pair("k", "v=w"), Pair("ns-register.netns", "/run/netns/x")));
}

TEST_F(CliTest, TakesTheLastOfAFlagGivenTwice) {
    const auto outcome = run({"create", "--name", "one", "--name", "web", "-h", "a", "--hostname", "b", "--ip", "bogus",
                              "--ip", "10.0.0.9", "--network", "net1"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_THAT(service_.calls, ElementsAre("create_container web"));
    EXPECT_EQ(service_.created_container.hostname, "b");
    EXPECT_EQ(service_.created_container.endpoints.at("net1").ipam_ipv4, "10.0.0.9");
    EXPECT_EQ(run({"start", "web", "db"}).out, "web\ndb\n");
}

TEST_F(CliTest, ReadsVariablesAndLabelsFromFiles) {
    ::setenv("NSR_TEST_VALUE", "from outside", 1);
    const std::string path = folder_ + "/flags";
    std::ofstream(path) << "# a comment\n\n  A=1\r\nB=two words\nNSR_TEST_VALUE\nNSR_NO_SUCH\n";
    const auto outcome = run({"create", "-e", "A=2", "--env-file", path, "-l", "A=3", "--label-file", path});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_THAT(service_.created_container.env,
                ElementsAre("A=1", "B=two words", "NSR_TEST_VALUE=from outside", "A=2"));
    EXPECT_THAT(service_.created_container.labels, ElementsAre(Pair("A", "3"), Pair("B", "two words"),
                                                               Pair("NSR_NO_SUCH", ""), Pair("NSR_TEST_VALUE", "")));
    std::ofstream(path) << "two words=1\n";
    EXPECT_EQ(run({"create", "--env-file", path}).err, "Error: variable 'two words' contains whitespaces\n");
    EXPECT_EQ(run({"create", "--label-file", path}).err, "Error: label 'two words' contains whitespaces\n");
    ::unlink(path.c_str());
    EXPECT_NE(run({"create", "--env-file", path}).status, 0);
}

TEST_F(CliTest, NamesTheWordThatIsNoCommand) {
    EXPECT_EQ(run({"bogus"}).err, "Error: 'bogus' is not a command of ns-register: see 'ns-register --help'\n");
    EXPECT_EQ(run({"network", "bogus"}).err,
              "Error: 'bogus' is not a command of ns-register network: see 'ns-register network --help'\n");
    EXPECT_EQ(run({"--bogus"}).err, "Error: unknown flag: --bogus\n");
    EXPECT_THAT(run({}).err, HasSubstr("subcommand is required"));
    EXPECT_NE(run({"bogus"}).status, 0);
}

TEST_F(CliTest, RefusesAnEmptyNameInDockersWords) {
    const std::vector<std::pair<const char*, std::vector<std::vector<std::string>>>> rows = {
        {"network",
         {{"network", "rm", ""},
          {"network", "rm", "-f", ""},
          {"network", "inspect", ""},
          {"network", "connect", "", ""},
          {"network", "disconnect", "", "web"},
          {"network", "verify", ""},
          {"network", "repair", ""},
          {"record", "ls", ""},
          {"alias", "add", "", "web", "www"},
          {"attach", "--network", ""}}},
        {"container",
         {{"rm", ""},
          {"inspect", ""},
          {"stop", "-t", "1", ""},
          {"detach", ""},
          {"port", ""},
          {"env", ""},
          {"rename", "", "x"},
          {"exec", "", "--", "true"},
          {"resolve", "web", "--from", ""},
          {"alias", "rm", "net1", "", "www"},
          {"network", "connect", "net1", ""},
          {"network", "disconnect", "-f", "net1", ""}}}};
    for (const auto& [kind, commands] : rows) {
        for (const auto& words : commands) {
            const auto outcome = run(words);
            EXPECT_EQ(outcome.err, "Error: invalid " + std::string(kind) + " name or ID: value is empty\n")
                << words.front() + " " + words[1];
            EXPECT_NE(outcome.status, 0);
        }
    }
    EXPECT_THAT(service_.calls, IsEmpty());
    EXPECT_EQ(run({"rm", "", "web"}).out, "web\n");
    EXPECT_EQ(run({"rm", ""}).status, 1);
}

TEST_F(CliTest, SendsWhatTheFlagsOfNetworkCreateSay) {
    const auto outcome =
        run({"network", "create", "--subnet", "10.1.0.0/16", "--gateway", "10.1.0.9", "--ip-range", "10.1.5.0/24",
             "--aux-address", "a=10.1.0.2", "--subnet", "fd00::/64", "-o", "k=v", "--ipv6", "--ipv4=false", "net1"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const auto& body = service_.created_network;
    ASSERT_EQ(body.ipam.size(), 2U);
    EXPECT_EQ(body.ipam[0].gateway, "10.1.0.9");
    EXPECT_EQ(body.ipam[0].ip_range, "10.1.5.0/24");
    EXPECT_THAT(body.ipam[0].aux, ElementsAre(Pair("a", "10.1.0.2")));
    EXPECT_EQ(body.ipam[1].subnet, "fd00::/64");
    EXPECT_EQ(body.enable_ipv4, false);
    EXPECT_EQ(body.enable_ipv6, true);
}

TEST_F(CliTest, PrintsARefusalInOneLine) {
    service_.error = Error(Errc::not_found, "no such\nthing");
    const auto outcome = run({"start", "web", "db"});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.err, "Error: no such thing\nError: no such thing\n");
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(service_.calls, ElementsAre("start web", "start db"));
}

TEST_F(CliTest, EndsWithTheStatusThatIsDocumented) {
    struct Row {
        std::vector<std::string> words;
        Errc code;
        int status;
    };
    const std::vector<Row> rows = {
        {{"alias", "add", "n", "c", "a"}, Errc::not_found, 3},
        {{"alias", "add", "n", "c", "a"}, Errc::conflict, 4},
        {{"resolve", "x"}, Errc::invalid, 2},
        {{"network", "create", "n"}, Errc::conflict, 1},
        {{"create"}, Errc::conflict, 1},
        {{"network", "rm", "-f", "n"}, Errc::not_found, 0},
        {{"create", "--bogus"}, Errc::invalid, 125},
        {{"network", "create"}, Errc::invalid, 1},
        {{"alias", "add"}, Errc::invalid, 2},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.words.front() + " " + row.words.back());
        service_.error = Error(row.code, "refused");
        const auto outcome = run(row.words);
        EXPECT_EQ(outcome.status, row.status) << outcome.err;
        if (row.status != 0) {
            EXPECT_THAT(outcome.err, HasSubstr("Error: "));
        }
        EXPECT_EQ(outcome.out, "");
    }
}

TEST_F(CliTest, RemovesWhatCannotBeStarted) {
    service_.refuse_start = true;
    const auto outcome = run({"attach", "--name", "web"});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.err, "Error: cannot start\n");
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(service_.calls, ElementsAre("create_container web", "start id", "remove id force"));
}

TEST_F(CliTest, SaysThatTheDaemonIsNotThere) {
    const auto outcome = run_at(folder_ + "/nosuch", {"ping"});
    EXPECT_EQ(outcome.status, 5);
    EXPECT_THAT(outcome.err, HasSubstr("Error: cannot connect to ns-registerd at '" + folder_ + "/nosuch'"));
}

TEST_F(CliTest, ListsNetworks) {
    service_.network.network.id = std::string(64, 'a');
    service_.network.network.name = "frontend-network";
    EXPECT_EQ(run({"network", "ls"}).out,
              "NETWORK ID     NAME               DRIVER   SCOPE\n"
              "aaaaaaaaaaaa   frontend-network   bridge   local\n");
    EXPECT_EQ(run({"network", "ls", "-q", "--no-trunc"}).out, std::string(64, 'a') + "\n");
    EXPECT_THAT(run({"network", "ls", "--format", "json"}).out, HasSubstr(R"("Name":"frontend-network")"));
}

TEST_F(CliTest, ShowsWhatANameStandsFor) {
    EXPECT_EQ(run({"resolve", "web", "--from", "c"}).out,
              "NETWORK   NAME   TTL   TYPE   DATA\n"
              "net1      web    5     A      10.0.0.2\n");
    EXPECT_THAT(service_.calls, ElementsAre("resolve web A c"));
}

TEST_F(CliTest, SaysWhomANameWouldBeAskedOfWhenNobodyWas) {
    service_.resolved = {"NXDOMAIN", {}, {"'x.test' is not ours: to be asked of 192.0.2.1#53"}};
    EXPECT_EQ(run({"resolve", "x.test", "--from", "c"}).err, "Error: no A record for 'x.test' (NXDOMAIN)\n");
    service_.resolved.rcode.clear();
    const auto outcome = run({"resolve", "x.test", "--from", "c"});
    EXPECT_EQ(outcome.err, "Error: 'x.test' is not ours: to be asked of 192.0.2.1#53\n");
    EXPECT_NE(outcome.status, 0);
}

TEST_F(CliTest, ExplainsAsOneObject) {
    EXPECT_EQ(run({"resolve", "web", "--explain", "--format", "json"}).out,
              "{\"Rcode\":\"NOERROR\",\"Records\":[{\"Network\":\"net1\",\"Name\":\"web\",\"Type\":\"A\","
              "\"Data\":\"10.0.0.2\",\"Ttl\":5}],\"Trace\":[]}\n");
}

TEST_F(CliTest, ChangesRecords) {
    EXPECT_EQ(run({"record", "add", "net1", "app", "A", "192.0.2.1", "--ttl", "60"}).status, 0);
    EXPECT_EQ(run({"record", "add", "net1", "_x._tcp.app", "SRV", "0", "0", "80", "web"}).status, 0);
    EXPECT_EQ(run({"record", "add", "net1", "t", "txt", "two words", "x"}).status, 0);
    EXPECT_EQ(run({"record", "rm", "net1", "app", "A"}).status, 0);
    EXPECT_EQ(run({"record", "rm", "net1", "app", "A", "192.0.2.1"}).status, 0);
    EXPECT_THAT(service_.calls,
                ElementsAre("add_records net1 app A 192.0.2.1 60", "add_records net1 _x._tcp.app SRV 0 0 80 web",
                            "add_records net1 t txt \"two words\" x", "remove_record net1 app A ",
                            "remove_record net1 app A 192.0.2.1"));
    service_.error = Error(Errc::conflict, "refused");
    EXPECT_EQ(run({"record", "add", "net1", "a", "A", "x"}).status, 4);
    EXPECT_EQ(run({"record", "add", "net1", "a", "A"}).status, 2) << "no data";
    EXPECT_EQ(run({"record", "add", "net1", "a", "A", "x", "--ttl", "-1"}).status, 2);
}

TEST_F(CliTest, ListsRecords) {
    EXPECT_EQ(run({"record", "ls", "net1"}).out,
              "NAME   TTL   TYPE   DATA\n"
              "app    60    A      192.0.2.1\n"
              "x      -     TXT    y\n");
    EXPECT_EQ(run({"record", "ls", "net1", "--format", "json"}).out,
              "{\"Name\":\"app\",\"Type\":\"A\",\"Data\":\"192.0.2.1\",\"Ttl\":60}\n"
              "{\"Name\":\"x\",\"Type\":\"TXT\",\"Data\":\"y\",\"Ttl\":null}\n");
}

TEST_F(CliTest, ImportsAMasterFile) {
    const std::string path = folder_ + "/zone";
    std::ofstream(path) << "a A 192.0.2.1\n";
    EXPECT_EQ(run({"record", "import", "net1", path}).out, "2 records added, 1 left out (SOA, NS)\n");
    EXPECT_THAT(service_.calls, ElementsAre("import_records net1 a A 192.0.2.1\n"));
    ::unlink(path.c_str());
    const auto outcome = run({"record", "import", "net1", path});
    EXPECT_EQ(outcome.status, 3);
    EXPECT_EQ(outcome.err, "Error: cannot read '" + path + "'\n");
    EXPECT_EQ(run({"record", "import", "net1", folder_}).err, "Error: cannot read '" + folder_ + "'\n");
    for (const char* ttl : {"-1", "2147483648", "x"}) {
        EXPECT_EQ(run({"record", "add", "net1", "a", "A", "x", "--ttl", ttl}).err,
                  "Error: --ttl must be 0 to 2147483647\n");
    }
}

TEST_F(CliTest, ShowsPortsInARowAsOne) {
    struct Row {
        std::string name;
        std::vector<api::PortMapping> ports;
        std::string shown;
    };
    using enum registry::Protocol;
    std::vector<api::PortMapping> many;
    for (std::uint16_t port = 20000; port < 30000; ++port) {
        for (const char* host : {"0.0.0.0", "::"}) many.push_back({{port, udp}, host, port});
    }
    const std::vector<Row> rows = {
        {"none", {}, ""},
        {"single", {{{80, tcp}, "0.0.0.0", 8080}, {{80, tcp}, "::", 8080}}, "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"},
        {"many", many, "0.0.0.0:20000-29999->20000-29999/udp, [::]:20000-29999->20000-29999/udp"},
        {"unlike numbers",
         {{{80, tcp}, "0.0.0.0", 9000}, {{81, tcp}, "0.0.0.0", 9001}, {{82, tcp}, "0.0.0.0", 9003}},
         "0.0.0.0:9000-9001->80-81/tcp, 0.0.0.0:9003->82/tcp"},
        {"exposed",
         {{{9000, tcp}, "", 0}, {{9001, tcp}, "", 0}, {{9003, tcp}, "", 0}, {{9001, udp}, "", 0}},
         "9000-9001/tcp, 9003/tcp, 9001/udp"},
        {"Docker's order",
         {{{53, udp}, "::", 8053},
          {{53, udp}, "127.0.0.1", 53},
          {{53, udp}, "0.0.0.0", 8053},
          {{70, tcp}, "", 0},
          {{80, tcp}, "0.0.0.0", 80},
          {{53, udp}, "127.0.0.1", 9053}},
         "127.0.0.1:53->53/udp, 70/tcp, 0.0.0.0:80->80/tcp, 0.0.0.0:8053->53/udp, 127.0.0.1:9053->53/udp, "
         "[::]:8053->53/udp"},
    };
    service_.container.container.state = registry::ContainerState::running;
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        service_.container.ports = row.ports;
        EXPECT_THAT(run({"ps", "--format", "json"}).out, HasSubstr("\"Ports\":\"" + row.shown + "\","));
    }
}

TEST_F(CliTest, ShowsExposedPortsOfWhatRuns) {
    auto& container = service_.container.container;
    for (std::uint16_t port = 9000; port < 9004; ++port) container.exposed.push_back({port, registry::Protocol::tcp});
    service_.container.ports = {{{9003, registry::Protocol::tcp}, "0.0.0.0", 80}};
    container.state = registry::ContainerState::running;
    const auto shown = [this] { return run({"ps", "-a", "--format", "json"}).out; };
    EXPECT_THAT(shown(), HasSubstr(R"("Ports":"9000-9002/tcp, 0.0.0.0:80->9003/tcp")"));
    service_.container.ports.clear();
    container.network_mode = registry::kHostNetwork;
    EXPECT_THAT(shown(), HasSubstr(R"("Ports":"")")) << "they are the host's";
    container.network_mode = registry::kBridgeNetwork;
    container.state = registry::ContainerState::exited;
    EXPECT_THAT(shown(), HasSubstr(R"("Ports":"")"));
}

TEST_F(CliTest, ShowsTheIpv6AddressWhereThereIsNoOther) {
    auto& networks = service_.container.networks;
    networks["both"].ip_address = "10.0.0.2";
    networks["both"].ipv6_address = "fd00::2";
    networks["six"].ipv6_address = "fd00:6::2";
    EXPECT_THAT(run({"ps", "--format", "json"}).out, HasSubstr(R"("Addresses":"10.0.0.2, fd00:6::2")"));
}

TEST_F(CliTest, ListsPublishedPorts) {
    service_.container.container.state = registry::ContainerState::running;
    service_.container.ports = {{{80, registry::Protocol::tcp}, "0.0.0.0", 8080},
                                {{80, registry::Protocol::tcp}, "::", 8080}};
    EXPECT_EQ(run({"port", "web"}).out, "80/tcp -> 0.0.0.0:8080\n80/tcp -> [::]:8080\n");
    EXPECT_EQ(run({"port", "web", "80"}).out, "0.0.0.0:8080\n[::]:8080\n");
    const auto outcome = run({"port", "web", "80/udp"});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.err, "Error: No public port '80/udp' published for web\n");
}

}  // namespace
}  // namespace nsr::cli
