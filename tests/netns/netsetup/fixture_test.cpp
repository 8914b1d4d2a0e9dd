#include "tests/netns/netsetup/fixture.h"

namespace nsr::net {

void KernelTest::SetUp() {
    NetNsFixture::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto opened = NetSetup::open();
    ASSERT_TRUE(opened.has_value()) << opened.error().message();
    kernel_ = std::move(*opened);
}

void KernelTest::TearDown() {
    kernel_.reset();
    NetNsFixture::TearDown();
}

BridgeSpec KernelTest::bridge_spec(unsigned number) {
    const std::string base = "10." + std::to_string(number) + ".0.";
    BridgeSpec spec;
    spec.network_id = "network" + std::to_string(number);
    spec.name = "br-" + std::to_string(number);
    spec.addresses = {*IpPrefix::parse(base + "1/24")};
    spec.subnets = {*IpPrefix::parse(base + "0/24")};
    return spec;
}

InterfaceSpec KernelTest::interface_spec(unsigned number, unsigned host) {
    const auto address = *IpPrefix::parse("10." + std::to_string(number) + ".0." + std::to_string(host) + "/24");
    InterfaceSpec spec;
    spec.endpoint_id = "endpoint" + std::to_string(host);
    spec.bridge = "br-" + std::to_string(number);
    spec.host_name = "veth" + std::to_string(number) + "x" + std::to_string(host);
    spec.name = "eth0";
    spec.mac = MacAddress::from_v4(address.address());
    spec.addresses = {address};
    return spec;
}

NetNs KernelTest::attach(const InterfaceSpec& spec) {
    auto sandbox = NetNs::create();
    EXPECT_TRUE(sandbox.has_value());
    const auto prepared = kernel().prepare_sandbox(*sandbox);
    EXPECT_TRUE(prepared.has_value()) << prepared.error().message();
    const auto ensured = kernel().ensure_interface(spec, *sandbox);
    EXPECT_TRUE(ensured.has_value()) << ensured.error().message();
    SandboxRoutes routes;
    routes.gateway4 = spec.addresses.at(0).first().plus(1);
    routes.interface4 = spec.name;
    const auto routed = kernel().set_default_routes(*sandbox, routes);
    EXPECT_TRUE(routed.has_value()) << routed.error().message();
    return std::move(*sandbox);
}

void KernelTest::set_up(const std::vector<BridgeSpec>& bridges) {
    for (const BridgeSpec& bridge : bridges) NSR_ASSERT_OK(kernel().ensure_bridge(bridge));
    NSR_ASSERT_OK(kernel().ensure_firewall(bridges));
}

bool reaches(const NetNs& from, const std::string& address) {
    return test::run_command("ping -c 1 -i 0.2 -w 10 " + address, from).ok();
}

bool is_cut_off(const NetNs& from, const std::string& address) {
    return !test::run_command("ping -c 1 -i 0.2 -w 1 " + address, from).ok();
}

std::string host_state() {
    return test::run_command(
               "ip -o link | cut -d: -f2; ip -4 addr | grep inet; ip route | sed 's/ linkdown//'; nft list ruleset")
        .output;
}

}  // namespace nsr::net
