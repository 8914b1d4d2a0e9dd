// Choosing the address of an endpoint and giving it back, as attach and detach do it, on a /16 with 10 and with 65 000
// endpoints.

#include <benchmark/benchmark.h>

#include <string>

#include "daemon/engine/addresses.h"

namespace {

using namespace nsr;

registry::Network network() {
    registry::Network network;
    network.id = "n1";
    network.name = "net1";
    network.driver = "bridge";
    registry::IpamConfig config;
    config.subnet = *IpPrefix::parse("10.1.0.0/16");
    config.gateway = *IpAddress::parse("10.1.0.1");
    network.ipam.push_back(config);
    return network;
}

void choose_address(benchmark::State& state) {
    const auto net1 = network();
    daemon::Addresses addresses;
    addresses.add_network(net1);
    registry::Endpoint endpoint;
    endpoint.network_id = net1.id;
    for (std::int64_t count = 0; count < state.range(0); ++count) {
        if (!addresses.allocate(net1, endpoint)) state.SkipWithError("the network is full");
        endpoint.ipv4.reset();
        endpoint.mac.reset();
    }
    for (auto _ : state) {
        benchmark::DoNotOptimize(addresses.allocate(net1, endpoint));
        addresses.release(endpoint);
    }
}

BENCHMARK(choose_address)->Arg(10)->Arg(65000);

}  // namespace

BENCHMARK_MAIN();
