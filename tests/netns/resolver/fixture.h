#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "resolver/resolver.h"
#include "tests/support/command.h"
#include "tests/support/netns_fixture.h"

namespace nsr::resolver {

/// A host with a running resolver of two workers, one network "front" with "web" on it, and the container "app", who
/// asks.
class ResolverTest : public test::NetNsFixture {
protected:
    void SetUp() override;
    void TearDown() override;

    /// What app may see; to be changed and put again.
    static ViewSpec app_view();
    void put(const ViewSpec& view);
    static EndpointNames endpoint(const std::string& id, const std::string& name, const std::string& ipv4,
                                  std::vector<std::string> names = {});
    /// dig, run as app would, with a short time limit of its own.
    std::string dig(const std::string& arguments) const;

    Resolver& resolver() { return *resolver_; }
    const NetNs& sandbox() const { return *sandbox_; }
    const DnsCounters& counters(unsigned worker) const { return metrics_.dns[worker]; }

private:
    Metrics metrics_{2};
    std::optional<NetNs> sandbox_;
    std::unique_ptr<Resolver> resolver_;
};

}  // namespace nsr::resolver
