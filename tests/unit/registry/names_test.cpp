#include <gtest/gtest.h>

#include "registry/validate.h"

namespace nsr::registry {
namespace {

std::string refusal(const Result<>& result) { return result ? "" : result.error().message(); }

template <typename Value>
std::string refusal(const Result<Value>& result) {
    return result ? "" : result.error().message();
}

TEST(NetworkName, TakesWhatIsALegalSuffix) {
    for (const char* name : {"a", "cat-n1", "CAT_N1", "net.one", "1", "null"}) {
        SCOPED_TRACE(name);
        EXPECT_TRUE(check_network_name(name));
    }
}

TEST(NetworkName, RefusesBlankPredefinedAndOddNames) {
    EXPECT_EQ(refusal(check_network_name("")), "invalid name: name is empty");
    EXPECT_EQ(refusal(check_network_name(" ")), "invalid name: name is empty");
    EXPECT_EQ(check_network_name("host").error(),
              Error(Errc::forbidden, "operation is not permitted on predefined host network"));
    EXPECT_EQ(refusal(check_network_name("default")), "operation is not permitted on predefined default network");
    for (const std::string name : {"cat x", "cat/x", ".cat-x", "-x", "container:foo", "n\xc3\xa4t"}) {
        SCOPED_TRACE(name);
        EXPECT_EQ(refusal(check_network_name(name)),
                  "Invalid network name (" + name + "), only [a-zA-Z0-9][a-zA-Z0-9_.-]* are allowed");
    }
    EXPECT_EQ(refusal(check_network_name("a..b")), "Invalid network name (a..b): it has an empty label");
}

TEST(ContainerName, TakesDockersNames) {
    for (const std::string& name : {std::string("ab"), std::string("Web_1.x-y"), std::string(63, 'a')}) {
        SCOPED_TRACE(name);
        EXPECT_TRUE(check_container_name(name));
    }
}

TEST(ContainerName, RefusesInDockersWords) {
    for (const std::string name : {"", "a", "-ab", "a b", "a/b", "_ab"}) {
        SCOPED_TRACE(name);
        EXPECT_EQ(refusal(check_container_name(name)),
                  "Invalid container name (" + name + "), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
    }
    EXPECT_FALSE(check_container_name(std::string(64, 'a')));
    EXPECT_FALSE(check_container_name("a." + std::string(64, 'a')));
    std::string longest = "a";
    while (longest.size() < 252) longest += ".a";
    EXPECT_TRUE(check_container_name(longest));
    EXPECT_FALSE(check_container_name(longest + ".a"));
}

TEST(Alias, TakesLettersDigitsHyphensUnderscoresDotsAndAWildcard) {
    for (const char* alias : {"a", "Frontend-A", "_under", "a.b.c", "1db", "*.app", "-x"}) {
        SCOPED_TRACE(alias);
        EXPECT_TRUE(check_alias(alias));
    }
    for (const std::string& alias :
         {std::string(), std::string("*"), std::string("*."), std::string("a.*"), std::string("sp ace"),
          std::string("x."), std::string("a..b"), std::string("a/b"), std::string(64, 'a')}) {
        SCOPED_TRACE(alias);
        EXPECT_FALSE(check_alias(alias));
    }
    EXPECT_EQ(refusal(check_alias("sp ace")),
              "invalid alias 'sp ace': only letters, digits, '-', '_' and dots are allowed");
}

TEST(Hostname, TakesNamesAndUnderscoresAndNothing) {
    for (const char* name : {"", "h", "my.host.example", "a_b"}) {
        SCOPED_TRACE(name);
        EXPECT_TRUE(check_hostname("hostname", name));
    }
    for (const char* name : {"-h", "h-", "a b", "a..b", "."}) {
        SCOPED_TRACE(name);
        EXPECT_FALSE(check_hostname("hostname", name));
    }
    EXPECT_EQ(refusal(check_hostname("domainname", "a b")), "invalid domainname format: a b");
}

TEST(ParseLink, SplitsTargetAndAlias) {
    EXPECT_EQ(*parse_link("db:database"), (Link{"db", "database"}));
    EXPECT_EQ(*parse_link("db"), (Link{"db", "db"}));
    EXPECT_EQ(*parse_link("/db:/app/database"), (Link{"db", "database"}));
    const std::string id(64, 'a');
    EXPECT_EQ(*parse_link(id), (Link{id, id}));
}

TEST(ParseLink, RefusesInDockersWords) {
    EXPECT_EQ(refusal(parse_link("")), "empty string specified for links");
    EXPECT_EQ(refusal(parse_link("cat-db:a:b")), "bad format for links: cat-db:a:b");
    EXPECT_EQ(refusal(parse_link("cat-db:")), "bad format for links: cat-db:");
    EXPECT_EQ(refusal(parse_link("/")), "bad format for links: /");
    EXPECT_EQ(refusal(parse_link(":x")), "bad format for links: :x");
    EXPECT_FALSE(parse_link("db:sp ace"));
}

TEST(CheckLinks, RefusesAnAliasGivenTwice) {
    EXPECT_TRUE(check_links({{"a", "x"}, {"b", "y"}}));
    EXPECT_EQ(refusal(check_links({{"a", "x"}, {"b", "X"}})), "link alias 'X' is given twice");
}

TEST(ParseExtraHost, TakesAddressesOfBothFamiliesAndTheGateway) {
    EXPECT_EQ(*parse_extra_host("foo:1.2.3.4"), (ExtraHost{"foo", IpAddress::parse("1.2.3.4")}));
    EXPECT_EQ(*parse_extra_host("foo:fd00::1"), (ExtraHost{"foo", IpAddress::parse("fd00::1")}));
    EXPECT_EQ(*parse_extra_host("foo:[fd00::1]"), (ExtraHost{"foo", IpAddress::parse("fd00::1")}));
    EXPECT_EQ(*parse_extra_host("foo:host-gateway"), (ExtraHost{"foo", std::nullopt}));
    EXPECT_EQ(*parse_extra_host("foo=1.2.3.4"), (ExtraHost{"foo", IpAddress::parse("1.2.3.4")}));
    EXPECT_EQ(*parse_extra_host("foo=fd00::1"), (ExtraHost{"foo", IpAddress::parse("fd00::1")}));
}

TEST(ParseExtraHost, RefusesInDockersWords) {
    EXPECT_EQ(refusal(check_extra_host("foo")), "bad format for add-host: \"foo\"");
    EXPECT_EQ(refusal(check_extra_host(":1.2.3.4")), "bad format for add-host: \":1.2.3.4\"");
    EXPECT_EQ(refusal(check_extra_host("foo:bogus")), "invalid IP address in add-host: \"bogus\"");
    EXPECT_FALSE(check_extra_host("two words:1.2.3.4"));
}

TEST(DnsSettings, RefuseInDockersWords) {
    EXPECT_TRUE(check_dns_server("198.51.100.53"));
    EXPECT_TRUE(check_dns_server("fe80::1%eth0"));
    EXPECT_EQ(refusal(check_dns_server("bogus")), "IP address is not correctly formatted: bogus");
    EXPECT_FALSE(check_dns_server("198.51.100.53#5353"));
    for (const char* domain : {".", "example.org", "example.org.", "a_b"}) {
        SCOPED_TRACE(domain);
        EXPECT_TRUE(check_dns_search(domain));
    }
    EXPECT_EQ(refusal(check_dns_search("a b")), "a b is not a valid domain");
    EXPECT_FALSE(check_dns_search(""));
}

}  // namespace
}  // namespace nsr::registry
