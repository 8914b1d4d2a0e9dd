/// An answer from the zones or from the cache allocates nothing: counted by an operator new of our own.

#include <cstdlib>
#include <new>

#include "resolver/forward/flight_table.h"
#include "tests/support/upstream_reply.h"
#include "tests/unit/resolver/answer_fixture.h"

// Not built with sanitizers (CMakeLists.txt): they have an operator new of their own, and watch what it gave.
namespace {

thread_local unsigned allocations = 0;
thread_local std::size_t allocated_bytes = 0;

void* allocate(std::size_t size) {
    ++allocations;
    allocated_bytes += size;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}

}  // namespace

// What others are made of: arrays and nothrow come here. Aligned ones are used by nobody here.
void* operator new(std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace nsr::resolver {
namespace {

class AllocationTest : public AnswerTest {
protected:
    /// Allocations of one decision, the second of its kind: what is set up once does not count.
    unsigned count(const std::string& name, unsigned type, Verdict verdict = Verdict::reply) {
        const auto packet = query_packet({.name = name,
                                          .type = static_cast<std::uint16_t>(type),
                                          .edns_size = 1232,
                                          .options = {0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8}});
        decide(packet);
        const unsigned before = allocations;
        const Outcome outcome =
            answer(packet, dns::Transport::udp, snapshot_, book_.view_slot("cl"), random_, out_, query_);
        const unsigned after = allocations;
        EXPECT_EQ(outcome.verdict, verdict) << name;
        return after - before;
    }
};

TEST_F(AllocationTest, AreCounted) {
    const unsigned before = allocations;
    const auto text = std::make_unique<std::string>(100, 'x');
    EXPECT_EQ(allocations - before, 2U);
}

TEST_F(AllocationTest, AnAnswerNeedsNone) {
    add_network("n6", "fd00:79::/64");
    add("n6", "web1", "fd00:79::11");
    record("n1", "mail", "MX", "10 web1");
    record("n1", "www", "CNAME", "web1");
    record("n1", "*.app", "A", "192.0.2.1");
    record("n1", "text", "TXT", "\"a long text, longer than what a string keeps within itself\"");
    record("n1", "cdn", "CNAME", "edge.example.org");
    spec_.networks = {{"n1", {{"web1", "db"}}}, {"n6", {}}};
    for (const char* name : {"web1", "WEB1.n1", "frontend", "db", "www", "x.app", "stopped"}) {
        EXPECT_EQ(count(name, kA), 0U) << name;
    }
    EXPECT_EQ(count("web1", kAaaa), 0U);
    EXPECT_EQ(count("web1", kAny), 0U);
    EXPECT_EQ(count("web1", kMx), 0U) << "no data";
    EXPECT_EQ(count("mail", kMx), 0U);
    EXPECT_EQ(count("text", 16), 0U);
    EXPECT_EQ(count("_http._tcp.web2", kSrv), 0U);
    EXPECT_EQ(count("11.0.77.10.in-addr.arpa", kPtr), 0U);
    EXPECT_EQ(count("200.0.77.10.in-addr.arpa", kPtr), 0U) << "nobody's";
    EXPECT_EQ(count("www.example.org", kA, Verdict::forward), 0U);
    spec_.keep_single_labels = true;
    EXPECT_EQ(count("nosuch", kA), 0U);
    EXPECT_EQ(count("cdn", kA, Verdict::forward_target), 0U);
}

TEST_F(AllocationTest, OneNameMoreCopiesNoneOfTheRecords) {
    auto& zone = zones_["n1"];
    for (int number = 0; number < 5000; ++number) {
        zone.records.push_back({"n1", "host" + std::to_string(number), "A", "192.0.2.1", std::nullopt});
    }
    book_.put_network(zone);
    book_.take_changes();
    const std::size_t before = allocated_bytes;
    add("n1", "late", "10.77.0.99");
    book_.take_changes();
    EXPECT_LT(allocated_bytes - before, 64U * 1024);
    // Those that are not there any more are forgotten nevertheless.
    zone.records.resize(1);
    book_.put_network(zone);
    EXPECT_EQ(ask("host0").answers.size(), 1U);
    EXPECT_TRUE(is_forwarded("host4999"));
}

/// Sends nothing; remembers what was sent.
class OneTry final : public Wire {
public:
    bool send(const Try& which, const Upstream&, const ForwardClient&, dns::Buffer, bool) override {
        which_ = which;
        return true;
    }
    void forget(const ForwardClient&) override {}
    Try which_;
};

TEST_F(AllocationTest, ACachedAnswerNeedsNone) {
    spec_.upstreams = {Upstream{*IpAddress::parse("192.0.2.53"), 53, "", true}};
    const testing::Ask ask{.name = "www.example.org", .edns_size = 1232, .options = {}};
    const auto packet = query_packet(ask);
    ASSERT_EQ(decide(packet).verdict, Verdict::forward);
    OneTry wire;
    DnsCounters counters;
    FlightTable flights(wire, counters, {});
    const auto client = std::make_shared<ForwardClient>(nullptr);
    const TimePoint now{};
    const ForwardRequest request{packet, query_, dns::Transport::udp, *snapshot_.view(book_.view_slot("cl")), client};
    flights.ask(request, [](dns::Bytes) {}, now);
    const auto reply = testing::reply_packet(ask, 0, {testing::address(ask.name, 60)});
    ASSERT_TRUE(flights.on_reply(wire.which_, ask.id, reply, false, now));
    const unsigned before = allocations;
    const std::size_t size = flights.answer_cached(request, out_, now);
    EXPECT_EQ(allocations - before, 0U);
    EXPECT_GT(size, dns::kHeaderSize);
}

}  // namespace
}  // namespace nsr::resolver
