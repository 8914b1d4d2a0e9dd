// The pure core by itself: answering one query, and changing one name of a network, at 10 to 10 000 names.

#include <benchmark/benchmark.h>

#include <array>
#include <string>
#include <vector>

#include "resolver/answer.h"
#include "resolver/zone/book.h"

namespace {

using namespace nsr;
using namespace nsr::resolver;

constexpr const char* kNetwork = "n1";

EndpointNames names_of(std::uint32_t number) {
    EndpointNames names;
    names.container_id = "c" + std::to_string(number);
    names.container_name = "host" + std::to_string(number);
    names.names = {"alias" + std::to_string(number), "shared" + std::to_string(number / 10)};
    const std::string address = "10.1." + std::to_string(number / 250) + "." + std::to_string(number % 250 + 2);
    names.ipv4 = IpAddress::parse(address);
    return names;
}

Book book_of(std::uint32_t count) {
    Book book;
    book.put_network({.network_id = kNetwork,
                      .network_name = "net1",
                      .reverse_subnets = {*IpPrefix::parse("10.1.0.0/16")},
                      .records = {}});
    for (std::uint32_t number = 0; number < count; ++number) book.put_endpoint(kNetwork, names_of(number));
    book.put_view({.container_id = "c0", .networks = {{kNetwork, {}}}, .upstreams = {}, .domains = {}});
    return book;
}

std::vector<std::uint8_t> query_for(const std::vector<std::string>& labels, std::uint8_t type) {
    std::vector<std::uint8_t> query{0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1};
    for (const auto& label : labels) {
        query.push_back(static_cast<std::uint8_t>(label.size()));
        query.insert(query.end(), label.begin(), label.end());
    }
    query.insert(query.end(), {0, 0, type, 0, 1});
    query.insert(query.end(), {0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0});  // OPT: 1232 bytes
    return query;
}

void ask(benchmark::State& state, const std::vector<std::string>& labels, std::uint8_t type) {
    auto book = book_of(static_cast<std::uint32_t>(state.range(0)));
    Snapshot snapshot;
    snapshot.apply(book.take_changes());
    const auto datagram = query_for(labels, type);
    std::array<std::uint8_t, 4096> out{};
    FastRandom random;
    dns::Query query;
    const Slot view = book.view_slot("c0");
    for (auto _ : state) {
        benchmark::DoNotOptimize(answer(datagram, dns::Transport::udp, snapshot, view, random, out, query));
    }
}

void answer_name(benchmark::State& state) { ask(state, {"host7"}, 1); }
void answer_name_with_network(benchmark::State& state) { ask(state, {"host7", "net1"}, 1); }
void answer_no_data(benchmark::State& state) { ask(state, {"host7"}, 28); }
void answer_reverse(benchmark::State& state) { ask(state, {"9", "0", "1", "10", "in-addr", "arpa"}, 12); }
void decide_to_forward(benchmark::State& state) { ask(state, {"www", "example", "test"}, 1); }

void change_one_name(benchmark::State& state) {
    auto book = book_of(static_cast<std::uint32_t>(state.range(0)));
    Snapshot snapshot;
    snapshot.apply(book.take_changes());
    auto names = names_of(5);
    bool first = true;
    for (auto _ : state) {
        first = !first;
        names.ipv4 = IpAddress::v4(first ? 0x0a010007U : 0x0a01fff0U);
        book.put_endpoint(kNetwork, names);
        snapshot.apply(book.take_changes());
    }
}

BENCHMARK(answer_name)->Arg(10)->Arg(1000)->Arg(10000);
BENCHMARK(answer_name_with_network)->Arg(1000);
BENCHMARK(answer_no_data)->Arg(1000);
BENCHMARK(answer_reverse)->Arg(1000);
BENCHMARK(decide_to_forward)->Arg(1000);
BENCHMARK(change_one_name)->Arg(10)->Arg(1000)->Arg(10000);

}  // namespace

BENCHMARK_MAIN();
