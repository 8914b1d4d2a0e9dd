#pragma once

#include <memory>
#include <string>

#include "netsetup/netsetup.h"
#include "tests/support/command.h"
#include "tests/support/netns_fixture.h"

namespace nsr::net {

/// A host with a NetSetup, and what most tests build: networks with bridges and containers on them.
class KernelTest : public test::NetNsFixture {
protected:
    void SetUp() override;
    void TearDown() override;

    /// "br-1" with 10.1.0.1/24 and so on.
    static BridgeSpec bridge_spec(unsigned number);
    /// A container's interface on bridge `number` with 10.`number`.0.`host`.
    static InterfaceSpec interface_spec(unsigned number, unsigned host);

    /// A new sandbox, prepared and attached, with its default route.
    NetNs attach(const InterfaceSpec& spec);
    /// The bridges and the firewall for them.
    void set_up(const std::vector<BridgeSpec>& bridges);

    NetSetup& kernel() { return *kernel_; }

private:
    std::unique_ptr<NetSetup> kernel_;
};

/// Whether a ping comes back. The deadline is generous: on a busy machine the first neighbour request may be late.
bool reaches(const NetNs& from, const std::string& address);

/// Whether no ping comes back within a second.
bool is_cut_off(const NetNs& from, const std::string& address);

/// Everything of the host that a failed operation must leave as it was.
std::string host_state();

#define NSR_ASSERT_OK(expression)                                              \
    do {                                                                       \
        const auto& nsr_outcome = (expression);                                \
        ASSERT_TRUE(nsr_outcome.has_value()) << nsr_outcome.error().message(); \
    } while (false)

}  // namespace nsr::net
