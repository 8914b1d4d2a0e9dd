#include "tests/netns/resolver/fixture.h"

#include <fstream>

namespace nsr::resolver {
namespace {

/// The rewrite that netsetup makes in a sandbox, in nft's own words.
constexpr const char* kRewrite = R"(table ip dns {
chain out {
type filter hook output priority raw; policy accept;
ip daddr 127.0.0.11 udp dport 53 notrack udp dport set 13053
ip daddr 127.0.0.11 tcp dport 53 notrack tcp dport set 13053
ip saddr 127.0.0.11 udp sport 13053 notrack udp sport set 53
ip saddr 127.0.0.11 tcp sport 13053 notrack tcp sport set 53
}
}
)";

}  // namespace

void ResolverTest::SetUp() {
    NetNsFixture::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    sandbox_ = make_namespace();
    std::ofstream("/run/rewrite.nft") << kRewrite;
    const auto loaded = test::run_command("nft -f /run/rewrite.nft", *sandbox_);
    ASSERT_TRUE(loaded.ok()) << loaded.output;

    const auto home = NetNs::current();
    ASSERT_TRUE(home.has_value());
    auto started = Resolver::start({.workers = 2}, *home, metrics_);
    ASSERT_TRUE(started.has_value()) << started.error().message();
    resolver_ = std::move(*started);

    ZoneSpec front;
    front.network_id = "n1";
    front.network_name = "front";
    front.reverse_subnets.push_back(*IpPrefix::parse("10.1.0.0/24"));
    resolver().put_network(front);
    resolver().put_endpoint("n1", endpoint("c1", "web", "10.1.0.2", {"www"}));
    put(app_view());
    const auto opened = resolver().open("app", sandbox());
    ASSERT_TRUE(opened.has_value()) << opened.error().message();
}

void ResolverTest::TearDown() {
    resolver_.reset();
    sandbox_.reset();
    NetNsFixture::TearDown();
}

ViewSpec ResolverTest::app_view() {
    ViewSpec view;
    view.container_id = "app";
    view.networks.push_back({"n1", {}});
    return view;
}

EndpointNames ResolverTest::endpoint(const std::string& id, const std::string& name, const std::string& ipv4,
                                     std::vector<std::string> names) {
    EndpointNames endpoint;
    endpoint.container_id = id;
    endpoint.container_name = name;
    endpoint.names = std::move(names);
    endpoint.ipv4 = IpAddress::parse(ipv4);
    return endpoint;
}

void ResolverTest::put(const ViewSpec& view) {
    resolver().put_view(view);
    resolver().publish();
}

std::string ResolverTest::dig(const std::string& arguments) const {
    return test::run_command("dig @127.0.0.11 +tries=1 +time=6 " + arguments, sandbox()).output;
}

}  // namespace nsr::resolver
