#include <gtest/gtest.h>

#include "registry/validate.h"

namespace nsr::registry {
namespace {

template <typename Value>
std::string refusal(const Result<Value>& result) {
    return result ? "" : result.error().message();
}

PortBinding binding(std::uint16_t port, const char* host_ip, std::uint16_t first, std::uint16_t last,
                    Protocol protocol = Protocol::tcp) {
    return {.container = {port, protocol},
            .host_ip = IpAddress::parse(host_ip),
            .host_port_first = first,
            .host_port_last = last};
}

TEST(ParseExposed, TakesPortsRangesAndProtocols) {
    EXPECT_EQ(*parse_exposed("80"), (std::vector<PortProto>{{80, Protocol::tcp}}));
    EXPECT_EQ(*parse_exposed("80/TCP"), (std::vector<PortProto>{{80, Protocol::tcp}}));
    EXPECT_EQ(*parse_exposed("53/udp"), (std::vector<PortProto>{{53, Protocol::udp}}));
    EXPECT_EQ(*parse_exposed("8000-8002/sctp"),
              (std::vector<PortProto>{{8000, Protocol::sctp}, {8001, Protocol::sctp}, {8002, Protocol::sctp}}));
    EXPECT_EQ(parse_exposed("0-65535")->size(), 65536U);
}

TEST(ParseExposed, RefusesInDockersWords) {
    EXPECT_EQ(refusal(parse_exposed("70000")), "invalid containerPort: 70000");
    EXPECT_EQ(refusal(parse_exposed("")), "invalid containerPort: ");
    EXPECT_EQ(refusal(parse_exposed("82-80")), "invalid containerPort: 82-80");
    EXPECT_EQ(refusal(parse_exposed("80/foo")), "invalid proto: foo");
    EXPECT_FALSE(parse_exposed("-1"));
    EXPECT_FALSE(parse_exposed("80-"));
}

TEST(ParseBinding, TakesOneContainerPortAndAChoiceOfHostPorts) {
    EXPECT_EQ(*parse_binding("80/tcp", "", ""), binding(80, "", 0, 0));
    EXPECT_EQ(*parse_binding("80/tcp", "0.0.0.0", "8080"), binding(80, "0.0.0.0", 8080, 8080));
    EXPECT_EQ(*parse_binding("53/udp", "::1", "8080-8090"), binding(53, "::1", 8080, 8090, Protocol::udp));
    EXPECT_EQ(refusal(parse_binding("80/tcp", "bogus", "")), "invalid IP address: bogus");
    EXPECT_EQ(refusal(parse_binding("80/tcp", "", "abc")), "invalid hostPort: abc");
    EXPECT_EQ(refusal(parse_binding("80-81/tcp", "", "")), "invalid containerPort: 80-81");
}

TEST(ParsePublish, TakesAllOfDockersForms) {
    using Bindings = std::vector<PortBinding>;
    EXPECT_EQ(*parse_publish("80"), Bindings{binding(80, "", 0, 0)});
    EXPECT_EQ(*parse_publish("8080:80"), Bindings{binding(80, "", 8080, 8080)});
    EXPECT_EQ(*parse_publish("8080:80/UDP"), Bindings{binding(80, "", 8080, 8080, Protocol::udp)});
    EXPECT_EQ(*parse_publish("127.0.0.1:8081:80"), Bindings{binding(80, "127.0.0.1", 8081, 8081)});
    EXPECT_EQ(*parse_publish("127.0.0.1::80"), Bindings{binding(80, "127.0.0.1", 0, 0)});
    EXPECT_EQ(*parse_publish("[::1]:8083:80"), Bindings{binding(80, "::1", 8083, 8083)});
    EXPECT_EQ(*parse_publish("8080-8082:80"), Bindings{binding(80, "", 8080, 8082)});
    EXPECT_EQ(*parse_publish("8000-8001:80-81"), (Bindings{binding(80, "", 8000, 8000), binding(81, "", 8001, 8001)}));
    EXPECT_EQ(*parse_publish("80-81"), (Bindings{binding(80, "", 0, 0), binding(81, "", 0, 0)}));
    EXPECT_EQ(*parse_publish("0:80"), Bindings{binding(80, "", 0, 0)});
}

TEST(ParsePublish, RefusesInDockersWords) {
    EXPECT_EQ(refusal(parse_publish("8000-8002:80-81")),
              "invalid ranges specified for container and host Ports: 80-81 and 8000-8002");
    EXPECT_EQ(refusal(parse_publish("70000:80")), "invalid hostPort: 70000");
    EXPECT_EQ(refusal(parse_publish("80:70000")), "invalid containerPort: 70000");
    EXPECT_EQ(refusal(parse_publish("abc:80")), "invalid hostPort: abc");
    EXPECT_EQ(refusal(parse_publish("8002-8000:80")), "invalid hostPort: 8002-8000");
    EXPECT_EQ(refusal(parse_publish("80/foo")), "invalid proto: foo");
    EXPECT_EQ(refusal(parse_publish("80:")), "no port specified: 80:<empty>");
    EXPECT_EQ(refusal(parse_publish("")), "no port specified: <empty>");
    EXPECT_EQ(refusal(parse_publish("bogus:80:80")), "invalid IP address: bogus");
}

TEST(PortText, NamesPortAndProtocol) { EXPECT_EQ(port_text({53, Protocol::udp}), "53/udp"); }

}  // namespace
}  // namespace nsr::registry
