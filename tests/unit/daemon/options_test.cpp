#include "daemon/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nsr::daemon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<Options> read(std::vector<const char*> flags) {
    flags.insert(flags.begin(), "ns-registerd");
    return read_options(static_cast<int>(flags.size()), flags.data());
}

TEST(ParseUpstream, TakesAddressesWithAndWithoutPort) {
    struct Row {
        const char* text;
        const char* address;
        int port;
    };
    for (const Row& row : {Row{"198.51.100.53", "198.51.100.53", 53}, Row{"198.51.100.53:5353", "198.51.100.53", 5353},
                           Row{"2001:db8::1", "2001:db8::1", 53}, Row{"[2001:db8::1]:54", "2001:db8::1", 54}}) {
        SCOPED_TRACE(row.text);
        const auto upstream = parse_upstream(row.text);
        ASSERT_TRUE(upstream);
        EXPECT_EQ(upstream->address.text(), row.address);
        EXPECT_EQ(upstream->port, row.port);
    }
}

TEST(ParseUpstream, KeepsTheZoneOfALinkLocalAddress) { EXPECT_EQ(parse_upstream("fe80::1%eth0")->zone, "eth0"); }

TEST(ParseUpstream, RefusesEverythingElse) {
    for (const char* text : {"", "bogus", "1.2.3", "1.2.3.4:", "1.2.3.4:0", "1.2.3.4:70000", "1.2.3.4:x", "[::1",
                             "[::1]x", "[::1]:", "1.2.3.4%eth0"}) {
        SCOPED_TRACE(text);
        const auto upstream = parse_upstream(text);
        ASSERT_FALSE(upstream);
        EXPECT_THAT(upstream.error().message(), HasSubstr(std::string("'") + text + "'"));
    }
}

TEST(ReadConfig, FillsTheSettings) {
    const auto settings = read_config(R"(
        state_dir = "/srv/nsr"
        upstream = ["192.0.2.1", "192.0.2.2:5353"]
        dns_search = ["a.example"]
        dns_option = "timeout:3"
        userland_proxy = false
        proxy_range_limit = 1000
        forward_limit = 500
        forward_limit_per_container = 50
        udp_segmentation = false
        [[forward]]
        domain = "corp.example"
        upstream = ["127.0.0.11", "192.0.2.3"]
    )",
                                      "test.toml", {});
    ASSERT_TRUE(settings) << settings.error().message();
    EXPECT_EQ(settings->state_dir, "/srv/nsr");
    EXPECT_EQ(settings->dns.servers.size(), 2U);
    EXPECT_THAT(settings->dns.search, ElementsAre("a.example"));
    EXPECT_THAT(settings->dns.options, ElementsAre("timeout:3"));
    EXPECT_FALSE(settings->userland_proxy);
    EXPECT_EQ(settings->proxy_range_limit, 1000U);
    ASSERT_EQ(settings->domains.size(), 1U);
    EXPECT_EQ(settings->domains.front().domain, "corp.example");
    ASSERT_EQ(settings->domains.front().upstreams.size(), 1U) << "our own address is left out";
    EXPECT_EQ(settings->forward_limit, 500U);
    EXPECT_EQ(settings->forward_limit_per_container, 50U);
    EXPECT_FALSE(settings->udp_segmentation);
}

TEST(ReadConfig, NamesWhatIsWrong) {
    struct Row {
        const char* text;
        const char* message;
    };
    for (const Row& row :
         {Row{"colour = 1", "'colour' is not a setting"}, Row{"state_dir = 1", "must be a string"},
          Row{"userland_proxy = 1", "must be true or false"}, Row{"udp_segmentation = \"no\"", "must be true or false"},
          Row{"proxy_range_limit = 70000", "must be between 0 and 65535"},
          Row{"forward_limit = 0", "must be between 1 and 1000000"},
          Row{"forward_limit_per_container = \"x\"", "must be between 1 and 1000000"},
          Row{"[[forward]]\ndomain = \"a..b\"\nupstream = \"192.0.2.1\"", "is not a domain name"},
          Row{"upstream = [\"x\"]", "upstream 'x' is not an IP address"}, Row{"a =", "test.toml"},
          Row{"[[forward]]\ndomain = \"x\"", "needs a domain and an upstream"},
          Row{"[[forward]]\ndomain = \"x\"\nupstream = []", "'forward' needs a domain and an upstream"},
          Row{"[[forward]]\ndomain = \"a.example\"\nupstream = \"192.0.2.1\"\n"
              "[[forward]]\ndomain = \"b.example\"\nupstream = \"192.0.2.1\"\n"
              "[[forward]]\ndomain = \"A.example.\"\nupstream = \"192.0.2.2\"",
              "'forward' has the domain 'A.example.' twice"}}) {
        SCOPED_TRACE(row.text);
        const auto settings = read_config(row.text, "test.toml", {});
        ASSERT_FALSE(settings);
        EXPECT_THAT(settings.error().message(), HasSubstr(row.message));
    }
}

TEST(ReadConfig, HasTablesForNftAndIpam) {
    const auto settings = read_config(R"(
        [nft]
        repair = "report"
        docker_user = true
        [ipam]
        pools = [{ base = "10.10.0.0/16", size = 24 }, { base = "fd12:3456::/48", size = 64 }]
    )",
                                      "test.toml", {});
    ASSERT_TRUE(settings) << settings.error().message();
    EXPECT_EQ(settings->nft.repair, Repair::report);
    EXPECT_TRUE(settings->nft.docker_user);
    ASSERT_EQ(settings->pools.size(), 2U);
    EXPECT_EQ(settings->pools[0].base.text(), "10.10.0.0/16");
    EXPECT_EQ(settings->pools[1].subnet_length, 64U);
    EXPECT_EQ(
        read_config("default-address-pools = [{ base = \"10.0.0.0/8\", size = 20 }]", "test.toml", {})->pools.size(),
        1U);
    for (const char* text : {"nft = 1", "[nft]\nrepair = \"never\"", "[nft]\ndocker_user = 1", "[nft]\nx = 1",
                             "[ipam]\nx = 1", "[ipam]\npools = 1", "[ipam]\npools = [{ base = \"x\", size = 24 }]",
                             "[ipam]\npools = [{ base = \"10.0.0.0/16\", size = 8 }]",
                             "[ipam]\npools = [{ base = \"10.0.0.0/16\", size = 31 }]"}) {
        EXPECT_FALSE(read_config(text, "test.toml", {})) << text;
    }
}

TEST(ReadOptions, PutsTheSocketIntoTheRunDirectory) {
    const auto options = read({"--run-dir", "/tmp/x"});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->settings.socket, "/tmp/x/ns-register.sock");
    EXPECT_FALSE(options->settings.is_default_run_dir);
}

TEST(ReadOptions, RefusesUnknownFlagsLevelsAndRelativePaths) {
    EXPECT_FALSE(read({"--colour"}));
    EXPECT_FALSE(read({"--log-level", "loud"}));
    EXPECT_FALSE(read({"--state-dir", "here"}));
    EXPECT_FALSE(read({"--config", "/nonexistent.toml"}));
}

TEST(ReadOptions, ShowsVersionAndHelpInsteadOfRunning) {
    EXPECT_THAT(*read({"--version"})->message, HasSubstr("ns-registerd 0."));
    EXPECT_THAT(*read({"--help"})->message, HasSubstr("--upstream"));
}

}  // namespace
}  // namespace nsr::daemon
